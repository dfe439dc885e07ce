"""C12 stalled: a step that does not begin, or does not end, or cycles that no longer turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.context import CHARGE
from cycling.detectors.base import Check, Words
from cycling.rows import Bools
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """Fires when a charge or discharge has had less than C/100 for ``wait_seconds`` since it began and no lost contact
    explains it; when a step has been under current for ``times`` as long as the largest of its direction would have
    taken at its current, and ``least_seconds``; or when more charge than in ``times`` the largest cycle has moved to
    and fro and no cycle has turned."""

    kind: ClassVar[str] = "stalled"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    wait_seconds: float = 300.0
    times: float = 3.0
    least_seconds: float = 1800.0
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        progress, supply = sight.progress, sight.supply
        idle = progress.waiting & (progress.waited >= self.wait_seconds)
        explained = supply.gone | supply.railed | ~sight.rows.readable
        late = progress.loaded & (self._step_late(sight) | self._cycle_late(sight))
        return Check(on=(idle | late) & ~explained, off=progress.loaded & ~late)

    def words(self, sight: Sight, row: int) -> Words:
        rows, progress = sight.rows, sight.progress
        step = "charge" if rows.direction[row] == CHARGE else "discharge"
        ampere, volt = float(rows.held_current[row]), float(rows.held_voltage[row])
        if progress.waiting[row]:
            spent, usual, unit = float(progress.waited[row]), self.wait_seconds, "second"
            said = f"no current has come since the {step} began {spent / 60:.0f} min ago ({volt:.3f} V)"
        elif self._step_late(sight)[row]:
            spent, usual, unit = float(progress.step_seconds[row]), float(progress.step_longest[row]), "second"
            said = f"this {step} has run for {spent / 3600:.1f} h, by the earlier ones {usual / 3600:.1f} h are enough"
        else:
            spent, usual, unit = float(progress.cycle_charge[row]), float(progress.cycle_most[row]), "ah"
            said = f"{spent:.2f} Ah have moved without a new cycle, no earlier one moved more than {usual:.2f} Ah"
        return Words(
            message=f"Stalled: {said}; now {ampere:.3f} A.",
            action="Look at the cycler's own screen for this channel: it may wait for somebody, or for a limit.",
            evidence={
                f"spent_{unit}": spent,
                f"usual_{unit}": usual,
                "excess": spent / usual,
                "current_ampere": ampere,
                "voltage_volt": volt,
            },
        )

    def _step_late(self, sight: Sight) -> Bools:
        progress = sight.progress
        return np.asarray(
            (progress.step_seconds > self.times * progress.step_longest) & (progress.step_seconds > self.least_seconds)
        )

    def _cycle_late(self, sight: Sight) -> Bools:
        progress = sight.progress
        return np.asarray(progress.cycle_charge > self.times * progress.cycle_most)
