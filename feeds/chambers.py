"""The climate chambers of the demo lab: all simulated, also those of the recorded cells.

A chamber holds its setpoint with a small offset, the ripple of its compressor and the noise of its sensor
(the ripple and noise are those of the fault benchmark in docs/demo.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cycling.topology import Chamber

RIPPLE_KELVIN = 0.4
RIPPLE_SECOND = 1500.0
ROOM_CELSIUS = 22.0
TO_ROOM_SECOND = 7200.0  # of test time: how slowly a chamber without power comes to room temperature
BACK_SECOND = 1800.0  # and how fast it is back


@dataclass(frozen=True, kw_only=True)
class ChamberModel:
    """One chamber: what it is told, how it differs, and how far a power cut has taken it from there."""

    setpoint_celsius: float
    offset_kelvin: float = 0.0
    away_kelvin: float = 0.0

    def after(self, seconds: float, powered: bool) -> ChamberModel:
        """The chamber some seconds of test time later."""
        goal = 0.0 if powered else ROOM_CELSIUS - self.setpoint_celsius
        left = math.exp(-seconds / (BACK_SECOND if powered else TO_ROOM_SECOND))
        return replace(self, away_kelvin=goal + (self.away_kelvin - goal) * left)

    def air_celsius(self, test_second: float, drift_kelvin: float = 0.0) -> float:
        """The air around the cells at a second of test time."""
        ripple = RIPPLE_KELVIN * math.sin(2 * math.pi * test_second / RIPPLE_SECOND)
        return self.setpoint_celsius + self.offset_kelvin + self.away_kelvin + drift_kelvin + ripple


OFFSETS: Mapping[str, float] = {"chamber-a": 0.1, "chamber-b": 0.6, "chamber-c": 0.7}


def model_of(chamber: Chamber, saved: Mapping[str, Any] | None = None) -> ChamberModel:
    """The model of a chamber of lab.toml, going on from what was saved of it."""
    return ChamberModel(
        setpoint_celsius=chamber.setpoint_celsius,
        offset_kelvin=OFFSETS.get(chamber.id, 0.0),
        away_kelvin=float(saved["away_kelvin"]) if saved else 0.0,
    )
