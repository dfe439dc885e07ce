"""Alerts and channels as they were: against a fold over what happened, in the order in which it happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cycling.alerts import apply, unshelved
from cycling.as_it_was import DAY, alerts_then, by_channel, cadence_of, state_then
from cycling.life import acknowledged, noted, worsened
from cycling.topology import Place
from cycling.types import Alert, Comment, Severity

T = 1_800_000_000.0


def alert(name: str = "a", **facts: Any) -> Alert:
    given_facts: dict[str, Any] = {
        "kind": "contact-lost",
        "severity": Severity.P2,
        "scope": "channel:x-1",
        "channels": ("x-1",),
        "test": None,
        "opened_at": T,
        "message": "The current is gone.",
    }
    return Alert(**{"id": name, **given_facts, **facts})


def entry(kind: str, at: float, **data: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, "alert": "a", "who": "someone", **data}


Happened = st.sampled_from(["acknowledge", "shelve", "unshelve", "out-of-service", "return-to-service", "comment"])


@given(st.lists(st.tuples(st.integers(1, 500), Happened), max_size=8), st.integers(1, 600), st.integers(-5, 700))
def test_an_alert_is_as_a_fold_over_what_people_said_by_then_leaves_it(
    said: list[tuple[int, str]], closed: int, after: int
) -> None:
    entries = [
        entry(kind, T + at, minutes=1.0, text=f"{place}")
        for place, (at, kind) in enumerate(sorted(said))
        if at < closed  # nobody speaks of what is over
    ]
    end = alert()
    for one in entries:
        end = apply(end, one)
    end = unshelved(end, T + 10_000).but(closed_at=T + closed, cleared_at=T + closed, state="closed")
    then = T + after
    found = alerts_then([end], entries, then)
    if after < 0:
        assert found == []
        return
    expected = alert()
    for one in [one for one in entries if one["at"] <= then]:
        expected = apply(expected, one)
    expected = unshelved(expected, then)
    if after >= closed:
        expected = expected.but(closed_at=T + closed, cleared_at=T + closed, state="closed")
    assert found == [expected]


def test_who_acknowledged_later_had_not_acknowledged_yet() -> None:
    seen = alert(acknowledged_at=T + 100, acknowledged_by="Ada", state="acknowledged")
    (before,), (after,) = alerts_then([seen], [], T + 99), alerts_then([seen], [], T + 100)
    assert (before.acknowledged_at, before.acknowledged_by, before.state) == (None, None, "active")
    assert (after.acknowledged_by, after.state) == ("Ada", "acknowledged")


def test_an_alert_says_what_it_said_then_and_was_as_bad_as_it_was_then() -> None:
    mild = alert(severity=Severity.P3, message="a: no reading for 10 s.", action="Wait.")
    bad = worsened(mild, Severity.P2, T + 600.0).but(message="a: no reading for 15 min.", action="Go and look.")
    over = bad.but(was=noted(bad, T + 900.0), message="a was silent for 15 min.")
    for then, severity, message, sayings in (
        (T + 599.0, Severity.P3, "a: no reading for 10 s.", 0),
        (T + 600.0, Severity.P2, "a: no reading for 15 min.", 1),
        (T + 900.0, Severity.P2, "a was silent for 15 min.", 2),
    ):
        (was,) = alerts_then([over], [], then)
        assert (was.severity, was.message, len(was.was)) == (severity, message, sayings)
    (first,) = alerts_then([over], [], T + 599.0)
    assert first.action == "Wait."


def test_what_was_acknowledged_before_it_got_worse_wants_it_again_from_then_on() -> None:
    seen = acknowledged(alert(severity=Severity.P3), T + 100.0, "ada")
    worse = worsened(seen, Severity.P1, T + 200.0)
    again = acknowledged(worse, T + 300.0, "bob")
    journal = [entry("acknowledge", T + 100.0, who="ada"), entry("acknowledge", T + 300.0, who="bob")]
    for then, who in ((99.0, None), (100.0, "ada"), (199.0, "ada"), (200.0, None), (299.0, None), (300.0, "bob")):
        (was,) = alerts_then([again], journal, T + then)
        assert (was.acknowledged_by, was.state) == (who, "acknowledged" if who else "active")


def test_danger_that_had_gone_waited_for_somebody() -> None:
    latched = alert(severity=Severity.P1, cleared_at=T + 10, closed_at=T + 100, acknowledged_at=T + 100)
    (was,) = alerts_then([latched], [], T + 50)
    assert (was.open, was.cleared_at, was.state) == (True, T + 10, "returned")


def test_what_closed_more_than_a_day_before_is_left_out() -> None:
    over = alert(closed_at=T + 1)
    assert alerts_then([over], [], T + DAY) == [replace(over, state="closed")]
    assert alerts_then([over], [], T + DAY + 1) == []


def test_an_alert_is_explained_only_once_its_incident_is_there() -> None:
    member = alert("m", suppressed="incident", incident="i")
    incident = alert("i", opened_at=T + 60, scope="cycler:x", members=("m", "later"))
    later = alert("later", opened_at=T + 90, suppressed="incident", incident="i")
    (alone,) = alerts_then([member, incident, later], [], T + 30)
    assert (alone.suppressed, alone.incident) == (None, None)
    together = {one.id: one for one in alerts_then([member, incident, later], [], T + 70)}
    assert together["m"].suppressed == "incident"
    assert together["i"].members == ("m",)


def test_what_was_said_later_is_not_there_yet() -> None:
    told = alert(comments=(Comment(at=T + 5, who="a", text="one"), Comment(at=T + 50, who="a", text="two")))
    (was,) = alerts_then([told], [], T + 20)
    assert [comment.text for comment in was.comments] == ["one"]


PLACE = Place(channel="x-1", cycler="x", chamber="c")


def phase(largest: float = 2.0, **row: Any) -> str:
    known = {"unix_time_second": T, "arrival_time_second": T + 1, **row}
    shape = {"cadence": 1.0, "largest_ampere": largest, "cycle_count": 3, "health": 0.9}
    return state_then(known, PLACE, alerts=(), **shape).phase  # type: ignore[arg-type]


def test_what_a_cell_was_doing_follows_from_its_step_else_from_its_current() -> None:
    assert phase(step_type="CC_CHG", current_ampere=0.0) == "charging"
    assert phase(step_type="REST", current_ampere=0.3) == "resting"
    assert phase(current_ampere=-0.5) == "discharging"
    assert phase(current_ampere=0.019) == "resting"
    assert phase(current_ampere=float("nan")) == "resting"
    assert phase(step_type="CC_CHG", channel_status="finished") == "finished"


def test_a_channel_carries_its_worst_alert_and_when_it_was_heard() -> None:
    called = by_channel([alert("a"), alert("b", severity=Severity.P1), alert("c", closed_at=T)])["x-1"]
    row = {"unix_time_second": T, "arrival_time_second": None}
    state = state_then(row, PLACE, cadence=10.0, largest_ampere=0.0, cycle_count=None, health=None, alerts=called)
    assert (state.alerts, state.severity, state.arrival_time_second) == (2, "P1", T)
    assert (state.state_at(T + 25), state.state_at(T + 26)) == ("resting", "silent")


def test_a_cadence_is_said_or_learned_or_the_last_known() -> None:
    assert cadence_of(replace(PLACE, poll_seconds=30.0), [1, 2, 3, 4, 5], None) == 30.0
    assert cadence_of(PLACE, [0, 0, 10, 10, 20, 35, 45], 99.0) == 10.0
    assert cadence_of(PLACE, [0, 10], 99.0) == 99.0
    assert cadence_of(PLACE, [], None) == 30.0
