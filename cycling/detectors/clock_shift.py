"""E14 clock shift: the wall clock leaves the test time, at once or slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.clocks import DAYLIGHT, DAYLIGHT_MARGIN
from cycling.detectors.base import Check, Words
from cycling.rows import Bools
from cycling.sight import Sight
from cycling.types import Severity

LOG_SECONDS = 3600.0  # a slow drift is a line of the log at the end of its day, no standing alert


@dataclass(frozen=True, kw_only=True)
class ClockShift:
    """Fires when the wall clock of the readings steps by more than ``step_seconds`` against their test time and is
    still off at the next reading, or drifts by more than ``drift_seconds_per_day`` over a day; from
    ``log_seconds_per_day`` on for the log only. A step is over after ``quiet_seconds`` without another."""

    kind: ClassVar[str] = "clock-shift"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    step_seconds: float = 2.0
    drift_seconds_per_day: float = 5.0
    log_seconds_per_day: float = 1.5
    quiet_seconds: float = 3600.0
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        clocks = sight.clocks
        stepped = self._stepped(sight)
        drift = np.abs(clocks.drift)
        drifts = drift > self.drift_seconds_per_day
        slowly = (drift > self.log_seconds_per_day) & (clocks.drift_age < LOG_SECONDS)
        on = stepped | drifts | slowly
        return Check(on=on, off=~on, rank=np.where(stepped | drifts, 3.0, 4.0))

    def words(self, sight: Sight, row: int) -> Words:
        clocks = sight.clocks
        step, drift = float(clocks.step[row]), float(clocks.drift[row])
        if not self._stepped(sight)[row]:
            way = "fast" if drift > 0 else "slow"
            return Words(
                message=f"Clock shift: the wall clock of the readings ran {abs(drift):.1f} s {way} in the last day "
                "against their test time.",
                action="Switch on time synchronisation (NTP) on the cycler's PC.",
                evidence={"drift_second_per_day": drift, "excess": abs(drift) / self.drift_seconds_per_day},
            )
        daylight = abs(abs(step) - DAYLIGHT) <= DAYLIGHT_MARGIN
        why = ", as for daylight saving" if daylight else ""
        do = "Set the cycler's PC to UTC or tell its feed the time zone" if daylight else "Check the PC's clock and NTP"
        return Words(
            message=f"Clock shift: the wall clock of the readings jumped {'ahead' if step > 0 else 'back'} by "
            f"{abs(step):.0f} s{why}, while their test time ran on.",
            action=f"{do}; durations here follow the test time and are not affected.",
            evidence={"step_second": step, "daylight_saving": daylight},
        )

    def _stepped(self, sight: Sight) -> Bools:
        clocks = sight.clocks
        large = np.minimum(np.abs(clocks.step), np.abs(clocks.stands)) > self.step_seconds
        return np.asarray(large & (clocks.age < self.quiet_seconds))
