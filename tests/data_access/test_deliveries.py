"""What is still to be told to whom: durable, in one step, and once."""

from __future__ import annotations

import threading
import time

from cycling.reminders import ToldOf
from data_access.deliveries import Delivery
from data_access.lab import Lab, Published
from tests.data_access.builders import NOW, notice


def delivery(target: str = "webhook", name: str = "n1") -> Delivery:
    return Delivery(notice=name, target=target, not_before=NOW, since=NOW)


TOLD = ToldOf(alert="a1", alerts=("a1", "a2"), targets={"webhook": NOW}, at=NOW, reminders=1)


def test_a_notice_leaves_the_outbox_in_the_step_that_says_to_whom_it_goes(lab: Lab) -> None:
    lab.live.publish(Published(now=NOW, notices=[notice()]))
    deliveries = [delivery(), delivery("CELLWATCH_NOTIFY_ADA:2")]
    assert lab.live.post(notice(), deliveries, TOLD)
    assert lab.live.take_notices() == []
    assert sorted(lab.live.deliveries(), key=lambda one: one.target) == sorted(deliveries, key=lambda one: one.target)
    assert lab.live.told_of() == {"a1": TOLD}
    assert not lab.live.post(notice(), deliveries, TOLD)


def test_what_was_delivered_is_not_delivered_again_by_a_post_that_comes_twice(lab: Lab) -> None:
    lab.live.post(notice(), [delivery()])
    lab.live.delivered(delivery(), NOW + 1)
    assert not lab.live.post(notice(), [delivery()])
    assert lab.live.deliveries() == []
    assert lab.live.delivered_at() == {("n1", "webhook"): NOW + 1}


def test_what_will_not_be_told_of_again_is_forgotten(lab: Lab) -> None:
    lab.live.post(notice("o"), [], TOLD)
    lab.live.post(notice("r"), [], forget="a1")
    assert lab.live.told_of() == {}
    lab.live.post(notice("o2"), [], TOLD)
    lab.live.forget_told(["a1", "unknown"])
    lab.live.forget_told([])
    assert lab.live.told_of() == {}


def test_whoever_waits_is_woken_by_the_publish(lab: Lab) -> None:
    lab.live.publish(Published(now=NOW, notices=[notice("first")]))
    lab.live.publish(Published(now=NOW, notices=[notice("second")]))
    lab.live.wait_for_notices(5.0)  # rung before anybody waited, once for both
    published: list[float] = []

    def publish() -> None:
        published.append(time.monotonic())
        lab.live.publish(Published(now=NOW, notices=[notice()]))

    publisher = threading.Timer(0.2, publish)
    publisher.start()
    lab.live.wait_for_notices(5.0)
    assert time.monotonic() - published[0] < 0.5
    publisher.join()
    began = time.monotonic()
    lab.live.publish(Published(now=NOW, notices=[notice()]))  # known: nobody is woken
    lab.live.wait_for_notices(0.1)
    assert time.monotonic() - began >= 0.1


def test_old_notices_take_with_them_to_whom_they_were_told(lab: Lab) -> None:
    old = NOW - 31 * 86_400
    lab.live.post(notice("told", sent_at=old), [delivery(name="told")])
    lab.live.delivered(delivery(name="told"), old)
    lab.live.post(notice("kept", sent_at=old), [delivery(name="kept")])
    assert lab.live.forget_notices(NOW) == 1
    assert lab.live.delivered_at() == {}
    assert lab.live.notice("told") is None
    assert lab.live.notice("kept") == notice("kept", sent_at=old)


def test_the_last_digest_is_remembered(lab: Lab) -> None:
    assert lab.live.last_digest() is None
    lab.live.digest_made("2026-11-24", NOW)
    assert lab.live.last_digest() == ("2026-11-24", NOW)
