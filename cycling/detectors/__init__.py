"""The registry: every failure the monitor can name, and how settings become detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycling.detectors.base import CycleDetector, ReadingDetector
from cycling.detectors.batch_shift import BatchShift
from cycling.detectors.calibration_suspect import CalibrationSuspect
from cycling.detectors.capacity_drop import CapacityDrop
from cycling.detectors.channel_silent import ChannelSilent
from cycling.detectors.contact_lost import ContactLost
from cycling.detectors.cycler_silent import CyclerSilent
from cycling.detectors.efficiency_out_of_band import EfficiencyOutOfBand
from cycling.detectors.end_of_life import EndOfLife
from cycling.detectors.frozen import Frozen
from cycling.detectors.impossible_value import ImpossibleValue
from cycling.detectors.knee import Knee
from cycling.detectors.laggard import Laggard
from cycling.detectors.over_temperature import OverTemperature
from cycling.detectors.over_voltage import OverVoltage
from cycling.detectors.resistance_rise import ResistanceRise
from cycling.detectors.thermocouple_open import ThermocoupleOpen
from cycling.detectors.under_voltage import UnderVoltage

READING: tuple[type[ReadingDetector], ...] = (
    ContactLost,
    OverVoltage,
    UnderVoltage,
    OverTemperature,
    ThermocoupleOpen,
    Frozen,
    ImpossibleValue,
)
CYCLE: tuple[type[CycleDetector], ...] = (
    CapacityDrop,
    Knee,
    EfficiencyOutOfBand,
    ResistanceRise,
    EndOfLife,
    Laggard,
    BatchShift,
    CalibrationSuspect,
)
REGISTRY: Mapping[str, type[Any]] = {
    **{detector.kind: detector for detector in READING},
    **{detector.kind: detector for detector in CYCLE},
    ChannelSilent.kind: ChannelSilent,
    CyclerSilent.kind: CyclerSilent,
}

# Kinds whose names are settled but whose detectors are not built yet: a lab.toml may already set their limits, and
# is told that they have no effect.
PLANNED = frozenset(
    [
        "contact-intermittent",
        "contact-resistance",
        "chamber-off-setpoint",
        "thermocouple-detached",
        "thermocouples-swapped",
        "thermocouple-logger-fault",
        "counters-reset",
        "power-outage",
        "network-outage",
        "unparseable",
        "clock-shift",
        "never-started",
        "abnormal-heating",
        "thermal-runaway",
        "self-discharge",
        "soft-short",
        "current-off-setpoint",
        "stalled",
        "finished",
        "forecast-moved",
    ]
)


def reading_detectors(settings: Mapping[str, Mapping[str, Any]]) -> tuple[ReadingDetector, ...]:
    """The enabled reading-level detectors with the limits of lab.toml ``[detectors.<kind>]``."""
    built = (detector(**settings.get(detector.kind, {})) for detector in READING)
    return tuple(detector for detector in built if detector.enabled)


def cycle_detectors(settings: Mapping[str, Mapping[str, Any]]) -> tuple[CycleDetector, ...]:
    """The same of the cycle-level ones."""
    built = (detector(**settings.get(detector.kind, {})) for detector in CYCLE)
    return tuple(detector for detector in built if detector.enabled)
