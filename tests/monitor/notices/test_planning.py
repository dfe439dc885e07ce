"""To whom a notice goes, given what was told before."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cycling.reminders import ToldOf
from cycling.routing import About, Person, Route, Routing
from cycling.types import Notice, Severity
from monitor.planning import Plan, plan, told_of
from tests.monitor.notices.conftest import notice

UTC = ZoneInfo("UTC")
NOW = 1_795_500_000.0  # a Tuesday, 06:00
WORK = NOW + 2 * 3600
ADA = Person(id="ada", notify=("CELLWATCH_NOTIFY_ADA",))
TARGETS = {"webhook": ("webhook",), "CELLWATCH_NOTIFY_ADA": ("CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_ADA:2")}
AT_WORK = Routing(people=(ADA,), routes=(Route(to=("ada",), when="working-hours"),))
DANGER = Routing(people=(ADA,), routes=(Route(to=("ada",), severities=(Severity.P1,)),))


def planned(of: Notice, before: ToldOf | None = None, routing: Routing = DANGER) -> Plan:
    return plan(of, before, About(), routing, UTC, TARGETS, NOW)


def ways(found: Plan) -> dict[str, float]:
    return {one.target: one.not_before - NOW for one in found.deliveries}


def told(**targets: float) -> ToldOf:
    return ToldOf(alert="a", alerts=("a", "b"), targets=targets, at=NOW - 60)


def test_an_opening_is_told_and_remembered_with_everything_it_tells_of() -> None:
    found = planned(notice(alert="a", alerts=("a", "b"), severity=Severity.P1))
    assert ways(found) == {"webhook": 0, "CELLWATCH_NOTIFY_ADA": 0, "CELLWATCH_NOTIFY_ADA:2": 0}
    assert found.told is not None
    assert (found.told.alerts, set(found.told.targets), found.told.at) == (("a", "b"), set(ways(found)), NOW)


def test_a_variable_that_is_not_set_is_named_and_nobody_waits_for_it() -> None:
    routing = Routing(routes=(Route(to=("CELLWATCH_NOTIFY_BOB",)),))
    found = plan(notice(), None, About(), routing, UTC, {}, NOW)
    assert (found.deliveries, found.told, found.unset) == ((), None, ("CELLWATCH_NOTIFY_BOB",))


def test_an_escalation_reaches_who_is_called_now_and_who_knew() -> None:
    found = planned(notice(alert="a", reason="escalated", severity=Severity.P1), told(earlier=0.0, webhook=0.0))
    assert set(ways(found)) == {"earlier", "webhook", "CELLWATCH_NOTIFY_ADA", "CELLWATCH_NOTIFY_ADA:2"}


def test_an_escalation_does_not_wait_where_the_opening_did() -> None:
    before = told(**{"CELLWATCH_NOTIFY_ADA": WORK})
    found = planned(notice(alert="a", reason="escalated", severity=Severity.P1), before)
    assert ways(found)["CELLWATCH_NOTIFY_ADA"] == 0


def test_an_end_waits_where_its_beginning_still_waits() -> None:
    found = planned(notice(alert="a", alerts=("a", "b"), reason="resolved"), told(ada=WORK, webhook=NOW - 60))
    assert ways(found) == {"ada": 7200, "webhook": 0}
    assert (found.forget, found.told) == ("a", None)


def test_of_a_group_the_rest_is_remembered_when_one_ends() -> None:
    before = told(webhook=0.0)
    of = notice(alert="b", reason="resolved")
    assert told_of(of, {"a": before}) == before
    found = planned(of, before)
    assert found.told is not None
    assert (found.told.alert, found.told.alerts, found.forget) == ("a", ("a",), None)


def test_an_end_of_what_nobody_knew_of_goes_where_the_routes_say() -> None:
    assert ways(planned(notice(reason="resolved"))) == {"webhook": 0}
    assert ways(planned(notice(reason="resolved", severity=Severity.P3), routing=AT_WORK))["webhook"] == 0


def test_a_reminder_reaches_only_who_knew_and_is_told_now() -> None:
    of = notice(alert="a", reason="reminder")
    before = told(**{"CELLWATCH_NOTIFY_ADA": NOW - 60, "webhook": NOW - 60})
    found = planned(of, before, AT_WORK)  # it is night
    assert ways(found) == {"webhook": 0}
    assert found.told is not None
    assert (found.told.reminders, found.told.at, found.told.targets) == (1, NOW, before.targets)


def test_what_the_watch_reminds_of_waits_for_those_who_are_not_at_work() -> None:
    of = notice(alert="a", reason="reminder")
    found = plan(of, told(ada=WORK, webhook=NOW - 60), About(), AT_WORK, UTC, TARGETS, NOW, routine=False)
    assert ways(found) == {"ada": 7200, "webhook": 0}
