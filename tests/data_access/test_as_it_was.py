"""The wall as it was, out of real stores: against a fold over everything that was sent."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from cycling.life import worsened
from cycling.types import ChannelState, Severity
from data_access.as_it_was import frames_then, records_begin
from data_access.lab import Lab, Published
from data_access.newest_then import Steps
from monitor import record
from tests.cycling.frame_reader import Page
from tests.data_access.builders import NOW, alert, batch, cycle

HOUR, DAY = 3600.0, 86_400.0


def send(lab: Lab, at: float, channel: str, arrived: float | None = None, **columns: Any) -> None:
    lab.live.ingest(
        batch([NOW + at], channel, **columns), received=NOW + (at if arrived is None else arrived), source="t"
    )


def shown(lab: Lab, at: float) -> dict[str, dict[str, Any]]:
    """The channels of the frame of a moment, by name."""
    frames = frames_then(lab, Steps(NOW + at))
    return channels_of(frames[0]) if frames else {}


def channels_of(frame: bytes) -> dict[str, dict[str, Any]]:
    assert orjson.loads(frame)["full"] is True
    return Page().apply(frame).channels


def state(channel: str, at: float, **facts: Any) -> ChannelState:
    known: dict[str, Any] = {
        "cycler": channel[:-3],
        "chamber": "chamber-a",
        "phase": "charging",
        "unix_time_second": NOW + at,
        "arrival_time_second": NOW + at,
        "cadence_second": 10.0,
        "latest": {"unix_time_second": NOW + at, "voltage_volt": 3.0 + at / 1e6},
        "test": None,
        "cycle_count": None,
        "state_of_health": None,
    }
    return ChannelState(channel=channel, **{**known, **facts})


def test_at_every_moment_each_channel_shows_what_was_the_newest_by_then(lab: Lab) -> None:
    rng = random.Random(7)
    sent: list[tuple[float, float, str, float]] = []  # arrival, time, channel, voltage
    names = ["arbin-1-01", "arbin-1-02", "arbin-2-01", "stranger"]
    at = 0.0
    for number in range(160):
        at += rng.choice([1, 5, 30, 200, 900])
        if number == 80:
            record.flush(lab, NOW + at)
        delay = rng.choice([0, 0, 0, 2, 120])
        sent.append((at + delay, at, rng.choice(names), round(3.0 + number / 1000, 3)))
    for arrived, time, channel, voltage in sent:
        send(lab, time, channel, arrived, voltage_volt=voltage, step_type="CC_CHG")
    newest = {name: max(one for one in sent if one[2] == name) for name in names}
    states = [state(name, one[1], arrival_time_second=NOW + one[0]) for name, one in newest.items()]
    lab.live.publish(Published(now=NOW, states=states))
    moments = [rng.uniform(-10, at + 200) for _ in range(12)]
    for then in moments:
        by_then = [one for one in sent if one[0] <= then and one[1] >= then - 32 * DAY]
        expected = {name: max(one for one in by_then if one[2] == name)[3] for name in {one[2] for one in by_then}}
        found = {name: row["voltage_volt"] for name, row in shown(lab, then).items()}
        static = {name for name, one in newest.items() if one[0] <= then}
        assert found.keys() == expected.keys()
        assert {n: v for n, v in found.items() if n not in static} == pytest.approx(
            {n: v for n, v in expected.items() if n not in static}
        )
    steps = Steps(NOW + 300, 250.0, 20)
    page = Page()
    for moment, frame in zip(steps.moments, frames_then(lab, steps), strict=True):
        alone = shown(lab, moment - NOW)
        told = {name: row["voltage_volt"] for name, row in page.apply(frame).channels.items()}
        assert told == {name: row["voltage_volt"] for name, row in alone.items()}


def test_what_arrived_later_was_not_known_yet(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01", voltage_volt=3.1)
    send(lab, 60, "arbin-1-01", arrived=600, voltage_volt=3.9)
    assert shown(lab, 599)["arbin-1-01"]["voltage_volt"] == pytest.approx(3.1)
    assert shown(lab, 600)["arbin-1-01"]["voltage_volt"] == pytest.approx(3.9)


def test_a_channel_that_had_been_silent_for_days_is_still_there(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01", voltage_volt=3.1)
    send(lab, 5 * DAY, "arbin-1-02")
    send(lab, 9 * DAY, "arbin-1-01", voltage_volt=3.9)
    lab.live.publish(Published(now=NOW, states=[state("arbin-1-01", 9 * DAY), state("arbin-1-02", 5 * DAY)]))
    found = shown(lab, 6 * DAY)
    assert found["arbin-1-01"]["arrival_time_second"] == NOW
    assert found["arbin-1-02"]["voltage_volt"] == pytest.approx(3.0 + 5 * DAY / 1e6)  # as the watch still has it


def test_the_phase_of_a_test_without_steps_is_read_off_its_current(lab: Lab) -> None:
    send(lab, -2 * HOUR, "arbin-1-01", current_ampere=2.0)
    send(lab, 0, "arbin-1-01", current_ampere=0.01)
    send(lab, 0, "arbin-1-02", current_ampere=-1.0)
    found = shown(lab, 1)
    assert (found["arbin-1-01"]["phase"], found["arbin-1-02"]["phase"]) == ("resting", "discharging")


def test_cycle_and_health_are_those_of_the_cycles_that_had_ended(lab: Lab) -> None:
    send(lab, 2500, "arbin-1-01", test="cell-a", cycle_count=9)
    cycles = [
        cycle(
            n,
            start_unix_time_second=NOW + 1000 * (n - 1),
            end_unix_time_second=NOW + 1000 * n,
            state_of_health=1 - n / 100,
        )
        for n in (1, 2, 3)
    ]
    lab.archive.merge_cycles(cycles[:1], 0, 0)
    lab.live.publish(Published(now=NOW, cycles=cycles[1:]))
    row = shown(lab, 2600)["arbin-1-01"]
    assert (row["cycle_count"], row["state_of_health"]) == (3, 0.98)
    row = shown(lab, 3100)["arbin-1-01"]
    assert (row["cycle_count"], row["state_of_health"]) == (3, 0.97)


def test_an_alert_that_is_over_now_was_open_then(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01")
    over = alert("over", opened_at=NOW, closed_at=NOW + 100, acknowledged_at=NOW + 50, acknowledged_by="Ada")
    lab.archive.merge_alerts([over, alert("earlier", opened_at=NOW - 3 * DAY, closed_at=NOW - 2 * DAY)], 0, 1)
    (frame,) = frames_then(lab, Steps(NOW + 20))
    (was,) = orjson.loads(frame)["alerts"]
    assert (was["id"], was["closed_at"], was["acknowledged_by"]) == ("over", None, None)
    assert channels_of(frame)["arbin-1-01"]["severity"] == "P2"
    (after,) = orjson.loads(frames_then(lab, Steps(NOW + 200))[0])["alerts"]
    assert (after["closed_at"], after["acknowledged_by"]) == (NOW + 100, "Ada")
    _full, change = frames_then(lab, Steps(NOW + 20, 200.0, 2))
    assert orjson.loads(change)["alerts"] == [after]


def test_an_alert_and_its_channel_were_as_bad_as_they_were_then(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01")
    mild = alert("a", opened_at=NOW, severity=Severity.P3)
    lab.archive.merge_alerts([worsened(mild, Severity.P1, NOW + 60).but(message="Much worse.")], 0, 1)
    for at, severity, message in ((20, "P3", mild.message), (80, "P1", "Much worse.")):
        (frame,) = frames_then(lab, Steps(NOW + at))
        (was,) = orjson.loads(frame)["alerts"]
        assert (was["severity"], was["message"]) == (severity, message)
        assert channels_of(frame)["arbin-1-01"]["severity"] == severity


def test_a_shelf_stands_from_when_it_was_said_until_it_ended(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01")
    lab.archive.merge_alerts([alert("a", opened_at=NOW)], 0, 1)
    lab.journal.append("shelve", "Ada", NOW + 10, alert="a", minutes=1)
    shelves = [orjson.loads(frames_then(lab, Steps(NOW + at))[0])["alerts"][0]["shelved_until"] for at in (9, 20, 80)]
    assert shelves == [None, NOW + 70, None]


def test_the_chamber_is_as_it_was_measured(lab: Lab) -> None:
    send(lab, 0, "arbin-1-01", ambient_temperature_celsius=31.0)
    send(lab, 50, "arbin-1-01", ambient_temperature_celsius=25.0)
    lab_then = orjson.loads(frames_then(lab, Steps(NOW + 10))[0])["lab"]
    assert lab_then["chambers"][0]["measured"] == 31.0


def test_before_the_first_reading_nothing_was_known(lab: Lab) -> None:
    assert records_begin(lab) is None
    send(lab, 0, "arbin-1-01")
    assert frames_then(lab, Steps(NOW - 1)) == []
    record.flush(lab, NOW)
    assert records_begin(lab) == NOW
