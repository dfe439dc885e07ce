"""The registry: every failure the monitor can name, and how settings become detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycling.detectors.base import ReadingDetector
from cycling.detectors.channel_silent import ChannelSilent
from cycling.detectors.contact_lost import ContactLost
from cycling.detectors.cycler_silent import CyclerSilent
from cycling.detectors.frozen import Frozen
from cycling.detectors.impossible_value import ImpossibleValue
from cycling.detectors.over_temperature import OverTemperature
from cycling.detectors.over_voltage import OverVoltage
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
REGISTRY: Mapping[str, type[Any]] = {
    **{detector.kind: detector for detector in READING},
    ChannelSilent.kind: ChannelSilent,
    CyclerSilent.kind: CyclerSilent,
}


def reading_detectors(settings: Mapping[str, Mapping[str, Any]]) -> tuple[ReadingDetector, ...]:
    """The enabled reading-level detectors with the limits of lab.toml ``[detectors.<kind>]``."""
    built = (detector(**settings.get(detector.kind, {})) for detector in READING)
    return tuple(detector for detector in built if detector.enabled)
