"""What the notifier does by the clock beside real stores: reminders, the digest, and the heartbeat."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cycling.routing import Person, Route, Routing
from cycling.types import Alert, ChannelState, Severity
from data_access.lab import Lab, Published
from monitor import pulse
from monitor.notify import Notifier, Outgoing
from monitor.pulse import Pulse
from tests.monitor.notices.conftest import Running, notice, publish, to_webhook, waited, with_routing
from tests.monitor.notices.receiver import Receiver

TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = TUESDAY) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def alert(name: str = "a", **facts: Any) -> Alert:
    usual: dict[str, Any] = {
        "id": name,
        "kind": "over-temperature",
        "severity": Severity.P1,
        "scope": "channel:arbin-1-01",
        "channels": ("arbin-1-01",),
        "test": None,
        "opened_at": TUESDAY,
        "message": "arbin-1-01: 61 °C.",
    }
    return Alert(**{**usual, **facts})


def running_on(channel: str, test: str) -> ChannelState:
    return ChannelState(
        channel=channel,
        cycler="arbin-1",
        chamber=None,
        phase="resting",
        unix_time_second=TUESDAY,
        arrival_time_second=TUESDAY,
        cadence_second=1.0,
        latest={},
        test=test,
        cycle_count=1,
        state_of_health=None,
    )


@pytest.fixture
def notifiers(lab: Lab, receiver: Receiver) -> Any:
    started: list[Notifier] = []

    def start(clock: Clock, lab: Lab = lab, **notify: str) -> Notifier:
        if started:
            started[-1].end()
        started.append(Notifier(lab, to_webhook(receiver, **notify), clock))
        started[-1].round()
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_reminders_come_on_time_until_somebody_acknowledges(
    lab: Lab, receiver: Receiver, notifiers: Callable[..., Notifier]
) -> None:
    clock = Clock()
    publish(lab, notice("o", alert="a", severity=Severity.P1), alerts=[alert()])
    notifier = notifiers(clock)
    for minute in range(1, 40):
        clock.now = TUESDAY + 60 * minute
        notifier.remind(clock.now)
    assert waited(lambda: len(receiver.took) == 3)
    assert receiver.ids == ["o", "a-reminder-1", "a-reminder-2"]
    assert "after 30 min" in receiver.took[2].json["text"]
    notifier.end()
    again = notifiers(clock)  # a restart does not begin anew
    clock.now = TUESDAY + 44 * 60
    again.remind(clock.now)
    clock.now = TUESDAY + 45 * 60
    again.remind(clock.now)
    assert waited(lambda: receiver.ids[3:] == ["a-reminder-3"])
    publish(lab, alerts=[alert(acknowledged_at=clock.now)])
    clock.now += 3600
    again.remind(clock.now)
    publish(lab, notice("r", alert="a", reason="resolved"))
    again.take_waiting()
    assert waited(lambda: receiver.ids[4:] == ["r"])
    assert lab.live.told_of() == {}


def test_a_digest_is_made_once_a_day_also_across_restarts(
    lab: Lab, receiver: Receiver, notifiers: Callable[..., Notifier]
) -> None:
    clock = Clock()
    publish(lab, alerts=[alert(severity=Severity.P3)])
    notifiers(clock)  # the first day is only remembered
    for _ in range(3):
        clock.now = TUESDAY + 20 * 3600  # 08:00 of the next day
        notifiers(clock).round()
        assert waited(lambda: receiver.took)
    clock.now = TUESDAY + 44 * 3600  # the day after: nothing happened
    notifiers(clock)
    assert waited(lambda: receiver.took)
    time.sleep(0.3)
    assert receiver.ids == ["digest-2026-11-25"]
    assert "New alerts: 1 P3." in receiver.took[0].json["text"]
    assert lab.live.last_digest() == ("2026-11-26", clock.now)


def test_people_get_the_digest_of_their_own_tests(
    lab: Lab, receivers: Callable[[], Receiver], notifiers: Callable[..., Notifier]
) -> None:
    ada, clock = receivers(), Clock()
    people = (Person(id="ada", notify=("CELLWATCH_NOTIFY_ADA",)),)
    mine = with_routing(lab, Routing(people=people, routes=(Route(to=("owner",)),)))
    address = ada.url.replace("http://", "json://")
    lab.tests.put("t1", {"owner": "ada", "channel": "arbin-1-01"}, "x", TUESDAY, "api")
    publish(lab, alerts=[alert(), alert("b", channels=("arbin-1-02",), message="arbin-1-02: 62 °C.")])
    lab.live.publish(Published(now=TUESDAY, states=[running_on("arbin-1-01", "t1")]))
    notifiers(clock, mine, CELLWATCH_NOTIFY_ADA=address)
    clock.now = TUESDAY + 20 * 3600
    notifiers(clock, mine, CELLWATCH_NOTIFY_ADA=address)
    assert waited(lambda: ada.took)
    assert "61 °C" in ada.took[0].json["message"]
    assert "62 °C" not in ada.took[0].json["message"]


def beat(lab: Lab, now: float, **of_record: Any) -> None:
    lab.live.beat("watch", {}, now)
    lab.live.beat("record", of_record, now)


def test_the_heartbeat_stops_when_somebody_does_not_answer(
    lab: Lab, receiver: Receiver, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(pulse, "AGAIN_SECONDS", 0.1)
    now = time.time()
    beat(lab, now)
    running(lab, Outgoing(heartbeat_url=receiver.url))
    assert waited(lambda: len(receiver.took) > 2)
    for gone in ({"watch": now - 11}, {"record": now - 11}):
        for name, at in gone.items():
            lab.live.beat(name, {}, at)
        time.sleep(0.3)
        count = len(receiver.tried)
        time.sleep(0.5)
        assert len(receiver.tried) == count
        beat(lab, time.time())
        assert waited(lambda count=count: len(receiver.tried) > count)
    beat(lab, time.time(), error="The disk is full.")
    time.sleep(0.3)
    count = len(receiver.tried)
    time.sleep(0.5)
    assert len(receiver.tried) == count


def test_a_heartbeat_that_is_not_heard_is_tried_again_soon(receiver: Receiver) -> None:
    receiver.status = 500
    heart = Pulse(receiver.url, lambda: None, threading.Event())
    assert not heart.beat()
    assert heart.said == "The heartbeat could not be sent: its address answered 500."
    receiver.status = 200
    assert heart.beat()


def test_the_heartbeat_stops_when_the_notifier_does_not_get_round(lab: Lab) -> None:
    now = time.time()
    beat(lab, now)
    assert pulse.trouble(lab, now - 2, now) is None
    assert pulse.trouble(lab, now - 11, now) == "monitor notify does not get round."


def test_at_night_people_are_not_reminded(
    lab: Lab, receivers: Callable[[], Receiver], notifiers: Callable[..., Notifier]
) -> None:
    ada, clock = receivers(), Clock()
    people = (Person(id="ada", notify=("CELLWATCH_NOTIFY_ADA",)),)
    routes = (Route(to=("ada",), when="working-hours"), Route(to=("webhook",), severities=(Severity.P3,)))
    shifts = with_routing(lab, Routing(people=people, routes=routes))
    publish(lab, notice("o", alert="a", severity=Severity.P1), alerts=[alert()])
    notifier = notifiers(clock, shifts, CELLWATCH_NOTIFY_ADA=ada.url.replace("http://", "json://"))
    assert waited(lambda: len(ada.took) == 1)
    night = TUESDAY + timedelta(hours=9).total_seconds()
    clock.now = night
    notifier.remind(night)
    time.sleep(0.3)
    assert lab.live.told_of()["a"].reminders == 0
    clock.now = TUESDAY + timedelta(hours=21).total_seconds()
    notifier.remind(clock.now)
    assert waited(lambda: len(ada.took) == 2)


def test_a_word_of_the_watch_that_nobody_is_told_now_leaves_the_outbox(
    lab: Lab, notifiers: Callable[..., Notifier]
) -> None:
    quiet = with_routing(lab, Routing(routes=(Route(to=("webhook",), when="digest"),)))
    publish(quiet, notice("a-reminder-P3", alert="a", reason="reminder", severity=Severity.P3))
    notifier = Notifier(quiet, Outgoing(), Clock())
    notifier.couriers.begin()
    notifier.take_waiting()
    notifier.end()
    assert quiet.live.take_notices() == []
