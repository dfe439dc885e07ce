"""The clock of the lab's machine is set an hour ahead and an hour back while readings come in."""

from __future__ import annotations

import time

from tests.faults.conftest import Load
from tests.faults.house import CYCLERS, House
from tests.faults.scale import Scale

HOUR = 3600.0


def test_recording_and_watching_go_on_when_the_clock_is_set(house: House, load: Load, scale: Scale) -> None:
    house.start("redis", "cache", "record", "watch", "notify", "web")
    http, feed = load.http(), load.feed()
    load.reader(feed)
    house.until(lambda: http.acknowledged > 5, "readings to be taken")
    for wrong in (HOUR, 0.0, -HOUR, 0.0):
        house.set_clock(wrong)
        house.during(scale.stepped_seconds)
        at_work(house, wrong)
    told = load.settled("Clock set by an hour four times")
    assert told.right, told
    assert [alert for alert in house.alerts() if alert["closed_at"] is None] == []


def test_nobody_is_said_to_be_silent_because_the_clock_was_set(house: House, load: Load, scale: Scale) -> None:
    house.start("redis", "cache", "record", "watch", "web")
    http = load.http()
    house.until(lambda: len(house.lab.live.states()) == len(http.channels), "every channel to be watched")
    load.rest()  # so that the clock is set between two readings, and not while one is on its way
    house.during(0.5)
    house.set_clock(HOUR)
    house.until(lambda: house.lab.live.beats()["watch"]["at"] > time.time() + HOUR / 2, "the watch to look")
    load.go_on()
    at_work(house, HOUR)
    http.break_channel("cy-1-01")
    house.alert("over-voltage", "cy-1-01")
    assert [alert["kind"] for alert in house.alerts()] == ["over-voltage"]


def test_a_server_whose_clock_leaps_ahead_forgets_leases_and_knows_readings_all_the_same(
    house: House, load: Load, scale: Scale
) -> None:
    house.start("redis", "cache", "record", "watch", "web")
    http, _feed = load.http(), load.feed()
    house.until(lambda: http.acknowledged > 5, "readings to be taken")
    for _ in range(3):
        leap(house, HOUR)
        house.during(scale.stepped_seconds / 4)
    again = {"readings": http.first}
    assert house.ask("POST", "/api/v1/readings", again) == (202, {"accepted": len(http.first), "rejected": []})
    at_work(house, 0.0)
    told = load.settled("Clock of Redis an hour ahead three times")
    assert told.right, told


def at_work(house: House, wrong: float) -> None:
    """Readings are archived, states published and heartbeats told, all by the clock as it is set."""
    lab = house.lab
    archived, began = lab.archive.positions(CYCLERS), time.time() + wrong
    house.until(lambda: lab.archive.positions(CYCLERS) != archived, f"commits with the clock {wrong:g} s off")
    for name in ("record", "watch"):
        house.until(lambda name=name: abs(lab.live.beats()[name]["at"] - began) < HOUR / 2, f"the heartbeat of {name}")


def leap(house: House, seconds: float) -> None:
    """What Redis forgets when its clock leaps ahead: everything that was to last less longer than that."""
    client = house.lab.live.client
    for key in client.scan_iter():
        left = client.pttl(key)
        if left > 0:
            client.pexpire(key, max(int(left - 1000 * seconds), 0))
