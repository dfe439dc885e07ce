"""C9 coulombic efficiency out of band: against the cell's own recent cycles, and against what is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import SILENT, Verdict, Words
from cycling.history import TestHistory
from cycling.median import median_of
from cycling.shifts import NEWEST
from cycling.types import Severity

UNKNOWN = 2.0  # times the floor where no temperature is measured: charged warm and discharged cold looks like loss


@dataclass(frozen=True, kw_only=True)
class EfficiencyOutOfBand:
    """Fires when three cycles in a row lie on the same side of the median of the ``cycles`` before by more than ``z``
    robust deviations (at least ``floor``), or all below ``low`` or above ``high``; ends when all three are within
    half of it. Where charge is integrated from readings, each limit is wider by what the moments between them leave
    open: at one reading a minute about 3 % of a 1C cycle. The absolute limits hold from cycle ``settled`` on:
    formation efficiencies of 0.85 are normal, and that the first cycles were formation is known only after them."""

    kind: ClassVar[str] = "efficiency-out-of-band"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    z: float = 4.0
    cycles: int = 21
    floor: float = 0.0005
    low: float = 0.97
    high: float = 1.005
    settled: int = 10

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict:
        evidence = history.evidence
        if len(evidence) < NEWEST:
            return SILENT
        efficiency, unsure = (
            history.efficiency[evidence],
            float(median_of(history.unsure_efficiency[evidence[-NEWEST:]])),
        )
        newest, base = efficiency[-NEWEST:], efficiency[-self.cycles - NEWEST : -NEWEST]
        settled = history.cycle_count[evidence[-NEWEST]] > self.settled
        absolute = settled and bool(np.all(newest < self.low - unsure) or np.all(newest > self.high + unsure))
        z, usual = np.zeros(NEWEST), np.nan
        if len(base) >= self.cycles:
            usual = float(median_of(base))
            measured = np.isfinite(history.temperature[evidence[-1]])
            floor = self.floor if measured else UNKNOWN * self.floor
            scale = max(floor, 1.4826 * float(median_of(np.abs(base - usual))))
            z = (newest - usual) / (scale + 2 * unsure / self.z)  # that of the newest and that of those before
        relative = bool(np.all(z > self.z) or np.all(z < -self.z))
        if not (absolute or relative):
            inside = bool(np.all((newest > self.low - unsure) & (newest < self.high + unsure)))
            return Verdict(off=inside and bool(np.all(np.abs(z) < 0.5 * self.z)))
        return Verdict(on=True, words=self._words(history, newest, usual, float(median_of(z)), absolute))

    def _words(self, history: TestHistory, newest: np.ndarray, usual: float, z: float, absolute: bool) -> Words:
        now = float(median_of(newest))
        beside = f" (usually {100 * usual:.2f} %)" if np.isfinite(usual) else ""
        action = (
            "More comes out than went in: check the channel's calibration and whether charge was lost from the record."
            if now > max(1.0, usual if np.isfinite(usual) else 1.0)
            else "Charge is being lost: look at leakage, side reactions and the end of charge of the last cycles."
        )
        over = abs(now - (self.low if now < 1 else self.high)) / 0.01 + 1 if absolute else abs(z) / self.z
        return Words(
            message=f"Coulombic efficiency was {100 * now:.2f} % for three cycles in a row{beside}.",
            action=action,
            evidence={
                "efficiency": now,
                "usual_efficiency": None if np.isnan(usual) else usual,
                "z": z,
                "excess": over,
            },
        )
