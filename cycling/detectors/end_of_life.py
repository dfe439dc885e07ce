"""C13 end of life: what the test's own definition of it says has been reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import CHECKUP, LIKE_RATE, TestHistory
from cycling.median import median_of
from cycling.types import Severity

EXACT = 1 + 1e-6  # histories keep capacities in single precision
MEANING = {"nominal": "nominal capacity", "initial": "initial capacity", "first-checkup": "first check-up"}


@dataclass(frozen=True, kw_only=True)
class EndOfLife:
    """Fires when the median of the last ``cycles`` regular cycles is at or below ``end_of_life_fraction`` of the
    test's reference; where the reference is the first check-up, when one check-up at its current is. Ends above it
    by ``margin``: the reference was set anew, or a long rest gave that much back, and readings far apart
    did not make it up."""

    kind: ClassVar[str] = "end-of-life"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    cycles: int = 3
    margin: float = 0.03

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        by_checkup = history.facts.end_of_life_reference == "first-checkup"
        if by_checkup:
            like = np.abs(history.rate / history.checkup_rate - 1) <= LIKE_RATE
            rows = np.flatnonzero((history.kind == CHECKUP) & like)[-1:]
        else:
            rows = np.flatnonzero(history.regular & history.like_newest)[-self.cycles :]
        if len(rows) < (1 if by_checkup else self.cycles) or rows[-1] != len(history.kind) - 1:
            return SILENT
        capacity = float(median_of(history.discharging_capacity[rows]))
        health, limit = capacity / history.reference, history.facts.end_of_life_fraction
        if not health <= limit * EXACT:
            unsure = float(median_of(history.unsure_capacity[rows]))
            return Verdict(off=health > limit + self.margin + unsure)
        meaning = MEANING.get(history.facts.end_of_life_reference, history.facts.end_of_life_reference)
        return Verdict(
            on=True,
            words=Words(
                message=f"End of life: {capacity:.4f} Ah is {100 * health:.1f} % of its {meaning} "
                f"({history.reference:.4f} Ah); the limit is {100 * limit:.0f} %.",
                action="Decide whether this test goes on; its channel may be free.",
                evidence={"state_of_health": health, "limit": limit, "cycle_count": float(history.cycle_count[-1])},
            ),
        )
