"""C8 knee: the cell fades several times as fast as it used to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import TestHistory
from cycling.lives import line_slopes
from cycling.median import median_of
from cycling.shifts import BASE
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Knee:
    """Fires when the slope over 30 regular cycles was steeper than ``ratio`` × the median slope of the test's life and
    than ``least`` (of the first capacity per cycle) at ``held`` cycles in a row; ends when capacity
    rose as fast at all of them. Needs ``learned`` slopes, one in five cycles at first, and
    that the cell has been fading: capacity rises in the first cycles of many. Where charge is integrated from
    readings, the limit is higher by what one of them more or less would tilt the line."""

    kind: ClassVar[str] = "knee"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    ratio: float = 3.0
    least: float = 0.0002
    held: int = 10
    learned: int = 6

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        if len(history.slopes) < self.learned or not history.regular[-1]:
            return SILENT
        rows = np.flatnonzero(history.regular & history.like_newest)
        slopes = line_slopes(history.cycle_count[rows], history.discharging_capacity[rows], self.held)
        if len(slopes) < self.held:
            return SILENT
        fade, usual = -slopes / history.first_capacity, -float(median_of(history.slopes))
        unsure = 2 * float(median_of(history.unsure_capacity[rows])) / BASE  # of both ends of the line
        limit = max(self.ratio * usual, self.least) + unsure
        if not (usual > 0 and np.all(fade > limit)):
            return Verdict(off=bool(np.all(fade < -self.least)))
        now = float(fade[-1])
        return Verdict(
            on=True,
            words=Words(
                message=f"Knee: capacity falls by {100 * now:.3f} % per cycle over the last 30 cycles, "
                f"{now / usual:.1f} times as fast as usual ({100 * usual:.4f} %).",
                action="Plan the end of this test: cells rarely come back from here. Look at its replicates.",
                evidence={
                    "fade_per_cycle": now,
                    "usual_per_cycle": usual,
                    "limit_per_cycle": limit,
                    "excess": now / limit,
                },
            ),
        )
