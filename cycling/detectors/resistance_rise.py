"""C10 internal resistance: a jump against the last twenty cycles, or a rise over the first ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import LIKE_AMBIENT, TestHistory
from cycling.median import median_of
from cycling.shifts import NEWEST
from cycling.types import Severity

LEAST_BASE = 10  # cycles


@dataclass(frozen=True, kw_only=True)
class ResistanceRise:
    """Fires when the median of three measured cycles is above that of the ``cycles`` before by more than
    max(``fraction``, ``mads`` × their median deviation), or is ``rise`` × the first ones (P3; ``double`` × : P2) at
    the same temperature; ends below half of the jump and ``clear`` × the first. 0 and NaN are not measured."""

    kind: ClassVar[str] = "resistance-rise"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    fraction: float = 0.08
    mads: float = 6.0
    cycles: int = 20
    rise: float = 1.3
    double: float = 2.0
    clear: float = 1.25

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        evidence = history.evidence
        measured = evidence[np.isfinite(history.resistance[evidence])] if len(evidence) else evidence
        if len(measured) < NEWEST or measured[-1] != evidence[-1]:
            return SILENT
        newest, base = measured[-NEWEST:], measured[-self.cycles - NEWEST : -NEWEST]
        now = float(median_of(history.resistance[newest]))
        jump, limit = 0.0, np.inf
        if len(base) >= LEAST_BASE:
            usual = float(median_of(history.resistance[base]))
            jump = now / usual - 1
            deviation = float(median_of(np.abs(history.resistance[base] - usual))) / usual
            limit = max(self.fraction, self.mads * deviation)
        apart = abs(float(median_of(history.temperature[newest])) - history.first_temperature) > LIKE_AMBIENT
        ratio = np.nan if apart else now / history.first_resistance
        if jump > limit or ratio >= self.rise:
            return Verdict(on=True, rank=2 if ratio >= self.double else 3, words=self._words(now, jump, limit, ratio))
        return Verdict(off=jump < 0.5 * limit and not ratio >= self.clear)

    def _words(self, now: float, jump: float, limit: float, ratio: float) -> Words:
        first = f"{ratio:.2f} times the first ones" if np.isfinite(ratio) else "at another temperature than the first"
        what = f"jumped by {100 * jump:.0f} % within three cycles" if jump > limit else "has risen"
        return Words(
            message=f"Internal resistance {what} to {1000 * now:.1f} mΩ, {first}.",
            action="A jump is often the contact: check and reseat it. A slow rise is the cell's age.",
            evidence={
                "resistance_ohm": now,
                "jump": jump,
                "ratio": None if np.isnan(ratio) else ratio,
                "excess": max(jump / limit, (ratio / self.rise) if np.isfinite(ratio) else 0.0),
            },
        )
