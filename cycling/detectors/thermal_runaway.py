"""C4 thermal runaway: the cell heats itself faster than any use of it explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.types import Severity

COLD = 50.0  # °C, below which nothing runs away


@dataclass(frozen=True, kw_only=True)
class ThermalRunaway:
    """Fires when the temperature rises over two stretches in a row by ``kelvin_per_minute`` or more, and by
    ``usual_factor`` times the test's largest rate so far + ``margin_kelvin_per_minute``; at ``limit_celsius`` when it
    got there by a ramp of ``hot_kelvin_per_minute``; or when the voltage sags by 100 mV without a change of current
    while the cell is ``sag_kelvin`` too warm. In each case the cell must be ``excess_kelvin`` warmer than history and
    heat balance both expect; before these are learned, ``unlearned_kelvin`` over its surroundings. It is a monitor's
    guess from readings seconds apart, no safety system."""

    kind: ClassVar[str] = "thermal-runaway"
    severity: ClassVar[Severity] = Severity.P1
    enabled: bool = True
    kelvin_per_minute: float = 10.0
    usual_factor: float = 1.5
    margin_kelvin_per_minute: float = 0.5
    limit_celsius: float = 80.0
    hot_kelvin_per_minute: float = 1.0
    sag_kelvin: float = 10.0
    excess_kelvin: float = 5.0
    unlearned_kelvin: float = 20.0
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 10

    def check(self, sight: Sight) -> Check:
        thermal, warming, surface = sight.thermal, sight.warming, sight.rows.surface
        excess = self._excess(sight)
        learned = ~np.isnan(excess)
        unlearned = np.where(
            np.isnan(thermal.rise), surface > self.unlearned_kelvin + 40.0, thermal.rise > self.unlearned_kelvin
        )
        hot = np.where(learned, excess > self.excess_kelvin, unlearned) & sight.thermometry.believable
        runs_away = warming.ramp >= self._limit(sight)
        ramped = (surface >= self.limit_celsius) & (warming.ramp >= self.hot_kelvin_per_minute)
        sagged = warming.sagged & (excess > self.sag_kelvin)
        on = hot & ~warming.jumped & ~warming.restless & (runs_away | ramped | sagged)
        cooled = sight.thermometry.believable & ~on & ((excess < self.excess_kelvin) | (surface < COLD))
        return Check(on=on, off=cooled)

    def words(self, sight: Sight, row: int) -> Words:
        rows, warming = sight.rows, sight.warming
        surface, volt, ramp = float(rows.surface[row]), float(rows.voltage[row]), float(warming.ramp[row])
        excess = float(self._excess(sight)[row])
        more = "" if np.isnan(excess) else f", {excess:.1f} K above what its past and its current explain"
        rising = "no known rate" if np.isnan(ramp) else f"{ramp:.1f} K/min"
        return Words(
            message=f"Thermal runaway suspected: cell at {surface:.1f} °C and rising by {rising}{more}, "
            f"at {volt:.3f} V.",
            action="Keep away, follow the lab's fire procedure, and cut the channel from where it is safe.",
            evidence={
                "surface_temperature_celsius": surface,
                "kelvin_per_minute": None if np.isnan(ramp) else ramp,
                "above_expected_kelvin": None if np.isnan(excess) else excess,
                "voltage_volt": volt,
            },
        )

    def _excess(self, sight: Sight) -> Floats:
        """K above both expectations; NaN while either is being learned."""
        return np.asarray(np.minimum(sight.thermal.r_history, sight.thermal.r_model))

    def _limit(self, sight: Sight) -> Floats:
        usual = self.usual_factor * sight.warming.usual_ramp + self.margin_kelvin_per_minute
        return np.asarray(np.maximum(self.kelvin_per_minute, usual))
