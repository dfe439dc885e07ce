"""E7 channel out of calibration: what it controls reads true, what it only measures does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import Step, TestHistory
from cycling.median import median_of
from cycling.shifts import NEWEST, spread
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class CalibrationSuspect:
    """Fires when the median efficiency of ``cycles`` cycles is off that of at least ``cells`` others of the batch by
    more than ``efficiency`` (and ``z`` robust deviations among them) or above ``ceiling``; and when capacity stepped
    by at least ``step`` where the test was resumed: P4 at once, P3 when it has stayed for ``lasting`` cycles, for what
    a rest gives back is gone by then. Ends ``lasting``
    cycles later, or when efficiency is within half of the limit. Where charge is integrated from readings, the limits
    of efficiency are wider by what the moments between them leave open."""

    kind: ClassVar[str] = "calibration-suspect"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    cycles: int = 20
    cells: int = 4
    efficiency: float = 0.002
    z: float = 4.0
    ceiling: float = 1.002
    step: float = 0.005
    lasting: int = 10

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        evidence = history.evidence
        if not len(evidence):
            return SILENT
        stepped = self._stepped(history)
        if stepped.on and stepped.rank == 3:
            return stepped
        median = _efficiency(history, self.cycles)
        others = [value for peer in peers if np.isfinite(value := _efficiency(peer, self.cycles))]
        usual, scale = (float(median_of(others)), spread(np.array(others))) if others else (np.nan, np.nan)
        off_by = abs(median - usual) if len(others) >= self.cells else 0.0
        unsure = _unsure(history, self.cycles)
        limit = max(self.efficiency, self.z * scale) + 2 * unsure  # its own and theirs
        most = self.ceiling + unsure
        if off_by > limit:
            return Verdict(on=True, words=self._beside(median, usual, len(others), off_by / limit))
        if median > most:
            return Verdict(on=True, words=self._above(median))
        back = not off_by > 0.5 * limit and not median > 0.5 * (1 + most)
        return stepped if stepped.on else Verdict(off=stepped.off and back)

    def _stepped(self, history: TestHistory) -> Verdict:
        step = history.steps[-1] if history.steps else None
        if step is None or not step.seam or abs(step.size) < self.step:
            return Verdict(off=True)
        since = history.evidence[history.cycle_count[history.evidence] >= step.cycle_count]
        lasted, newest = len(since), since[-NEWEST:]
        line = step.level + step.slope * (history.cycle_count[newest] - step.cycle_count)
        left = float(median_of(history.discharging_capacity[newest] / line - 1)) if lasted else 0.0
        if lasted <= NEWEST:
            return Verdict(on=True, rank=4, words=self._resumed(step, left, lasted, lasting=False))
        stayed = left * np.sign(step.size) >= max(self.step, 0.5 * abs(step.size))
        if stayed and self.lasting <= lasted < self.lasting + NEWEST:
            return Verdict(on=True, rank=3, words=self._resumed(step, left, lasted, lasting=True))
        return Verdict(off=lasted >= (2 * self.lasting if stayed else self.lasting))

    def _resumed(self, step: Step, left: float, lasted: int, lasting: bool) -> Words:
        stays = f" and is still {100 * left:+.2f} % off after {lasted} cycles" if lasting else ""
        action = (
            "Check the channel against a reference: which channel, which calibration, before and after the resume?"
            if lasting
            else "A rest gives back a little for some cycles; this is told again if it stays."
        )
        return Words(
            message=f"Capacity stepped by {100 * step.size:+.2f} % where the test was resumed, at cycle "
            f"{step.cycle_count:.0f}{stays}.",
            action=action,
            evidence={"step": step.size, "left": left, "cycle_count": step.cycle_count, "cycles": lasted},
        )

    def _beside(self, median: float, usual: float, cells: int, excess: float) -> Words:
        return Words(
            message=f"Coulombic efficiency of the last {self.cycles} cycles is {100 * median:.2f} %, {cells} other "
            f"cells of the batch have {100 * usual:.2f} %.",
            action="Check the current calibration of this channel against a reference meter.",
            evidence={"efficiency": median, "efficiency_of_others": usual, "cells": cells, "excess": excess},
        )

    def _above(self, median: float) -> Words:
        return Words(
            message=f"Coulombic efficiency of the last {self.cycles} cycles is {100 * median:.2f} %: more comes out "
            "than goes in.",
            action="Check the current calibration of this channel for charge and discharge.",
            evidence={"efficiency": median, "excess": 1 + (median - self.ceiling) / self.efficiency},
        )


def _unsure(history: TestHistory, cycles: int) -> float:
    """What sampling leaves open of the efficiency of the newest regular cycles."""
    rows = np.flatnonzero(history.regular)[-cycles:]
    return float(median_of(history.unsure_efficiency[rows])) if len(rows) else 0.0


def _efficiency(history: TestHistory, cycles: int) -> float:
    """The median efficiency of the newest regular cycles, NaN where they are too few."""
    rows = np.flatnonzero(history.regular)[-cycles:]
    return float(median_of(history.efficiency[rows])) if len(rows) == cycles else np.nan
