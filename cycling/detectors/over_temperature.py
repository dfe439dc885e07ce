"""C2 over-temperature: the cell is hotter than its test or its chamber explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class OverTemperature:
    """Fires above ``temperature_max_celsius`` of the test; where that is not given, above the lower of
    ``limit_celsius`` and chamber + ``over_chamber_kelvin``. A flat 60 °C gave more than 150 false alarms on
    cells cycled in a 43 °C chamber that normally peak at 60-67 °C (NASA)."""

    kind: ClassVar[str] = "over-temperature"
    severity: ClassVar[Severity] = Severity.P1
    enabled: bool = True
    limit_celsius: float = 75.0
    over_chamber_kelvin: float = 35.0
    deadband_kelvin: float = 3.0
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        limit, believable = self._limit(sight), sight.thermometry.believable
        surface = sight.rows.surface
        return Check(
            on=(surface > limit) & believable,
            off=(surface < limit - self.deadband_kelvin) & believable,
        )

    def words(self, sight: Sight, row: int) -> Words:
        surface, limit = float(sight.rows.surface[row]), float(self._limit(sight)[row])
        chamber = float(self._chamber(sight)[row])
        beside = "" if np.isnan(chamber) else f", chamber {chamber:.1f} °C"
        return Words(
            message=f"Over-temperature: cell at {surface:.1f} °C, limit {limit:.1f} °C{beside}.",
            action="Stop the channel and keep away from the chamber until the cell has cooled.",
            evidence={"surface_temperature_celsius": surface, "limit_celsius": limit},
        )

    def _chamber(self, sight: Sight) -> Floats:
        ambient = sight.rows.ambient
        believable = (ambient > -60.0) & (ambient < 120.0)
        return np.where(believable, ambient, sight.rows.limits.setpoint)

    def _limit(self, sight: Sight) -> Floats:
        chamber = self._chamber(sight)
        usual = np.fmin(self.limit_celsius, chamber + self.over_chamber_kelvin)
        stated = sight.per_row(sight.rows.limits.temperature_max)
        return np.where(np.isnan(stated), usual, stated)
