"""C7 sudden capacity drop: three cycles in a row below the line of the thirty before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import TestHistory
from cycling.median import median_of
from cycling.shifts import BASE, NEWEST, PER_KELVIN, Shift
from cycling.types import Severity

UNKNOWN_KELVIN = 4.0  # that a room without a chamber may drift from one day to the next


@dataclass(frozen=True, kw_only=True)
class CapacityDrop:
    """P2 where three cycles in a row lie below the line by more than max(``fraction``, ``sigmas`` × their spread),
    and the cycles just before did not: a drop, no slow bend. P4 for one odd cycle, from max(``glitch_fraction``,
    ``glitch_sigmas`` × spread). Ends when three cycles in a row are back on the line, which after a lasting drop is
    the line of the new level.

    The line is Theil and Sen's over the last ``cycles`` regular cycles; check-ups, formation, the three cycles after
    a check-up and the two after a resume are no evidence. Where no temperature is measured and the resistance
    rose by ``cold_share`` of the drop or more, the room may have become colder: P4; without that mark a drop that
    four kelvin could make is P3."""

    kind: ClassVar[str] = "capacity-drop"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    fraction: float = 0.003
    sigmas: float = 6.0
    glitch_fraction: float = 0.01
    glitch_sigmas: float = 8.0
    cold_share: float = 0.5

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        shift = history.shift
        if shift is None:
            return SILENT
        limit = shift.limit(self.fraction, self.sigmas)
        if np.all(shift.recent < -limit) and shift.sudden:
            cold = self._colder(history, -shift.size)
            return Verdict(on=True, rank=self._rank(shift, cold), words=self._dropped(history, shift, limit, cold))
        odd = shift.limit(self.glitch_fraction, self.glitch_sigmas)
        if shift.recent[-1] < -odd and shift.recent[-2] > -0.5 * odd:
            return Verdict(on=True, rank=4, words=self._odd(history, shift, odd))
        return Verdict(off=bool(np.all(shift.recent > -0.5 * limit)))

    def _rank(self, shift: Shift, cold: float) -> int:
        if cold:
            return 4
        return 3 if np.isnan(shift.kelvin) and -shift.size < UNKNOWN_KELVIN * PER_KELVIN else 2

    def _colder(self, history: TestHistory, drop: float) -> float:
        """By how much the resistance rose with the drop, where that looks like a colder room and no temperature was
        measured to tell; else 0."""
        newest, base = history.evidence[-NEWEST:], history.evidence[-BASE - NEWEST : -NEWEST]
        if history.shift is None or np.isfinite(history.shift.kelvin):
            return 0.0
        rise = float(median_of(history.resistance[newest]) / median_of(history.resistance[base])) - 1
        return rise if rise >= self.cold_share * drop else 0.0

    def _dropped(self, history: TestHistory, shift: Shift, limit: float, cold: float) -> Words:
        newest = history.discharging_capacity[history.evidence[-1]]
        return Words(
            message=f"Capacity dropped by {-100 * shift.size:.2f} % at cycle {shift.cycle_count:.0f} and stayed there "
            f"for three cycles: {newest:.4f} Ah where {shift.level:.4f} Ah were expected"
            + (f"; resistance rose by {100 * cold:.1f} %, as in a colder room." if cold else "."),
            action="Measure the temperature of this cell: without it cold and loss look alike."
            if cold
            else "Look at the contacts and the voltage curves of the last cycles before the cell is blamed.",
            evidence={
                "drop": -shift.size,
                "limit": limit,
                "cycle_count": shift.cycle_count,
                "expected_ah": shift.level,
                "excess": -shift.size / limit,
            },
        )

    def _odd(self, history: TestHistory, shift: Shift, limit: float) -> Words:
        drop, cycle = -float(shift.recent[-1]), history.cycle_count[history.evidence[-1]]
        return Words(
            message=f"One odd cycle: the capacity of cycle {cycle:.0f} is {100 * drop:.1f} % below its line.",
            action="Nothing yet; if the next cycles stay low this becomes a capacity drop. Was a step skipped?",
            evidence={"drop": drop, "limit": limit, "cycle_count": float(cycle), "excess": drop / limit},
        )
