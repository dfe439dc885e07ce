"""C1 under-voltage: the cell is below what its test allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.context import LOWEST_VOLT
from cycling.detectors.base import Check, Words
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.supply import RAIL_LOW_VOLT
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class UnderVoltage:
    """Fires below ``voltage_min_volt`` of the test by ``margin_volt``. Down to ``overshoot_volt`` less, a reading that
    repeats to the bit is one sample polled again, not a second one."""

    kind: ClassVar[str] = "under-voltage"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    margin_volt: float = 0.05
    overshoot_volt: float = 0.5  # the last sample of a discharge may overshoot this far (NASA: 0.41 V)
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        voltage, limit, rows = sight.rows.voltage, self._limit(sight), sight.rows
        # About 0 V without current is an open input or an empty slot, whether a cell was seen there or not.
        empty = (voltage < RAIL_LOW_VOLT) & (np.abs(rows.current) < np.maximum(0.01 * rows.scale, 0.005))
        open_input = sight.supply.railed | sight.supply.gone | empty
        under = voltage < limit
        return Check(
            on=under & (voltage >= LOWEST_VOLT) & ~open_input & rows.running,
            off=(voltage >= limit + 0.5 * self.margin_volt) & ~open_input,
            counted=sight.stillness.fresh | ~under | (voltage < limit - self.overshoot_volt),
        )

    def words(self, sight: Sight, row: int) -> Words:
        volt, limit = float(sight.rows.voltage[row]), float(self._limit(sight)[row])
        return Words(
            message=f"Under-voltage: {volt:.3f} V, alarm below {limit:.3f} V.",
            action="Stop the discharge and check the cut-off of the program.",
            evidence={"voltage_volt": volt, "limit_volt": limit},
        )

    def _limit(self, sight: Sight) -> Floats:
        return np.asarray(sight.per_row(sight.rows.limits.voltage_min) - self.margin_volt)
