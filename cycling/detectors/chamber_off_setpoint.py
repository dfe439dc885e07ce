"""E4 chamber off its setpoint, as the sensor of one channel tells it; the lead over channels is an incident's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np

from cycling.climate import Climate
from cycling.detectors.base import Check, Words
from cycling.rows import Bools, Floats
from cycling.sight import Sight
from cycling.types import Severity

SHARE_OVER_HABIT, MOST_HABIT = 0.3, 1.0  # K beyond the usual span, and how much that may widen the tolerance
DEADBAND_DRIFT = 0.75  # of the drift


@dataclass(frozen=True, kw_only=True)
class ChamberOffSetpoint:
    """Fires when the air is more than ``tolerance_kelvin`` (the chamber's own of lab.toml where it has one) off its
    setpoint, and has been 0.8 K off it and off the usual for ``away_seconds``: P2, P1 above ``danger_celsius`` or
    ``danger_kelvin`` over the setpoint, P3 where the value came by a jump, as of a sensor. P3 too when its mean over
    an hour is more than ``drift_kelvin`` off both the setpoint and what is usual there. Ends ``deadband_kelvin`` lower,
    by the mean of 15 min."""

    kind: ClassVar[str] = "chamber-off-setpoint"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    tolerance_kelvin: float = 2.0
    deadband_kelvin: float = 0.5
    drift_kelvin: float = 0.8
    away_seconds: float = 600.0
    danger_celsius: float = 60.0
    danger_kelvin: float = 15.0
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        air = sight.climate
        tolerance = self._tolerance(sight)
        top, bottom = _span(tolerance, air.high), _span(tolerance, -air.low)
        beyond = (air.off > top) | (-air.off > bottom)
        drifted = (
            (np.minimum(np.abs(air.level), np.abs(air.level - air.usual)) > self.drift_kelvin)
            & (np.abs(air.recent - air.usual) > DEADBAND_DRIFT * self.drift_kelvin)
            & (air.told | air.still)
        )
        within = (air.off < _calm(tolerance - self.deadband_kelvin, air.high, top)) & (
            -air.off < _calm(tolerance - self.deadband_kelvin, -air.low, bottom)
        )
        return Check(
            on=((beyond & (air.away >= self.away_seconds)) | drifted) & ~air.masked & ~np.isnan(air.off),
            off=within & self._settled(air, tolerance),
            rank=self._rank(air, beyond & (np.abs(air.last) > 0.9 * tolerance)),
        )

    def words(self, sight: Sight, row: int) -> Words:
        air = sight.climate
        celsius, setpoint, off = float(air.air[row]), float(air.setpoint[row]), float(air.off[row])
        since, level = float(air.since[row]), float(air.level[row])
        tolerance = float(self._tolerance(sight)[row])
        source = "is set" if air.told[row] else "it held before"
        began = "since this test began" if since != since else f"since {_clock(since)} ({_span_of(sight, row, since)})"
        leapt = " It came there by a jump, as a sensor does." if air.leapt[row] else ""
        drift = f", {level:+.1f} °C in the mean of an hour" if abs(off) <= tolerance else ""
        return Words(
            message=f"Chamber off its setpoint: the air reads {celsius:.1f} °C where {setpoint:.1f} °C {source} "
            f"({off:+.1f} °C{drift}), {began}.{leapt}",
            action="Check the chamber's door, its setpoint and its alarm; mark the cycles of its cells.",
            evidence={
                "ambient_temperature_celsius": celsius,
                "setpoint_celsius": setpoint,
                "deviation_kelvin": off,
                "tolerance_kelvin": tolerance,
                "setpoint_learned": not bool(air.told[row]),
                "since": None if since != since else since,
                "excess": max(abs(off) / tolerance, 1.0),
            },
        )

    def _tolerance(self, sight: Sight) -> Floats:
        own = sight.per_row(sight.rows.limits.tolerance)
        return np.where(np.isnan(own), self.tolerance_kelvin, own)

    def _settled(self, air: Climate, tolerance: Floats) -> Bools:
        """Near the setpoint, or back to the usual, by the mean of 15 min."""
        least = DEADBAND_DRIFT * self.drift_kelvin
        usual = (np.abs(air.recent - air.usual) <= least) | (np.abs(air.recent) <= least)
        learning = np.isnan(air.usual)
        return np.asarray(np.where(learning, np.abs(air.recent) <= tolerance - self.deadband_kelvin, usual))

    def _rank(self, air: Climate, lost: Bools) -> Floats:
        hot = np.fmax(self.danger_celsius, air.setpoint + 5.0)  # a chamber may be set to 60 °C
        danger = (air.air > hot) | (air.off > self.danger_kelvin)
        return np.where(air.leapt | ~lost, 3.0, np.where(danger, 1.0, 2.0))


def _span(tolerance: Floats, usual: Floats) -> Floats:
    """How far the air may be off: the tolerance, or somewhat more than it usually is."""
    return np.fmax(tolerance, np.fmin(usual + SHARE_OVER_HABIT, tolerance + MOST_HABIT))


def _calm(least: Floats, usual: Floats, most: Floats) -> Floats:
    return np.fmin(np.fmax(least, usual + 0.5 * SHARE_OVER_HABIT), most)


def _clock(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%d %b %H:%M UTC")


def _span_of(sight: Sight, row: int, since: float) -> str:
    return f"{max(float(sight.rows.unix[row]) - since, 0.0) / 60:.0f} min"
