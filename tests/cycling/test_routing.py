"""Who is told of what, and when: the table of routes, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from cycling.routing import (
    About,
    Hours,
    Person,
    Route,
    Routing,
    about,
    digest_targets,
    recipients,
)
from cycling.types import Notice, Severity

ZURICH = ZoneInfo("Europe/Zurich")
MONDAY_NOON = datetime(2026, 11, 23, 11, tzinfo=UTC).timestamp()  # 12:00 in Zurich
MONDAY_NIGHT = datetime(2026, 11, 23, 21, tzinfo=UTC).timestamp()
FRIDAY_NIGHT = datetime(2026, 11, 27, 21, tzinfo=UTC).timestamp()
TUESDAY_8 = datetime(2026, 11, 24, 7, tzinfo=UTC).timestamp()
NEXT_MONDAY_8 = datetime(2026, 11, 30, 7, tzinfo=UTC).timestamp()
ADA = Person(id="ada", notify=("CELLWATCH_NOTIFY_ADA",))
BOB = Person(id="bob", notify=("CELLWATCH_NOTIFY_BOB", "CELLWATCH_NOTIFY_BOB_PHONE"))
ALL = ("ada", "bob")


def notice(severity: str = "P2", kind: str = "contact-lost", scope: str = "channel:c-1-01") -> Notice:
    return Notice(
        id="n",
        sent_at=0.0,
        alert="a",
        severity=Severity(severity),
        reason="opened",
        text="",
        channel_count=1,
        kind=kind,
        scope=scope,
        channels=("c-1-01",),
    )


def told(*routes: Route, of: Notice | None = None, at: float = MONDAY_NOON, **facts: object) -> dict[str, float]:
    """Targets and how many seconds later each is told."""
    places = frozenset({"cycler:c-1", "chamber:warm", "power_circuit:A"})
    around = About(places=places, **{name: frozenset(value) for name, value in facts.items()})  # type: ignore[call-overload]
    found = recipients(of or notice(), around, Routing(people=(ADA, BOB), routes=routes), ZURICH, at)
    return {one.target.removeprefix("CELLWATCH_NOTIFY_"): one.not_before - at for one in found}


def test_without_routes_only_the_webhook_is_told() -> None:
    assert told() == {"webhook": 0}


def test_the_webhook_gets_everything_unless_a_route_names_it() -> None:
    assert told(Route(to=("ada",))) == {"webhook": 0, "ADA": 0}
    assert told(Route(to=("ada",)), Route(to=("webhook",), severities=(Severity.P1,))) == {"ADA": 0}
    assert told(Route(to=("webhook",))) == {"webhook": 0}


@pytest.mark.parametrize(
    ("route", "fits"),
    [
        (Route(to=("ada",)), True),
        (Route(to=("ada",), severities=(Severity.P1,)), False),
        (Route(to=("ada",), severities=(Severity.P1, Severity.P2)), True),
        (Route(to=("ada",), kinds=("contact-lost",)), True),
        (Route(to=("ada",), kinds=("frozen",)), False),
        (Route(to=("ada",), scopes=("lab",)), True),
        (Route(to=("ada",), scopes=("cycler:c-1",)), True),
        (Route(to=("ada",), scopes=("cycler:c-2",)), False),
        (Route(to=("ada",), scopes=("chamber:warm",)), True),
        (Route(to=("ada",), scopes=("chamber:cold", "power_circuit:A")), True),
        (Route(to=("ada",), scopes=("channel:c-1-01",)), True),
        (Route(to=("ada",), scopes=("channel:c-1-02",)), False),
        (Route(to=("ada",), scopes=("batch:B7",)), True),
        (Route(to=("ada",), scopes=("batch:B8",)), False),
        (Route(to=("ada",), owners=("ada", "eve")), True),
        (Route(to=("ada",), owners=("eve",)), False),
        (Route(to=("ada",), owners=("ada",), scopes=("cycler:c-2",)), False),
    ],
)
def test_every_condition_of_a_route_must_fit(route: Route, fits: bool) -> None:
    assert ("ADA" in told(route, owners=["ada"], batches=["B7"])) is fits


def test_p3_waits_for_the_digest_unless_the_route_says_otherwise() -> None:
    p3 = notice("P3")
    assert told(Route(to=("ada",)), of=p3) == {"webhook": 0}
    assert told(Route(to=("ada",), when="always"), of=p3) == {"webhook": 0, "ADA": 0}
    assert told(Route(to=("ada",), when="digest"), of=notice("P1")) == {"webhook": 0}
    assert told(Route(to=("ada",)), of=notice("P4")) == {"webhook": 0}


def test_working_hours_put_off_and_the_unattended_are_told_instead() -> None:
    route = Route(to=("ada",), when="working-hours", unattended=("bob",))
    assert told(route) == {"webhook": 0, "ADA": 0}
    later = TUESDAY_8 - MONDAY_NIGHT
    assert told(route, at=MONDAY_NIGHT) == {"webhook": 0, "ADA": later, "BOB": 0, "BOB_PHONE": 0}
    alone = Route(to=("ada",), when="working-hours")
    assert told(alone, at=FRIDAY_NIGHT) == {"webhook": 0, "ADA": NEXT_MONDAY_8 - FRIDAY_NIGHT}


def test_of_two_routes_the_earlier_one_counts_and_nobody_is_told_twice() -> None:
    routes = Route(to=("ada",), when="working-hours"), Route(to=("ada", "CELLWATCH_NOTIFY_ADA"))
    assert told(*routes, at=MONDAY_NIGHT) == {"webhook": 0, "ADA": 0}


def test_the_owner_is_whoever_owns_the_tests() -> None:
    assert told(Route(to=("owner",)), owners=["bob"]) == {"webhook": 0, "BOB": 0, "BOB_PHONE": 0}
    assert told(Route(to=("owner",)), owners=["nobody known"]) == {"webhook": 0}


def test_working_hours_follow_the_clock_of_the_lab_over_the_change_to_summer_time() -> None:
    hours = Hours(begin=time(8), end=time(18), days=("sun",))
    saturday = datetime(2027, 3, 27, 12, tzinfo=UTC).timestamp()
    assert hours.next_at_work(saturday, ZURICH) == datetime(2027, 3, 28, 6, tzinfo=UTC).timestamp()
    at_work = datetime(2027, 3, 28, 15, 59, tzinfo=UTC).timestamp()
    assert hours.next_at_work(at_work, ZURICH) == at_work
    over = datetime(2027, 3, 28, 16, tzinfo=UTC).timestamp()
    assert hours.next_at_work(over, ZURICH) == datetime(2027, 4, 4, 6, tzinfo=UTC).timestamp()


def test_the_digest_goes_to_routes_that_leave_something_for_it() -> None:
    now = Route(to=("bob",), severities=(Severity.P1, Severity.P2))
    assert digest_targets(Routing()) == {None: ("webhook",)}
    assert digest_targets(Routing(people=(ADA, BOB), routes=(now, Route(to=("ada",))))) == {
        None: ("webhook", "CELLWATCH_NOTIFY_ADA")
    }
    mine = Routing(people=(ADA, BOB), routes=(Route(to=("ada",)), Route(to=("owner",))))
    assert digest_targets(mine) == {None: ("webhook", "CELLWATCH_NOTIFY_ADA"), "bob": BOB.notify}


def test_tests_are_asked_for_only_where_routes_need_them() -> None:
    assert not Routing(people=(ADA,), routes=(Route(to=ALL, scopes=("lab",)),)).needs_tests
    assert Routing(routes=(Route(to=("owner",)),)).needs_tests
    assert Routing(routes=(Route(to=ALL, owners=("ada",)),)).needs_tests
    assert Routing(routes=(Route(to=ALL, scopes=("batch:B7",)),)).needs_tests


def test_what_a_notice_is_about_comes_from_its_channels() -> None:
    found = about(notice(), lambda channel: (f"cycler:{channel[:3]}",), {"c-1-01": "ada"}.get, {"c-1-02": "B"}.get)
    assert found == About(owners=frozenset({"ada"}), batches=frozenset(), places=frozenset({"cycler:c-1"}))
