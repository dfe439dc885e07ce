"""chamber-off-setpoint: found in time at every size, and doors, compressors, commands and rooms are left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.rows import Floats
from cycling.topology import Chamber, Cycler, Setpoint, Topology, places_of
from cycling.types import Alert, Severity
from tests.cycling.build import START, Seen, cell, watched

EVERY = 30.0
DETECTORS = {"over-temperature": {"enabled": False}}


def chambered(celsius: float = 25.0, **facts: Any) -> Topology:
    cyclers = (Cycler(id="sim-1", channels=4, chamber="c1"),)
    chamber = Chamber(id="c1", setpoint_celsius=celsius, **facts)
    return Topology(cyclers=cyclers, places=places_of(cyclers, {}), chambers=(chamber,))


def aired(air: Floats, *, every: float = EVERY, noise: float = 0.1, seed: int = 1) -> Batch:
    """A healthy cell in this air (°C, one value per reading) with a sensor's noise."""
    cycles = int(np.ceil(len(air) / 368))
    batch = cell(cycles, every=every).take(slice(0, len(air)))
    shaken = air + np.random.default_rng(seed).normal(0, noise, len(air))
    return batch.with_columns(ambient_temperature_celsius=shaken)


def hours(count: float, every: float = EVERY) -> Floats:
    """Seconds of the readings of so many hours."""
    return np.arange(0.0, 3600 * count, every)


def compressor(seconds: Floats, about: float = 25.0, swing: float = 0.4, period: float = 1500.0) -> Floats:
    return about + swing * np.sin(2 * np.pi * seconds / period)


def fault(seconds: Floats, kelvin: float, *, begin: float = 10.3, last: float = 2.0) -> Floats:
    """What a chamber adds that leaves its setpoint at 0.3 °C/min, from hour ``begin`` for ``last`` hours."""
    since = seconds - 3600 * begin
    inside = (since >= 0) & (since < 3600 * last)
    return np.where(inside, np.sign(kelvin) * np.minimum(abs(kelvin), 0.3 / 60 * since), 0.0)


def seen(air: Floats, topology: Topology | None = None, **build: Any) -> Seen:
    return watched(aired(air, **build), topology=topology or chambered(), detectors=DETECTORS)


def found(told: Seen) -> list[Alert]:
    """What is told: of the chamber, whose channels' own alerts are its members."""
    mine = [a for a in told.alerts.values() if a.kind == "chamber-off-setpoint" and a.suppressed != "incident"]
    return sorted(mine, key=lambda alert: alert.opened_at)


def delay(alert: Alert, begin: float = 10.3) -> float:
    return (alert.opened_at - START) / 60 - 60 * begin


UNKNOWN = Topology(cyclers=chambered().cyclers, places=places_of((Cycler(id="sim-1", channels=4),), {}))


@pytest.mark.parametrize("topology", [chambered(), UNKNOWN], ids=["told", "learned"])
@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
@pytest.mark.parametrize("kelvin", [3.0, 5.0, 15.0, -3.0, -5.0, -15.0])
def test_an_offset_is_found_within_twenty_minutes(kelvin: float, every: float, topology: Topology) -> None:
    seconds = hours(13.5, every)
    for phase in (0.0, 800.0):
        air = compressor(seconds + phase) + fault(seconds, kelvin)
        (alert,) = found(seen(air, topology, every=every))
        assert 10.0 <= delay(alert) <= 20.0
        assert alert.severity in (Severity.P1, Severity.P2)
        assert alert.cleared_at is not None
        assert alert.cleared_at - START < 3600 * 12.3 + 1800


@pytest.mark.parametrize("kelvin", [1.0, -1.0])
def test_a_small_drift_is_worth_a_line_within_its_hour(kelvin: float) -> None:
    seconds = hours(16)
    for phase in (0.0, 400.0, 800.0, 1200.0):
        (alert,) = found(seen(compressor(seconds + phase) + fault(seconds, kelvin, last=3)))
        assert alert.severity is Severity.P3
        assert delay(alert) <= 65


def test_it_says_what_is_read_and_set_and_since_when() -> None:
    seconds = hours(13)
    (alert,) = found(seen(compressor(seconds) + fault(seconds, 5)))
    assert "the air reads " in alert.message
    assert " °C where 25.0 °C is set (+" in alert.message
    assert " UTC (" in alert.message
    assert alert.evidence["excess"] > 1


def test_sixty_degrees_is_danger() -> None:
    seconds = hours(13)
    (alert,) = found(seen(compressor(seconds, 50) + fault(seconds, 12, last=2), chambered(50.0)))
    assert alert.severity is Severity.P1


