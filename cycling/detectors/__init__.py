"""The registry: every failure the monitor can name, and how settings become detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycling.detectors.abnormal_heating import AbnormalHeating
from cycling.detectors.base import CycleDetector, ReadingDetector
from cycling.detectors.batch_shift import BatchShift
from cycling.detectors.calibration_suspect import CalibrationSuspect
from cycling.detectors.capacity_drop import CapacityDrop
from cycling.detectors.chamber_off_setpoint import ChamberOffSetpoint
from cycling.detectors.channel_silent import ChannelSilent
from cycling.detectors.clock_shift import ClockShift
from cycling.detectors.contact_intermittent import ContactIntermittent
from cycling.detectors.contact_lost import ContactLost
from cycling.detectors.contact_resistance import ContactResistance
from cycling.detectors.counters_reset import CountersReset
from cycling.detectors.current_off_setpoint import CurrentOffSetpoint
from cycling.detectors.cycler_silent import CyclerSilent
from cycling.detectors.efficiency_out_of_band import EfficiencyOutOfBand
from cycling.detectors.end_of_life import EndOfLife
from cycling.detectors.finished import Finished
from cycling.detectors.frozen import Frozen
from cycling.detectors.impossible_value import ImpossibleValue
from cycling.detectors.knee import Knee
from cycling.detectors.laggard import Laggard
from cycling.detectors.never_started import NeverStarted
from cycling.detectors.over_temperature import OverTemperature
from cycling.detectors.over_voltage import OverVoltage
from cycling.detectors.resistance_rise import ResistanceRise
from cycling.detectors.self_discharge import SelfDischarge
from cycling.detectors.soft_short import SoftShort
from cycling.detectors.stalled import Stalled
from cycling.detectors.thermal_runaway import ThermalRunaway
from cycling.detectors.thermocouple_detached import ThermocoupleDetached
from cycling.detectors.thermocouple_logger_fault import ThermocoupleLoggerFault
from cycling.detectors.thermocouple_open import ThermocoupleOpen
from cycling.detectors.thermocouples_swapped import ThermocouplesSwapped
from cycling.detectors.under_voltage import UnderVoltage
from cycling.detectors.unparseable import Unparseable

READING: tuple[type[ReadingDetector], ...] = (
    ContactLost,
    OverVoltage,
    UnderVoltage,
    OverTemperature,
    ThermocoupleOpen,
    ThermocoupleDetached,
    AbnormalHeating,
    ThermalRunaway,
    Frozen,
    ImpossibleValue,
    ChamberOffSetpoint,
    CountersReset,
    ClockShift,
    Finished,
    ContactIntermittent,
    CurrentOffSetpoint,
    ContactResistance,
    Stalled,
    SelfDischarge,
    SoftShort,
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
    NeverStarted.kind: NeverStarted,
    ThermocoupleLoggerFault.kind: ThermocoupleLoggerFault,
    ThermocouplesSwapped.kind: ThermocouplesSwapped,
    Unparseable.kind: Unparseable,
}

# Kinds whose names are settled but whose detectors are not built yet: a lab.toml may already set their limits, and
# is told that they have no effect.
PLANNED = frozenset(
    [
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
