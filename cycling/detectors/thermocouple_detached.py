"""E5 thermocouple detached: the sensor reads air while the cell under load must be warm, or moves like air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Bools
from cycling.sight import Sight
from cycling.types import Severity

COLDER = 2.0  # K below its surroundings no loose sensor reads: that is something else

ACTION = "Press the thermocouple back onto the cell; until then its temperature protects nothing."
LOADED = 0.05  # of the largest current


@dataclass(frozen=True, kw_only=True)
class ThermocoupleDetached:
    """Fires when the cell should be warmer than its surroundings by ``history_kelvin`` (its last three runs of the
    step) and ``model_kelvin`` (its heat balance), reads less than ``share`` of that, and less than both expect by
    ``below_history_kelvin`` and ``below_model_kelvin``. Fires too where the temperature is within ``near_kelvin`` of
    the chamber's sensor and scatters from reading to reading by ``flutter_kelvin`` and ``flutter_times`` what is usual
    on this channel: so do air and no cell. Ends when it was as warm as was expected for ``well_seconds``, or calm
    again. P2 where the test states a temperature limit: the cycler then relies on a sensor
    that sees nothing."""

    kind: ClassVar[str] = "thermocouple-detached"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    history_kelvin: float = 2.0
    model_kelvin: float = 1.5
    share: float = 0.4
    below_history_kelvin: float = 1.2
    below_model_kelvin: float = 1.0
    flutter_kelvin: float = 0.05
    flutter_times: float = 3.0
    near_kelvin: float = 0.5
    well_seconds: float = 600.0
    samples: int = 3
    delay_seconds: float = 600.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        on = self._cold(sight) | self._flutters(sight)
        stated = ~np.isnan(sight.per_row(sight.rows.limits.temperature_max))
        return Check(
            on=on,
            off=(sight.thermal.verified_seconds >= self.well_seconds) | (sight.flutter.calmed & ~on),
            rank=np.where(stated, float(Severity.P2.rank), float(Severity.P3.rank)),
        )

    def _flutters(self, sight: Sight) -> Bools:
        """Where the temperature is the chamber's and moves like its air; NaN compares as no."""
        flutter = sight.flutter
        limit = np.maximum(self.flutter_kelvin, self.flutter_times * flutter.usual)
        return np.asarray((flutter.kelvin > limit) & (np.abs(flutter.rise) <= self.near_kelvin))

    def _cold(self, sight: Sight) -> Bools:
        """Where the cell is much colder than its load must make it."""
        thermal = sight.thermal
        by_history, by_model = thermal.expected_history, thermal.expected_model
        return np.asarray(
            (by_history > self.history_kelvin)
            & (by_model > self.model_kelvin)
            & (thermal.r_history < -np.maximum(self.below_history_kelvin, (1.0 - self.share) * by_history))
            & (thermal.r_model < -self.below_model_kelvin)
            & (thermal.rise > -COLDER)
            # A cell that cools down tells of its history, not of its thermocouple.
            & (np.abs(sight.rows.held_current) > LOADED * sight.rows.scale)
        )

    def words(self, sight: Sight, row: int) -> Words:
        return self._cold_words(sight, row) if self._cold(sight)[row] else self._flutter_words(sight, row)

    def _flutter_words(self, sight: Sight, row: int) -> Words:
        flutter, rows = sight.flutter, sight.rows
        kelvin, usual = float(flutter.kelvin[row]), float(flutter.usual[row])
        around, surface = float(sight.thermal.surroundings.temperature[row]), float(rows.surface[row])
        since = float(sight.thermal.unverified_minutes[row])
        return Words(
            message=f"Thermocouple detached: it reads {surface:.1f} °C, the chamber {around:.1f} °C, and flutters like "
            f"air, by {kelvin:.2f} K from reading to reading where {usual:.2f} K are usual; not verified for "
            f"{since:.0f} min.",
            action=ACTION,
            evidence={
                "surface_temperature_celsius": surface,
                "surroundings_celsius": around,
                "flutter_kelvin": kelvin,
                "usual_flutter_kelvin": usual,
                "unverified_minutes": since,
                "excess": kelvin / max(self.flutter_kelvin, self.flutter_times * usual),
            },
        )

    def _cold_words(self, sight: Sight, row: int) -> Words:
        thermal, rows = sight.thermal, sight.rows
        rise, expected = float(thermal.rise[row]), float(thermal.expected_history[row])
        around, surface = float(thermal.surroundings.temperature[row]), float(rows.surface[row])
        since = float(thermal.unverified_minutes[row])
        return Words(
            message=f"Thermocouple detached: it reads {surface:.1f} °C, {rise:+.1f} K from the {around:.1f} °C around "
            f"it, where this step at {abs(rows.current[row]):.2f} A warmed the cell by {expected:.1f} K before; "
            f"not verified for {since:.0f} min.",
            action=ACTION,
            evidence={
                "surface_temperature_celsius": surface,
                "surroundings_celsius": around,
                "expected_rise_kelvin": expected,
                "expected_rise_model_kelvin": float(thermal.expected_model[row]),
                "unverified_minutes": since,
                "excess": -float(thermal.r_history[row]) / self.below_history_kelvin,
            },
        )
