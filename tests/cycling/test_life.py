"""The life of an alert: every transition of the table, and long random lives in which nothing impossible happens."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from cycling.alerts import apply, unshelved
from cycling.life import (
    TABLE,
    Event,
    State,
    acknowledged,
    after,
    cleared,
    latched,
    noted,
    raised,
    settled,
    told,
    worsened,
)
from cycling.types import Alert, Severity, Was


def alert(severity: Severity = Severity.P2, **changes: object) -> Alert:
    return Alert(
        id="a",
        kind="contact-lost",
        severity=severity,
        scope="channel:x",
        channels=("x",),
        test="T",
        opened_at=10.0,
        message="x: Contact lost.",
        state=State.PENDING.value,
        tell_at=10.25,
    ).but(**changes)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_every_event_leads_somewhere_from_every_state(state: State, event: Event) -> None:
    follows = after(state, event)
    assert follows is TABLE.get((state, event), state)
    if state is State.CLOSED:
        assert follows is State.CLOSED


def test_an_ordinary_alert_is_told_seen_and_over() -> None:
    one = told(alert(), 10.3)
    assert (one.state, one.announced_at, one.tell_at) == ("active", 10.3, None)
    one = acknowledged(one, 20.0, "ada")
    one = acknowledged(one, 30.0, "bob")
    assert (one.state, one.acknowledged_by, one.acknowledged_at) == ("acknowledged", "ada", 20.0)
    one = settled(cleared(one, 40.0, 100.0))
    assert (one.state, one.closed_at) == ("closed", 40.0)


def test_danger_stays_until_somebody_acknowledges_it_in_either_order() -> None:
    gone = settled(cleared(told(alert(Severity.P1), 10.0), 40.0, 100.0))
    assert (gone.state, gone.closed_at) == ("returned", None)
    assert acknowledged(gone, 500.0, "ada").closed_at == 500.0
    seen_first = settled(cleared(acknowledged(told(alert(Severity.P1), 10.0), 20.0, "ada"), 40.0, 100.0))
    assert (seen_first.state, seen_first.closed_at) == ("closed", 40.0)


def test_what_comes_back_at_once_is_the_same_alert() -> None:
    back = raised(cleared(told(alert(), 10.0), 40.0, 100.0))
    assert (back.state, back.raised, back.cleared_at, back.announced_at) == ("active", 2, None, 10.0)
    seen = raised(cleared(acknowledged(told(alert(), 10.0), 20.0, "ada"), 40.0, 100.0))
    assert seen.state == "acknowledged"


def test_severity_only_rises_and_a_rise_wants_a_new_acknowledgement() -> None:
    one = acknowledged(told(alert(), 10.0), 20.0, "ada")
    assert worsened(one, Severity.P3, 9.0) is one
    worse = worsened(one, Severity.P1, 9.0)
    assert (worse.severity, worse.state, worse.acknowledged_at) == (Severity.P1, "active", None)
    assert worse.was == (Was(until=9.0, severity=one.severity, message=one.message, action=one.action),)


def test_an_alert_remembers_its_newest_sayings_and_not_all_of_them() -> None:
    one = alert()
    for at in range(100):
        one = one.but(message=f"wider by {at}", was=noted(one, float(at)))
    assert [was.until for was in one.was] == [float(at) for at in range(80, 100)]
    assert Alert.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert noted(one, 158.0, 60.0) == one.was
    assert len(noted(one.but(was=one.was[:1]), 140.0, 60.0)) == 2


def happenings(dice: random.Random, now: float) -> list[Callable[[Alert], Alert]]:
    """What may happen to an alert at a time."""
    shelve = {"kind": "shelve", "alert": "a", "at": now, "who": "ada", "minutes": 1}
    return [
        lambda one: told(one, now),
        lambda one: cleared(one, now, now + 60),
        raised,
        lambda one: settled(one) if one.cleared_at is not None else one,
        lambda one: acknowledged(one, now, "ada"),
        lambda one: worsened(one, dice.choice(list(Severity)), 9.0),
        lambda one: apply(one, shelve),
        lambda one: unshelved(one, now),
        lambda one: settled(one, superseded=True) if one.state == State.RETURNED else one,
    ]


def test_a_random_life_never_does_what_cannot_be() -> None:
    """100,000 happenings in random order, from a fixed seed."""
    dice = random.Random(7)
    one, now, seen = alert(), 10.0, set()
    for _ in range(100_000):
        now += dice.random()
        before = one
        one = dice.choice(happenings(dice, now))(one)
        seen.add((before.state, one.state))
        check(before, one)
        if one.ended or dice.random() < 0.001:
            one = alert(dice.choice(list(Severity)), opened_at=now)
    assert seen >= {(state.value, follows.value) for (state, _), follows in TABLE.items()}


def check(before: Alert, one: Alert) -> None:
    state = State(one.state)
    assert one.ended == (state is State.CLOSED)
    assert one.open or state in (State.CLOSED, State.CLEARING)
    assert not (latched(one) and state is State.CLEARING) or one.open
    assert (one.cleared_at is not None) or state not in (State.CLEARING, State.RETURNED)
    assert one.settle_at is None or state is State.CLEARING
    assert one.severity.rank <= before.severity.rank
    assert state is not State.RETURNED or latched(one)
    assert state is not State.ACKNOWLEDGED or one.acknowledged_at is not None
    assert one.closed_at is None or one.closed_at >= one.opened_at
    assert one.open or one.cleared_at is not None
    assert before.announced_at is None or one.announced_at == before.announced_at
    if before.open and latched(before) and not one.open and not latched(one):
        assert one.acknowledged_at is not None
