"""The morning digest and the reminders, as pure functions of alerts and time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cycling.digest import Lines, digest, due_day
from cycling.reminders import ToldOf, forgotten, reminder
from cycling.routing import Routing
from cycling.types import Alert, Severity

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC).timestamp()  # Tuesday, 07:30 in Zurich
DAY = date(2026, 11, 24)
HOUR = 3600.0
SINCE = NOW - 24 * HOUR


def alert(name: str, kind: str = "contact-lost", severity: str = "P3", ago: float = HOUR, **facts: Any) -> Alert:
    channel = f"c-1-{name}"
    usual: dict[str, Any] = {
        "id": name,
        "kind": kind,
        "severity": Severity(severity),
        "scope": f"channel:{channel}",
        "channels": (channel,),
        "test": None,
        "opened_at": NOW - ago,
        "message": f"{channel}: something.",
    }
    return Alert(**{**usual, **facts})


def text_of(*alerts: Alert, **more: Any) -> str:
    found = digest(DAY, alerts, SINCE, NOW, **more)
    return "" if found is None else found.text


def test_nothing_is_said_when_nothing_happened() -> None:
    assert digest(DAY, [], SINCE, NOW) is None
    assert digest(DAY, [alert("01", severity="P4", ago=HOUR)], SINCE, NOW, Lines(concerns=lambda _: False)) is None
    told_yesterday = [alert("01", kind="stalled", ago=30 * HOUR, raised=9)]
    assert digest(DAY, told_yesterday, SINCE, NOW, free_at={"c-1-01": NOW + HOUR}) is None
    silent = [alert("01", suppressed="maintenance"), alert("02", suppressed="incident", incident="x")]
    assert digest(DAY, silent, SINCE, NOW) is None


def test_it_tells_what_happened_in_order_of_severity() -> None:
    told = digest(
        DAY,
        [
            alert("01", kind="frozen"),
            alert("02", kind="over-temperature", severity="P1", closed_at=NOW - 60),
            alert("03", kind="end-of-life"),
            alert("04", kind="knee"),
            alert("05", kind="finished", severity="P4"),
            alert("06", kind="stalled", severity="P2"),
            alert("07", kind="never-started", severity="P2", ago=50 * HOUR),
            alert("08", kind="frozen", raised=9),
            alert("09", kind="forecast-moved"),
        ],
        SINCE,
        NOW,
        free_at={"c-1-20": NOW + 49 * HOUR, "c-1-21": NOW + 30 * 24 * HOUR},
    )
    assert told is not None
    assert told.text.splitlines() == [
        "Digest, the last 24 h:",
        "New alerts: 1 P1, 1 P2, 5 P3.",
        "- P1 c-1-02: something.",
        "- P2 c-1-06: something.",
        "- P3 c-1-01: something.",
        "- P3 c-1-03: something.",
        "- P3 c-1-04: something.",
        "- and 2 more",
        "Past end of life: c-1-03.",
        "Knee seen: c-1-04.",
        "Finished, channel free: c-1-05.",
        "Forecast moved: c-1-09.",
        "Stopped now: c-1-07, c-1-06.",
        "Free this week: c-1-20 in 2 days.",
        "Chattering: c-1-08 (frozen).",
        "Open for more than a day: c-1-07 (never-started).",
    ]
    assert (told.id, told.reason, told.alert) == ("digest-2026-11-24", "digest", "")


def test_it_stays_short_whatever_happened() -> None:
    many = [alert(f"{n:03}", kind="knee", message="x" * 900) for n in range(300)]
    assert len(text_of(*many)) <= 1300


def test_a_person_is_told_of_their_own() -> None:
    mine = Lines(whose="ada", concerns=lambda one: one.id == "01")
    told = digest(DAY, [alert("01"), alert("02")], SINCE, NOW, mine)
    assert told is not None
    assert told.id == "digest-2026-11-24-ada"
    assert "New alerts: 1 P3." in told.text


@pytest.mark.parametrize(
    ("at", "last", "due"),
    [
        (NOW, None, DAY),
        (NOW - 1, None, None),  # 07:29:59
        (NOW + 8 * HOUR, ("2026-11-23", 0.0), DAY),  # late, as after a restart
        (NOW, ("2026-11-24", 0.0), None),
        (NOW - 48 * HOUR, None, None),  # a Sunday
        (NOW - 24 * HOUR, ("2026-11-20", 0.0), date(2026, 11, 23)),
    ],
)
def test_it_is_due_once_a_working_day_at_local_time(
    at: float, last: tuple[str, float] | None, due: date | None
) -> None:
    assert due_day(Routing(), ZURICH, last, at) == due


def told_of(at: float = NOW - HOUR, **facts: Any) -> ToldOf:
    return ToldOf(**{"alert": "01", "alerts": ("01",), "targets": {"webhook": 0.0}, "at": at, **facts})


@pytest.mark.parametrize(
    ("severity", "ago", "due"),
    [("P1", 14, False), ("P1", 15, True), ("P2", 239, False), ("P2", 240, True), ("P3", 10_000, False)],
)
def test_a_reminder_comes_after_its_time(severity: str, ago: float, due: bool) -> None:
    open_alerts = {"01": alert("01", severity=severity, ago=HOUR)}
    assert (reminder(told_of(NOW - ago * 60), open_alerts, Routing(), NOW) is not None) is due


@pytest.mark.parametrize(
    "facts",
    [
        {"acknowledged_at": NOW},
        {"suppressed": "design"},
        {"shelved_until": NOW + 60, "suppressed": "shelved"},
        {"out_of_service_at": NOW},
        {"incident": "x", "suppressed": "incident"},
        {"closed_at": NOW},
    ],
)
def test_no_reminder_of_what_needs_nobody(facts: dict[str, Any]) -> None:
    assert reminder(told_of(), {"01": alert("01", severity="P1", **facts)}, Routing(), NOW) is None


def test_a_reminder_says_how_long_and_counts_who_still_waits() -> None:
    alerts = {
        name: alert(name, severity="P1", ago=2 * HOUR, action="Look.", **facts)
        for name, facts in {"01": {"acknowledged_at": NOW}, "02": {}, "03": {}}.items()
    }
    told = reminder(told_of(alerts=("01", "02", "03"), reminders=2), alerts, Routing(), NOW)
    assert told is not None
    assert told.text == "Still open and not acknowledged after 2 h: c-1-02: something. First: Look."
    assert (told.id, told.channels, told.alerts) == ("01-reminder-3", ("c-1-02", "c-1-03"), ("02", "03"))
    assert reminder(told_of(), {"01": alert("01", severity="P1")}, Routing(remind_p1_minutes=0), NOW) is None


def test_a_latched_alert_that_has_cleared_still_wants_to_be_acknowledged() -> None:
    told = reminder(told_of(), {"01": alert("01", severity="P1", cleared_at=NOW - 60)}, Routing(), NOW)
    assert told is not None
    assert told.text.startswith("Not acknowledged after 60 min")


def test_what_was_closed_long_ago_is_forgotten() -> None:
    old = told_of(NOW - 25 * HOUR)
    assert forgotten([old, told_of()], {}, NOW) == ["01"]
    assert forgotten([old], {"01": alert("01")}, NOW) == []
