"""C1 over-voltage: the cell is above what its test allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.context import HIGHEST_VOLT
from cycling.detectors.base import Check, Words
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class OverVoltage:
    """Fires above ``voltage_max_volt`` of the test + max(``margin_volt``, ``margin_fraction``). Up to
    ``overshoot_volt`` more, a reading that repeats to the bit is one sample polled again, not a second one. Where the
    voltage spiked lately and leapt there while the current stayed, a loose contact explains its first readings."""

    kind: ClassVar[str] = "over-voltage"
    severity: ClassVar[Severity] = Severity.P1
    enabled: bool = True
    margin_volt: float = 0.02
    margin_fraction: float = 0.005
    overshoot_volt: float = 0.1  # one sample of a real charger may overshoot this far (NASA: 0.07 V)
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        voltage, limit = sight.rows.voltage, self._limit(sight)
        # A contact that is lost or loose explains these: the cause wins.
        open_input = sight.supply.railed | sight.supply.gone | sight.spikes.away
        over = voltage > limit
        return Check(
            on=over & (voltage <= HIGHEST_VOLT) & ~open_input,
            off=(voltage <= limit - 0.5 * self.margin_volt) & ~open_input,
            counted=sight.stillness.fresh | ~over | (voltage > limit + self.overshoot_volt),
        )

    def words(self, sight: Sight, row: int) -> Words:
        volt, limit = float(sight.rows.voltage[row]), float(self._limit(sight)[row])
        allowed = float(sight.per_row(sight.rows.limits.voltage_max)[row])
        return Words(
            message=f"Over-voltage: {volt:.3f} V, the test allows {allowed:.3f} V (alarm above {limit:.3f} V).",
            action="Stop the channel now and check its sense leads and limits.",
            evidence={"voltage_volt": volt, "limit_volt": limit},
        )

    def _limit(self, sight: Sight) -> Floats:
        allowed = sight.per_row(sight.rows.limits.voltage_max)
        return np.asarray(allowed + np.maximum(self.margin_volt, self.margin_fraction * allowed))
