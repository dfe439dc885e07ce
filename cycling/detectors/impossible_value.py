"""E12 impossible value: a reading that no single lithium-ion cell can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ImpossibleValue:
    """One such reading is logged (P4); ``often`` of them within ``window_seconds`` are shown (P3); at most
    8 are remembered."""

    kind: ClassVar[str] = "impossible-value"
    severity: ClassVar[Severity] = Severity.P4
    enabled: bool = True
    often: int = 3
    window_seconds: float = 600.0
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 20

    def check(self, sight: Sight) -> Check:
        impossible, times = sight.plausibility.impossible, sight.plausibility.times
        oldest = times[:, min(self.often, times.shape[1]) - 1]
        worse = impossible & (times[:, 0] - oldest <= self.window_seconds)
        rank = np.where(worse, Severity.P3.rank, self.severity.rank).astype(float)
        return Check(on=impossible, off=~impossible, rank=rank)

    def words(self, sight: Sight, row: int) -> Words:
        rows = sight.rows
        volt, ampere, ohm = (float(v[row]) for v in (rows.voltage, rows.current, rows.resistance))
        return Words(
            message=f"Impossible value: {_said(volt, 'V')}, {_said(ampere, 'A')}"
            + (f", {_said(ohm, 'Ω')}" if ohm < 0 else "")
            + ".",
            action="Check the channel's wiring and the file it comes from; the row is kept as it came.",
            evidence={"voltage_volt": _known(volt), "current_ampere": _known(ampere)},
        )


def _said(value: float, unit: str) -> str:
    return f"no value in {unit}" if value != value else f"{value:.3f} {unit}"


def _known(value: float) -> float | None:
    return None if value != value else value
