"""C11 current off setpoint: the cycler holds another constant current than in the earlier runs of the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class CurrentOffSetpoint:
    """Fires when a current that has stood for a minute and three measurements is off that of the step's earlier runs
    by more than ``limit_fraction``, or 0.1 % of the largest current of the test; by more than ``other_fraction`` it is
    another step. Ends below ``clear_fraction``."""

    kind: ClassVar[str] = "current-off-setpoint"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    limit_fraction: float = 0.015
    clear_fraction: float = 0.01
    other_fraction: float = 0.2
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 3

    def check(self, sight: Sight) -> Check:
        rows, levels = sight.rows, sight.levels
        off = np.abs(np.abs(rows.held_current) - levels.expected)
        limit = np.maximum(self.limit_fraction * levels.expected, 0.001 * rows.scale)
        on = levels.level & (off > limit) & (off <= self.other_fraction * levels.expected)
        well = levels.level & (off <= self.clear_fraction * levels.expected)
        return Check(on=on, off=well)

    def words(self, sight: Sight, row: int) -> Words:
        ampere, expected = abs(float(sight.rows.held_current[row])), float(sight.levels.expected[row])
        off = ampere / expected - 1.0
        return Words(
            message=f"Current off setpoint: {ampere:.3f} A where earlier runs of this step had {expected:.3f} A "
            f"({100 * off:+.1f} %).",
            action="Check the protocol for a change; if there was none, check the calibration of this channel.",
            evidence={
                "current_ampere": ampere,
                "expected_ampere": expected,
                "excess": abs(off) / self.limit_fraction,
            },
        )
