"""E6 thermocouple open or shorted: a rail, a sentinel, or no value where there was one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ThermocoupleOpen:
    """Fires on values no cell can have and on the codes loggers write for a broken wire; a blank counts once
    it is ``blank_seconds`` old, for some cyclers leave the temperature out of their fastest rows, and older than
    blanks of up to 20 s usually get on this channel."""

    kind: ClassVar[str] = "thermocouple-open"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    blank_seconds: float = 4.0
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 3

    def check(self, sight: Sight) -> Check:
        thermometry = sight.thermometry
        blank = thermometry.blank & (
            thermometry.last_age >= np.maximum(self.blank_seconds, 1.5 * thermometry.usual_blank)
        )
        return Check(on=thermometry.broken | blank, off=thermometry.believable)

    def words(self, sight: Sight, row: int) -> Words:
        value, last = float(sight.rows.surface[row]), float(sight.thermometry.last[row])
        reads = "reads nothing" if value != value else f"reads {value:.1f} °C"
        before = "" if last != last else f" after {last:.1f} °C"
        return Words(
            message=f"Thermocouple open: the cell's sensor {reads}{before}.",
            action="Check the thermocouple's plug and wire; the cell's temperature is not known meanwhile.",
            evidence={
                "surface_temperature_celsius": None if value != value else value,
                "last_believable_celsius": None if last != last else last,
            },
        )