def test_the_chambers_own_tolerance_wins() -> None:
    seconds = hours(13)
    air = compressor(seconds) + fault(seconds, 3)
    assert found(seen(air, chambered(tolerance_kelvin=5.0)))[:1] == [] or (
        found(seen(air, chambered(tolerance_kelvin=5.0)))[0].severity is Severity.P3
    )
    strict = watched(
        aired(compressor(seconds) + fault(seconds, 1.6)),
        topology=chambered(),
        detectors=DETECTORS | {"chamber-off-setpoint": {"tolerance_kelvin": 1.0}},
    )
    assert found(strict)[0].severity is Severity.P2


def test_a_door_that_opens_is_no_fault() -> None:
    seconds = hours(14)
    air = compressor(seconds)
    for at in (5, 8, 9, 12):
        since = seconds - 3600 * at
        air += np.where(since >= 0, np.where(since < 240, -4.0 * since / 240, -4.0 * np.exp(-(since - 240) / 300)), 0.0)
    assert found(seen(air)) == []
    assert found(seen(air, UNKNOWN)) == []


@pytest.mark.parametrize("period", [600.0, 1500.0, 2400.0])
@pytest.mark.parametrize("topology", [chambered(4.0), UNKNOWN], ids=["told", "learned"])
def test_a_steady_offset_with_a_compressor_about_it_is_the_chambers_way(period: float, topology: Topology) -> None:
    """NASA's chamber at 4 °C: +1.6 °C, and ±1 °C about that."""
    seconds = hours(40)
    assert found(seen(compressor(seconds, 5.6, 1.0, period), topology)) == []


def test_on_such_a_chamber_a_fault_is_found_too() -> None:
    seconds = hours(14)
    for kelvin in (3.0, 5.0):
        air = compressor(seconds, 5.6, 1.0) + fault(seconds, kelvin)
        (alert,) = found(seen(air, chambered(4.0)))
        assert delay(alert) <= 20
        assert alert.closed_at is not None


def test_a_commanded_change_is_none_until_the_chamber_had_its_time() -> None:
    seconds = hours(20)
    change = Setpoint(at=START + 3600 * 8, celsius=45.0)
    air = compressor(seconds) + np.clip((seconds - 3600 * 8) / 60 * 0.6, 0, 20)
    assert found(seen(air, chambered(setpoints=(change,)))) == []
    never = seen(compressor(seconds), chambered(setpoints=(change,)))
    (alert,) = found(never)
    assert 50 <= delay(alert, 8) <= 65


def test_where_commands_are_not_told_a_fast_lasting_change_is_one() -> None:
    seconds = hours(20)
    air = compressor(seconds) + np.clip((seconds - 3600 * 8) / 60, 0, 20)
    assert found(seen(air, UNKNOWN)) == []


def test_a_room_without_a_chamber_is_left_alone() -> None:
    seconds = hours(72)
    for swing in (0.5, 2.0, 4.0):
        air = 22 + swing * np.sin(2 * np.pi * seconds / 86_400)
        assert found(seen(air, UNKNOWN)) == []


def test_a_broken_sensor_is_no_hot_chamber() -> None:
    seconds = hours(13)
    inside = (seconds > 36_000) & (seconds < 40_000)
    for code in (99.0, -200.0, 1372.0, 0.0, np.nan):
        assert found(seen(np.where(inside, code, 25.0), noise=0.0)) == []
    (alert,) = found(seen(np.where(inside, 80.0, compressor(seconds))))
    assert alert.severity is Severity.P3
    assert "by a jump" in alert.message


def test_a_test_that_begins_while_the_chamber_comes_to_its_setpoint_is_left_alone() -> None:
    seconds = hours(8)
    assert found(seen(compressor(seconds, 45) - np.clip(20 - seconds / 60 * 0.6, 0, None), chambered(45.0))) == []


def test_without_a_sensor_it_is_silent() -> None:
    assert found(seen(np.full(1500, np.nan))) == []


def test_cuts_and_restarts_change_nothing() -> None:
    seconds = hours(15)
    batch = aired(compressor(seconds) + fault(seconds, 3))
    whole = watched(batch, topology=chambered(), detectors=DETECTORS)
    noise = np.random.default_rng(5)
    cuts = sorted(noise.choice(len(batch), 60, replace=False).tolist())
    assert watched(batch, topology=chambered(), detectors=DETECTORS, cuts=cuts, restarts=True).alerts == whole.alerts
