"""From the outbox to real receivers: at once, once, and whatever they do meanwhile."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

import pytest

from cycling.routing import Person, Route, Routing
from cycling.types import Severity
from data_access.lab import Lab
from monitor import courier
from monitor.courier import pause_after
from monitor.notify import Outgoing
from tests.monitor.notices.conftest import SECRET, Running, notice, publish, to_webhook, waited, with_routing
from tests.monitor.notices.receiver import Receiver


def test_a_notice_is_delivered_once_signed_and_at_once(lab: Lab, receiver: Receiver, running: Running) -> None:
    running(lab, to_webhook(receiver))
    delays = []
    for number in range(20):
        began = time.time()
        publish(lab, notice(f"n{number}"))
        assert waited(lambda count=number + 1: len(receiver.took) == count)
        delays.append(receiver.took[-1].at - began)
    assert sorted(delays)[10] < 0.1
    time.sleep(1.2)
    assert receiver.ids == [f"n{number}" for number in range(20)]
    got = receiver.took[0]
    stamp, mark = got.headers["X-Cellwatch-Timestamp"], got.headers["X-Cellwatch-Signature"]
    assert mark == "sha256=" + hmac.new(SECRET.encode(), f"{stamp}.".encode() + got.body, hashlib.sha256).hexdigest()
    assert got.headers["Idempotency-Key"] == "n0"
    assert got.headers["Content-Type"] == "application/json"
    assert set(got.json) == {
        *("id", "reason", "severity", "kind", "scope", "text", "channel_count", "channels", "alert", "alerts"),
        *("opened_at", "sent_at", "link", "lab"),
    }
    assert got.json["link"] == "https://lab.example.org/channels/arbin-1-01"
    assert waited(lambda: not lab.live.deliveries())
    assert set(lab.live.delivered_at()) == {(f"n{number}", "webhook") for number in range(20)}
    assert lab.live.take_notices() == []


def test_a_receiver_that_was_down_gets_each_notice_once_soon_after_its_return(
    lab: Lab, receiver: Receiver, running: Running
) -> None:
    running(lab, to_webhook(receiver))
    receiver.down()
    publish(lab, *(notice(f"n{number}", sent_at=1.8e9 + number) for number in range(5)))
    time.sleep(6)
    assert lab.live.beats()["notify"]["waiting"] == 5
    assert "takes no connection" in lab.live.beats()["notify"]["targets"]["webhook"]
    receiver.up()
    back = time.time()
    assert waited(lambda: len(receiver.took) == 5)
    assert receiver.took[-1].at - back < 2.5
    time.sleep(2.5)
    assert receiver.ids == [f"n{number}" for number in range(5)]


@pytest.mark.parametrize("status", [500, 503, 429, 302, 403])
def test_whatever_a_receiver_answers_it_is_tried_again_until_it_takes_the_notice(
    lab: Lab, receivers: Callable[[], Receiver], running: Running, status: int
) -> None:
    receiver, elsewhere = receivers(), receivers()
    receiver.status = status
    receiver.location = elsewhere.url if status == 302 else ""
    running(lab, to_webhook(receiver))
    publish(lab, notice())
    assert waited(lambda: len(receiver.tried) >= 2)
    assert waited(lambda: f"answered {status}" in lab.live.beats()["notify"]["targets"]["webhook"])
    assert not elsewhere.tried
    receiver.status = 204
    assert waited(lambda: len(receiver.took) == 1)
    time.sleep(1.2)
    assert receiver.ids == ["n1"]


def test_a_message_that_is_refused_holds_up_no_other(lab: Lab, receiver: Receiver, running: Running) -> None:
    receiver.refuses = "n0"
    running(lab, to_webhook(receiver))
    publish(lab, *(notice(f"n{number}", sent_at=1.8e9 + number) for number in range(4)))
    assert waited(lambda: receiver.ids == ["n1", "n2", "n3"])
    assert waited(lambda: [one.notice for one in lab.live.deliveries()] == ["n0"])
    receiver.refuses = ""
    assert waited(lambda: receiver.ids == ["n1", "n2", "n3", "n0"])


def test_a_receiver_that_hangs_delays_no_other_and_gets_it_when_it_answers(
    lab: Lab, receivers: Callable[[], Receiver], running: Running
) -> None:
    slow, quick = receivers(), receivers()
    slow.wait = 60.0
    address = quick.url.replace("http://", "json://")
    routes = (Route(to=("CELLWATCH_NOTIFY_ADA", "webhook")),)
    running(with_routing(lab, Routing(routes=routes)), to_webhook(slow, CELLWATCH_NOTIFY_ADA=address))
    began = time.time()
    publish(lab, notice())
    assert waited(lambda: quick.took)
    assert quick.took[0].at - began < 3.0  # apprise is imported meanwhile
    assert "Contact lost" in quick.took[0].json["message"]
    assert waited(lambda: slow.tried)
    assert waited(lambda: "did not answer within 4 s" in lab.live.beats()["notify"]["targets"]["webhook"])
    slow.wait = 0.0
    assert waited(lambda: slow.ids == ["n1"])


def test_every_address_of_a_variable_is_a_target_by_itself(
    lab: Lab, receivers: Callable[[], Receiver], running: Running
) -> None:
    one, two, hook = receivers(), receivers(), receivers()
    one.status = 500
    both = f"{one.url} {two.url}".replace("http://", "json://")
    people = (Person(id="ada", notify=("CELLWATCH_NOTIFY_ADA",)),)
    routing = Routing(people=people, routes=(Route(to=("ada",), severities=(Severity.P2,)),))
    running(with_routing(lab, routing), to_webhook(hook, CELLWATCH_NOTIFY_ADA=both))
    publish(lab, notice())
    assert waited(lambda: two.took and hook.took and len(one.tried) >= 2)
    assert waited(lambda: "answered 500" in lab.live.beats()["notify"]["targets"]["CELLWATCH_NOTIFY_ADA"])
    one.status = 200
    assert waited(lambda: one.took)
    time.sleep(1.2)
    assert [len(each.took) for each in (one, two, hook)] == [1, 1, 1]


def test_a_resolving_notice_goes_where_the_opening_went(
    lab: Lab, receivers: Callable[[], Receiver], running: Running
) -> None:
    ada, bob, hook = receivers(), receivers(), receivers()
    routes = (
        Route(to=("CELLWATCH_NOTIFY_ADA",), severities=(Severity.P2,)),
        Route(to=("CELLWATCH_NOTIFY_BOB",), severities=(Severity.P1,)),
    )
    addresses = {
        f"CELLWATCH_NOTIFY_{name}": each.url.replace("http://", "json://")
        for name, each in (("ADA", ada), ("BOB", bob))
    }
    running(with_routing(lab, Routing(routes=routes)), to_webhook(hook, **addresses))
    publish(lab, notice("o", alert="a"))
    publish(lab, notice("e", alert="a", reason="escalated", severity=Severity.P1))
    publish(lab, notice("r", alert="a", reason="resolved", severity=Severity.P1))
    assert waited(lambda: (len(ada.took), len(bob.took), len(hook.took)) == (3, 2, 3), 15)
    assert lab.live.told_of() == {}


def test_what_cannot_be_delivered_is_kept_and_said(
    lab: Lab, receiver: Receiver, running: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.notify.ROUTINE_SECONDS", 0.1)
    receiver.status = 500
    running(with_routing(lab, Routing(undelivered_hours=0.5 / 3600)), to_webhook(receiver))
    publish(lab, notice())
    assert waited(lambda: lab.live.beats()["notify"].get("error"))
    assert "webhook answered 500: 1 notices wait" in lab.live.beats()["notify"]["error"]
    assert waited(lambda: "Notice n1 is still not delivered: webhook answered 500." in caplog.text)
    assert len(lab.live.deliveries()) == 1
    assert caplog.text.count("still not delivered") == 1


def test_without_targets_a_notice_is_written_to_the_log(
    lab: Lab, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        running(lab, Outgoing())
        publish(lab, notice())
        assert waited(lambda: lab.live.take_notices() == [])
        assert waited(lambda: "P2 opened: arbin-1-01: Contact lost (n1)." in caplog.text)
    assert lab.live.deliveries() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_courier_that_dies_is_replaced(
    lab: Lab, receiver: Receiver, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True]

    def broken(self: courier.Courier, letter: courier.Letter) -> None:
        if failing:
            failing.clear()
            raise RuntimeError("a fault of ours")
        taken(self, letter)

    taken = courier.Courier._taken
    monkeypatch.setattr(courier.Courier, "_taken", broken)
    running(lab, to_webhook(receiver))
    publish(lab, notice())
    assert waited(lambda: receiver.ids == ["n1", "n1"])  # at least once
    assert waited(lambda: not lab.live.deliveries())


def test_the_pause_between_two_tries_grows_slowly() -> None:
    assert [pause_after(seconds) for seconds in (0, 120, 240, 3600, 7200, 10**6)] == [1, 1, 2, 30, 60, 60]
