"""C5 self-discharge: the voltage of a resting cell falls faster than relaxation explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class SelfDischarge:
    """Fires when, in a rest of two hours or more, the voltage has fallen over the last hour by ``limit_millivolt`` an
    hour more than relaxation explains, or, after twelve hours, over the last four by ``long_limit_millivolt`` an
    hour; where no temperature is known, by ``blind_factor`` times as much. ``danger_millivolt`` an hour calls at
    once (P1). It ends when a rest shows less than half of that, or no rest could be judged for ``quiet_seconds``.
    The leak current is said for a cell whose voltage changes by ``volt_per_charge`` from empty to full.

    Relaxation alone reaches +12 to +25 mV/h half an hour after a discharge, -0.5 after 3 h and 0 after 8 h."""

    kind: ClassVar[str] = "self-discharge"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    limit_millivolt: float = 2.0
    long_limit_millivolt: float = 0.5
    danger_millivolt: float = 20.0
    blind_factor: float = 2.0
    volt_per_charge: float = 1.0
    quiet_seconds: float = 86400.0
    samples: int = 2
    delay_seconds: float = 2700.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        resting = sight.resting
        excess, known = self._excess(sight), ~np.isnan(resting.leak) | ~np.isnan(resting.long_leak)
        with np.errstate(invalid="ignore"):
            danger = resting.leak <= -self.danger_millivolt / 1000.0
        rank = np.where(danger, float(Severity.P1.rank), float(self.severity.rank))
        unseen = sight.rows.elapsed - np.nan_to_num(resting.judged_at, nan=0.0) > self.quiet_seconds
        return Check(on=excess >= 1.0, off=(known & (excess < 0.5)) | unseen, rank=rank)

    def _excess(self, sight: Sight) -> Floats:
        """How many times the limit it falls, 0 where nothing is known."""
        resting = sight.resting
        times = np.where(resting.warmth_known, 1.0, self.blind_factor)
        short = -1000.0 * resting.leak / (times * self.limit_millivolt)
        long = -1000.0 * resting.long_leak / (times * self.long_limit_millivolt)
        return np.nan_to_num(np.fmax(short, long))

    def words(self, sight: Sight, row: int) -> Words:
        resting, rows = sight.resting, sight.rows
        leak, slope, hours = float(resting.leak[row]), float(resting.slope[row]), 1
        if not leak * 1000 <= -self.limit_millivolt:
            leak, slope, hours = float(resting.long_leak[row]), float(resting.long_slope[row]), 4
        rested = float(resting.age[row]) / 3600
        nominal = float(sight.per_row(rows.limits.nominal)[row])
        evidence = {
            "millivolt_per_hour": 1000 * slope,
            "leak_millivolt_per_hour": 1000 * leak,
            "rest_hours": rested,
            "excess": float(self._excess(sight)[row]),
        }
        current = ""
        if nominal == nominal:
            ampere = nominal * -leak / self.volt_per_charge
            evidence["leak_ampere"] = ampere
            current = (
                f", about {1000 * ampere:.1f} mA if 1 % of charge is {10 * self.volt_per_charge:g} mV "
                "(more where the voltage curve is flat)"
            )
        return Words(
            message=f"Self-discharge: after {rested:.1f} h of rest the voltage falls by {-1000 * slope:.1f} mV/h over "
            f"the last {'hour' if hours == 1 else '4 h'}, {-1000 * leak:.1f} mV/h more than relaxation "
            f"explains{current}.",
            action="Leave the cell at rest under watch, feel whether it is warm, and rule out a load or a wet fixture "
            "before charging it again.",
            evidence=evidence,
        )
