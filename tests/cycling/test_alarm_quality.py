"""The quality of alerts: a day made by hand to exact counts, and what must hold of any log."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycling.alarm_figures import ABOVE, ALL, GOOD, OVER, TOO_FEW, Figure
from cycling.alarm_quality import Quality, announced_at, quality
from cycling.alarm_rates import chatters, floods, most_within, must_have_chattered, per_slice
from cycling.types import Alert, Notice, Severity

DAY, HOUR, TEN = 86_400.0, 3600.0, 600.0
MIDNIGHT = 1_700_006_400.0
END = MIDNIGHT + DAY


def alert(at: float, *, kind: str = "contact-lost", scope: str = "channel:a-01", **facts: Any) -> Alert:
    """Opened so many seconds after midnight, told at once, closed after an hour, but for what is said."""
    opened = MIDNIGHT + at
    given: dict[str, Any] = {
        "id": f"{kind}|{scope}|{at}",
        "kind": kind,
        "scope": scope,
        "severity": Severity.P3,
        "channels": ("a-01",),
        "test": None,
        "opened_at": opened,
        "closed_at": opened + HOUR,
        "announced_at": opened,
        "message": "Something is wrong.",
    }
    return Alert(**{**given, **facts})


def notice(at: float, reason: str = "opened") -> Notice:
    return Notice(
        id=f"{at}", sent_at=MIDNIGHT + at, alert="x", severity=Severity.P3, reason=reason, text="", channel_count=1
    )


def the_day() -> list[Alert]:
    """A day with a rush of 13 at 02:00, a source that chatters at 06:00, one that flutters, two left open for more
    than a day, and things that nobody was told of."""
    rush = [alert(2 * HOUR + 30 * n, scope=f"channel:a-{n:02d}") for n in range(13)]
    again = [alert(6 * HOUR + 25 * n, kind="frozen", closed_at=MIDNIGHT + 6 * HOUR + 25 * n + 5) for n in range(3)]
    counted = alert(7 * HOUR, kind="thermocouple-open", raised=9, closed_at=MIDNIGHT + 7 * HOUR + 200)
    short = alert(8 * HOUR, kind="over-voltage", severity=Severity.P1, closed_at=MIDNIGHT + 8 * HOUR + 59)
    seen = [
        alert(9 * HOUR, severity=Severity.P2, acknowledged_at=MIDNIGHT + 9 * HOUR + 60),
        alert(10 * HOUR, severity=Severity.P2, acknowledged_at=MIDNIGHT + 10 * HOUR + 180),
        alert(11 * HOUR, closed_at=None, acknowledged_at=MIDNIGHT + 11 * HOUR + 300),
    ]
    left = [alert(-30 * HOUR, scope="channel:b", closed_at=None), alert(-25 * HOUR, scope="channel:c", closed_at=END)]
    aside = [
        alert(12 * HOUR, scope="channel:d", closed_at=None, suppressed="shelved", shelved_until=END + HOUR),
        alert(13 * HOUR, scope="channel:e", closed_at=None, out_of_service_at=MIDNIGHT + 14 * HOUR),
    ]
    untold = [
        alert(15 * HOUR, announced_at=None, suppressed="maintenance"),
        alert(15 * HOUR, scope="channel:f", announced_at=None, suppressed="incident"),
        alert(15 * HOUR, scope="channel:g", announced_at=None, suppressed="incident"),
        alert(15 * HOUR, scope="channel:h", announced_at=None, severity=Severity.P4),
    ]
    old = alert(20 * HOUR, scope="channel:i", announced_at=None)
    later = alert(24 * HOUR, scope="channel:j", closed_at=None)
    return [*rush, *again, counted, short, *seen, *left, *aside, *untold, old, later]


def value(of: Quality, key: str) -> float | None:
    return next(figure.value for figure in of.figures if figure.key == key)


def verdicts(of: Quality) -> dict[str, str]:
    return {figure.key: figure.verdict for figure in of.figures}


def test_a_day_made_by_hand_is_counted_exactly() -> None:
    notices = [notice(1), notice(2), notice(3, "resolved"), notice(-1), notice(DAY)]
    found = quality(the_day(), notices, MIDNIGHT, END)
    assert found.alerts == 13 + 3 + 1 + 1 + 3 + 2 + 1
    expected = {
        "a-day": 24,
        "worst-day": 24,
        "ten-minutes": 24 / 144,
        "worst-ten-minutes": 13,
        "crowded-ten-minutes": 1 / 144,
        "crowded-hours": 0,
        "in-flood": (TEN + 8 * 30 - 300) / DAY,  # from the eleventh until only four are younger than ten minutes
        "top-ten": None,
        "chattering": 2,
        "fleeting": 1,
        "stale": 1,
        "stale-worst-day": 2,
        "standing": 2,
        "shelved": 1,
        "out-of-service": 1,
        "danger": 1 / 24,
        "call": 2 / 24,
        "acknowledged-half": 180,
        "acknowledged-most": pytest.approx(288),
    }
    assert {figure.key: figure.value for figure in found.figures} == expected
    assert found.severities == {"P1": 1, "P2": 2, "P3": 21, "P4": 0}
    assert found.suppressed == {"maintenance": 1, "incident": 2, "shelved": 1}
    assert found.notices == {"opened": 2, "resolved": 1}
    assert found.unacknowledged == 21
    [flood] = found.floods
    assert (flood.since, flood.until) == (MIDNIGHT + 2 * HOUR + 300, MIDNIGHT + 2 * HOUR + 240 + TEN)
    assert flood.alerts == 13
    assert [source.kind for source in found.chattering] == ["frozen", "thermocouple-open"]
    assert [(source.kind, source.alerts) for source in found.fleeting] == [("over-voltage", 1)]
    assert (found.top[0].kind, found.top[0].scope, found.top[0].alerts) == ("contact-lost", "channel:a-01", 4)
    assert found.top[0].share == 4 / 24
    assert [(day.alerts, day.stale) for day in found.days] == [(24, 2)]
    assert found.stale == ("contact-lost|channel:b|-108000.0",)


def test_the_day_made_by_hand_is_judged() -> None:
    said = verdicts(quality(the_day(), [], MIDNIGHT, END))
    assert {key for key, word in said.items() if word == OVER} == {"worst-ten-minutes", "chattering", "fleeting"}
    assert said["top-ten"] == TOO_FEW
    assert said["acknowledged-half"] == said["out-of-service"] == ""
    assert {word for key, word in said.items() if key in ("a-day", "danger", "call", "in-flood", "stale")} == {GOOD}


def test_a_log_without_alerts_is_good_and_says_what_it_cannot_say() -> None:
    said = verdicts(quality([], [], MIDNIGHT, END))
    assert set(said.values()) == {GOOD, TOO_FEW, ""}


def test_days_are_counted_from_the_begin_and_the_worst_is_told() -> None:
    log = [alert(at, closed_at=None) for at in (0.0, 1.0, DAY + 5, 2 * DAY + 1)]
    found = quality(log, [], MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert [(day.alerts, day.stale) for day in found.days] == [(2, 0), (1, 2), (1, 3)]
    assert (value(found, "worst-day"), value(found, "stale-worst-day")) == (2, 3)


def test_two_hundred_alerts_of_as_many_sources_are_spread_well_enough() -> None:
    log = [alert(400.0 * n, scope=f"channel:a-{n}") for n in range(200)]
    found = quality(log, [], MIDNIGHT, END)
    assert value(found, "top-ten") == pytest.approx(0.05)
    assert verdicts(found)["a-day"] == ABOVE


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"announced_at": 5.0}, 5.0),
        ({"announced_at": 5.0, "suppressed": "shelved"}, 5.0),
        ({"announced_at": None}, MIDNIGHT),
        ({"announced_at": None, "suppressed": "incident"}, None),
        ({"announced_at": None, "severity": Severity.P4}, None),
    ],
)
def test_an_alert_counts_from_when_people_were_told(facts: dict[str, Any], expected: float | None) -> None:
    assert announced_at(alert(0.0, **facts)) == expected


def test_a_figure_is_held_against_its_bounds() -> None:
    figure = Figure(key="x", name="x", target=150, limit=300, value=150)
    share = Figure(key="x", name="x", target=0.01, limit=0.01, below=True, value=0.01)
    assert (figure.verdict, share.verdict) == (GOOD, OVER)
    assert len({figure.key for figure in ALL}) == len(ALL)


def test_counted_activations_chatter_only_where_there_is_no_other_way() -> None:
    assert must_have_chattered(3, 60.0)
    assert not must_have_chattered(3, 60.5)  # at 0 s, 30 s and 60.5 s
    assert must_have_chattered(5, 120.0)
    assert not must_have_chattered(2, 0.0)
    assert not must_have_chattered(10, 3600.0)


moments = st.lists(st.integers(0, 20_000), max_size=80).map(lambda found: sorted(map(float, found)))


def within(times: list[float], at: float, seconds: float = TEN) -> int:
    return sum(at - seconds < time <= at for time in times)


@given(moments)
def test_the_worst_window_is_the_worst_of_all(times: list[float]) -> None:
    assert most_within(times, TEN) == max((within(times, at) for at in times), default=0)


@given(moments, st.sampled_from([TEN, HOUR, 777.0]))
def test_slices_hold_every_moment_once(times: list[float], seconds: float) -> None:
    counts = per_slice(times, 0.0, 20_001.0, seconds)
    assert len(counts) == math.ceil(20_001.0 / seconds)
    assert counts.sum() == len(times)
    assert [int(n) for n in counts] == [
        sum(k * seconds <= t < (k + 1) * seconds for t in times) for k in range(len(counts))
    ]


@given(moments)
def test_floods_begin_and_end_where_they_are_defined(times: list[float]) -> None:
    """Second by second: a flood is on from more than 10 in ten minutes until fewer than 5."""
    until = 21_000.0
    found, on = floods(times, until), False
    for second in range(int(until)):
        count = within(times, second)
        on = count > 10 or (on and count >= 5)
        assert on == any(flood.since <= second < flood.until for flood in found), second
    assert all(flood.since < flood.until and flood.alerts > 10 for flood in found)


@given(moments)
def test_three_in_a_minute_chatter(times: list[float]) -> None:
    assert chatters(times) == any(sum(at - 60 <= time <= at for time in times) >= 3 for at in times)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=12).map(lambda found: sorted({0, *found})))
def test_what_must_have_chattered_did(times: list[int]) -> None:
    if must_have_chattered(len(times), times[-1]):
        assert chatters([float(time) for time in times])


@st.composite
def logs(draw: st.DrawFn) -> list[Alert]:
    found = []
    for n in range(draw(st.integers(0, 30))):
        at = float(draw(st.integers(-int(2 * DAY), int(2 * DAY))))
        closed = draw(st.none() | st.integers(0, int(2 * DAY)).map(float))
        facts = {
            "id": str(n),
            "severity": draw(st.sampled_from(list(Severity))),
            "closed_at": None if closed is None else MIDNIGHT + at + closed,
            "announced_at": MIDNIGHT + at if draw(st.booleans()) else None,
            "suppressed": draw(st.sampled_from([None, "maintenance", "incident", "shelved"])),
            "raised": draw(st.integers(1, 5)),
            "acknowledged_at": draw(st.none() | st.just(MIDNIGHT + at + 10)),
            "shelved_until": draw(st.none() | st.just(END + 60)),
        }
        scope = draw(st.sampled_from(["channel:a", "channel:b", "lab"]))
        found.append(alert(at, scope=scope, **facts))
    return found


@given(logs(), st.randoms())
def test_what_must_hold_of_any_log(log: list[Alert], chance: Any) -> None:
    found = quality(log, [], MIDNIGHT - DAY, END)
    assert found.alerts == sum(found.severities.values()) == sum(day.alerts for day in found.days)
    assert sum(source.alerts for source in found.top) == found.alerts
    assert sum(source.share for source in found.top) == pytest.approx(1.0 if found.alerts else 0.0)
    assert all(figure.value is None or figure.value >= 0 for figure in found.figures)
    shares = [figure.value for figure in found.figures if figure.unit == "share"]
    assert all(share is None or share <= 1 for share in shares)
    assert (value(found, "stale") or 0) <= (value(found, "stale-worst-day") or 0)
    shuffled = chance.sample(log, len(log))
    assert quality(shuffled, [], MIDNIGHT - DAY, END) == found
    told = found.to_json()
    assert [figure["verdict"] for figure in told["figures"]] == [figure.verdict for figure in found.figures]
