"""A whole batch shifts at once: the protocol changed, or all its cells were touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import Step, TestHistory
from cycling.median import median_of
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class BatchShift:
    """Fires when the capacity of at least ``cells`` cells of a batch, on more than one cycler, stepped the same way at
    the same cycle ± ``within``, or when each was resumed within ``resumed_seconds`` of the others; one alert for all
    of them, wider as more join. Ends once no cell of the batch has stepped for ``forget`` cycles."""

    kind: ClassVar[str] = "batch-shift"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    cells: int = 3
    within: int = 3
    resumed_seconds: float = 172800.0
    forget: int = 30

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        if history.facts.batch is None:
            return SILENT
        scope = f"batch:{history.facts.batch}"
        cohort = [history, *peers]
        mine = _newest(history)
        if mine is None or history.cycle_count[-1] - mine.cycle_count > self.forget:
            return Verdict(off=not any(self._recent(one) for one in cohort), scope=scope)
        joined = [one for one in cohort if (step := _newest(one)) and self._together(mine, step)]
        if len(joined) < self.cells or len({one.cycler for one in joined}) < 2:
            return Verdict(scope=scope)
        sizes = [step.size for one in joined if (step := _newest(one))]
        return Verdict(
            on=True,
            words=self._words(history.facts.batch, mine, sizes),
            scope=scope,
            channels=tuple(sorted(one.channel for one in joined)),
        )

    def _recent(self, history: TestHistory) -> bool:
        step = _newest(history)
        return step is not None and bool(history.cycle_count[-1] - step.cycle_count <= self.forget)

    def _together(self, one: Step, other: Step) -> bool:
        if (one.size > 0) != (other.size > 0):
            return False
        if one.seam and other.seam and abs(one.end - other.end) <= self.resumed_seconds:
            return True
        return abs(one.cycle_count - other.cycle_count) <= self.within

    def _words(self, batch: str, step: Step, sizes: Sequence[float]) -> Words:
        size = float(median_of(sizes))
        when = "when they were resumed" if step.seam else f"at cycle {step.cycle_count:.0f} ± {self.within}"
        return Words(
            message=f"Capacity of {len(sizes)} cells of batch {batch} stepped by {100 * size:+.2f} % {when}, on "
            "different cyclers.",
            action="Look for what they share: a change of the protocol, the chamber, a service of the channels.",
            evidence={
                "step": size,
                "cells": len(sizes),
                "cycle_count": step.cycle_count,
                "resumed": step.seam,
                "explains": ["capacity-drop", "calibration-suspect"],
            },
        )


def _newest(history: TestHistory) -> Step | None:
    return history.steps[-1] if history.steps else None
