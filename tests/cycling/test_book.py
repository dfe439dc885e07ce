"""The book of alerts by itself: nobody who must be told is forgotten, nothing lasts for ever or is told twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cycling.book import Book
from cycling.detectors.base import Words
from cycling.judge import BEGINS, ENDS, WORSENS, Finding
from cycling.outages import How, Return
from cycling.recording import Recording
from cycling.silence import Silenced
from cycling.topology import Chamber, Cycler, Maintenance, Topology, places_of
from cycling.types import Alert, Notice, Severity

NOW = 1_700_000_000.0
P1, P2, P3 = Severity.P1, Severity.P2, Severity.P3
ESCALATIONS = {"channel-silent": 900.0, "cycler-silent": 900.0}


def lab_of(cyclers: int = 2, channels: int = 4, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Topology:
    every = tuple(
        Cycler(id=f"c{n}", channels=channels, chamber="room", power_circuit="AB"[n % 2]) for n in range(cyclers)
    )
    return Topology(
        cyclers=every, chambers=(Chamber(id="room", setpoint_celsius=25.0),), places=places_of(every, overrides or {})
    )


class Desk:
    """A book, and everything it said."""

    def __init__(self, topology: Topology | None = None, *windows: Maintenance) -> None:
        self.topology, self.windows = topology or lab_of(), windows
        self.alerts: dict[str, Alert] = {}
        self.notices: list[Notice] = []
        self.book = self._begun()

    def _begun(self) -> Book:
        book = Book(self.windows, self.topology.place, ESCALATIONS)
        book.watched(self.topology.places)
        return book

    def find(
        self,
        at: float,
        channel: str = "c0-01",
        kind: str = "contact-lost",
        *,
        what: str = BEGINS,
        severity: Severity = P2,
        **finding: Any,
    ) -> None:
        self.tick(at)
        words = None if what == ENDS else Words(message=f"{kind}.", action="Look.", evidence={"at": at})
        self.book.find(
            Finding(
                at=NOW + at,
                what=what,
                kind=kind,
                severity=severity,
                channel=channel,
                test="T",
                words=words,
                **finding,
            ),
            NOW + at,
        )

    def silent(self, at: float, cycler: str, *channels: str) -> None:
        self.tick(at)
        which = channels or tuple(c for c in self.topology.places if c.startswith(f"{cycler}-"))
        self.book.silence(
            Silenced(at=NOW + at, cycler=cycler, channels=which, last=NOW + at - 120, window=180), lambda _: "T"
        )

    def back(self, at: float, *channels: str, how: How = How.PAUSED) -> None:
        self.tick(at)
        for channel in channels:
            self.book.resumed(Return(channel=channel, at=NOW + at, how=how))

    def say(self, at: float, kind: str, alert: Alert, **said: Any) -> None:
        self.tick(at)
        self.book.hear([{"kind": kind, "alert": alert.id, "who": "ada", "at": NOW + at, **said}])

    def tick(self, at: float) -> None:
        self.book.tick(NOW + at)
        alerts, notices = self.book.news()
        self.alerts |= {alert.id: alert for alert in alerts}
        self.notices += notices

    def restart(self) -> None:
        saved = json.loads(json.dumps(self.book.save()))
        self.book = self._begun()
        self.book.load(saved)
        assert sorted(self.book.save(), key=str) == sorted(saved, key=str)

    def of(self, kind: str) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.kind == kind]

    def one(self, kind: str) -> Alert:
        [found] = self.of(kind)
        return found

    def incident(self, kind: str) -> Alert:
        [found] = [alert for alert in self.of(kind) if alert.members]
        return found

    def told(self) -> list[tuple[str, str, str]]:
        return [(notice.kind, notice.reason, notice.severity.value) for notice in self.notices]


# Time never stands still: what is due is done, and then it is not due any more.


@pytest.mark.timeout(20)
def test_one_that_went_before_it_was_told_and_one_that_has_just_come() -> None:
    desk = Desk()
    desk.find(0.0)
    desk.find(0.1, what=ENDS)
    desk.find(0.2, "c1-01")
    desk.tick(1000)
    assert sum("c1-01" in notice.channels for notice in desk.notices if notice.reason == "opened") == 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize("missing", [0, 1])
def test_an_outage_that_became_danger_ends(missing: int) -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.silent(1, "c1")
    desk.tick(1000)
    desk.find(1001, "c0-01", "chamber-off-setpoint", severity=P1)
    for channel in ("c0-02", "c0-03"):
        desk.find(1001, channel, "chamber-off-setpoint", severity=P1)
    desk.find(1002, "c0-04", "chamber-off-setpoint", severity=P2)
    desk.find(1003, "c0-04", "chamber-off-setpoint", what=WORSENS, severity=P1)
    desk.back(2000, *list(desk.topology.places)[missing:])
    desk.tick(10_000)
    assert not desk.incident("power-outage").burning
    assert [notice.kind for notice in desk.notices if notice.reason == "escalated"] == [
        "power-outage",
        "chamber-off-setpoint",
    ]
    assert len({notice.id for notice in desk.notices}) == len(desk.notices)


@pytest.mark.timeout(20)
def test_an_incident_within_an_outage_ends() -> None:
    desk = Desk(lab_of(2, 8))
    for number in range(1, 7):
        desk.find(0.01 * number, f"c0-0{number}")
    desk.silent(0.5, "c0")
    desk.silent(0.6, "c1")
    for number in range(1, 6):
        desk.find(100, f"c0-0{number}", what=ENDS)
    desk.tick(10_000)
    assert desk.incident("power-outage").open


# Suppressed never means forgotten.


def test_what_begins_after_an_outage_and_lasts_is_told() -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.tick(500)
    desk.back(1000, "c0-01", "c0-02", "c0-03", "c0-04")
    desk.find(1100, "c0-02")
    desk.tick(1500)
    assert desk.one("contact-lost").suppressed == "incident"
    desk.tick(5000)
    assert ("contact-lost", "opened", "P2") in desk.told()
    assert desk.one("contact-lost").suppressed is None


def test_what_begins_while_its_incident_clears_is_told() -> None:
    desk = Desk()
    for number in range(1, 4):
        desk.find(0.01 * number, f"c0-0{number}")
    desk.tick(10)
    for number in range(1, 4):
        desk.find(100 + number, f"c0-0{number}", what=ENDS)
    desk.find(120, "c0-01")
    desk.find(120, "c0-02", "current-off-setpoint")
    desk.tick(20_000)
    open_now = [alert for alert in desk.alerts.values() if alert.burning]
    assert open_now
    assert all(alert.announced_at or alert.incident in {a.id for a in open_now} for alert in open_now)


def test_members_that_join_an_incident_which_was_clearing_raise_it_again() -> None:
    desk = Desk()
    for number in range(1, 4):
        desk.find(0.01 * number, f"c0-0{number}")
    desk.tick(10)
    for number in range(1, 4):
        desk.find(100 + number, f"c0-0{number}", what=ENDS)
    for number in range(1, 5):
        desk.find(130 + 0.01 * number, f"c0-0{number}", "current-off-setpoint")
    desk.tick(5000)
    for alert in desk.of("current-off-setpoint"):
        above = desk.alerts.get(alert.incident or "")
        assert alert.suppressed is None or (above is not None and above.burning)


def test_what_has_no_channels_is_of_no_cycler() -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.tick(10)
    desk.book.recording(Recording(error="The disk is full.", since=NOW - 100), NOW + 20)
    desk.tick(100)
    assert ("recording-held-up", "opened", "P3") in desk.told()


def test_danger_within_planned_work_is_told_also_when_it_came_in_steps() -> None:
    desk = Desk(None, Maintenance(start=NOW - 100, end=NOW + 5000, scope="lab"))
    desk.find(0, kind="over-temperature", severity=P2)
    desk.find(100, kind="over-temperature", what=WORSENS, severity=P1)
    desk.tick(200)
    assert desk.told() == [("over-temperature", "escalated", "P1")]


def test_danger_is_told_though_somebody_shelved_the_lesser_alert() -> None:
    desk = Desk()
    desk.find(0, kind="over-temperature", severity=P2)
    desk.tick(10)
    desk.say(20, "shelve", desk.one("over-temperature"), minutes=600)
    desk.find(100, kind="over-temperature", what=WORSENS, severity=P1)
    desk.tick(200)
    assert desk.told() == [("over-temperature", "opened", "P2"), ("over-temperature", "escalated", "P1")]


def test_a_window_that_was_taken_out_of_the_lab_file_silences_nothing_any_more() -> None:
    desk = Desk(None, Maintenance(start=NOW - 100, end=NOW + 5000, scope="lab"))
    desk.find(0)
    desk.tick(100)
    desk.windows = ()
    desk.restart()
    desk.tick(200)
    assert desk.told() == [("contact-lost", "opened", "P2")]


def test_work_that_goes_on_in_a_second_window_stays_silent() -> None:
    windows = [Maintenance(start=NOW - 100, end=NOW + 500, scope="lab")]
    windows.append(Maintenance(start=NOW + 400, end=NOW + 900, scope="lab"))
    desk = Desk(None, *windows)
    desk.find(0)
    desk.tick(800)
    assert desk.told() == []
    desk.tick(1000)
    assert desk.told() == [("contact-lost", "opened", "P2")]


def test_a_shelf_outlasts_planned_work() -> None:
    desk = Desk(None, Maintenance(start=NOW - 100, end=NOW + 500, scope="lab"))
    desk.find(0)
    desk.tick(1)
    desk.say(10, "shelve", desk.one("contact-lost"), minutes=60)
    desk.tick(3000)
    assert desk.told() == []
    assert desk.one("contact-lost").suppressed == "shelved"
    desk.tick(4000)
    assert desk.told() == [("contact-lost", "opened", "P2")]


def test_a_shelf_that_is_not_known_any_more_is_none() -> None:
    desk = Desk()
    desk.find(0)
    desk.tick(10)
    lost = desk.one("contact-lost").but(suppressed="shelved", shelved_until=None, announced_at=None)
    desk.book = desk._begun()
    desk.book.load([lost.to_json()])
    desk.tick(20)
    assert [alert.suppressed for alert in desk.book.all()] == [None]


def test_out_of_service_and_back_again_is_told_what_came_meanwhile() -> None:
    desk = Desk()
    desk.find(0, severity=P3)
    desk.tick(10)
    desk.say(20, "out-of-service", desk.one("contact-lost"))
    desk.find(100, what=WORSENS, severity=P2)
    desk.tick(200)
    assert desk.told() == [("contact-lost", "opened", "P3")]
    desk.say(300, "return-to-service", desk.one("contact-lost"))
    desk.tick(400)
    assert desk.told()[1:] == [("contact-lost", "opened", "P2")]


@pytest.mark.parametrize(
    ("back", "told"),
    [(400.0, ["opened"]), (690.0, ["opened"]), (710.0, ["opened", "resolved", "opened"])],
)
def test_danger_is_told_to_be_over_once_it_would_be_told_again(back: float, told: list[str]) -> None:
    desk = Desk()
    desk.find(0, kind="over-temperature", severity=P1)
    desk.find(100, kind="over-temperature", what=ENDS, severity=P1)
    desk.find(back, kind="over-temperature", severity=P1)
    desk.tick(back + 100)
    assert [reason for _, reason, _ in desk.told()] == told
    assert len({notice.id for notice in desk.notices}) == len(told)


def test_a_vote_that_is_gone_before_it_is_told_is_not_told() -> None:
    desk = Desk(lab_of(2, 8))
    desk.find(0, kind="chamber-off-setpoint")
    desk.find(580, kind="chamber-off-setpoint", what=ENDS)
    desk.tick(2000)
    assert desk.told() == []


def test_a_chamber_is_well_again_although_something_else_of_it_is_not() -> None:
    desk = Desk()
    votes = [*desk.topology.places]
    for number, channel in enumerate(votes):
        desk.find(0.01 * number, channel, "chamber-off-setpoint")
    desk.find(50, "c0-01", "thermocouple-detached", severity=P3)
    for number, channel in enumerate(votes):
        desk.find(1000 + number, channel, "chamber-off-setpoint", what=ENDS)
    desk.tick(1500)
    assert not desk.incident("chamber-off-setpoint").open
    desk.tick(5000)
    assert ("thermocouple-detached", "opened", "P3") in desk.told()


@pytest.mark.parametrize("severity", [P1, P2])
def test_a_further_vote_that_is_worse_makes_the_incident_worse(severity: Severity) -> None:
    desk = Desk()
    for number, channel in enumerate([*desk.topology.places][:5]):
        desk.find(0.01 * number, channel, "chamber-off-setpoint", severity=P3)
    desk.find(100, "c1-04", "chamber-off-setpoint", severity=severity)
    desk.tick(200)
    assert desk.incident("chamber-off-setpoint").severity is severity
    assert desk.told() == [("chamber-off-setpoint", "opened", "P3"), ("chamber-off-setpoint", "escalated", severity)]


def test_votes_that_turn_to_danger_are_one_notice() -> None:
    desk = Desk()
    for number, channel in enumerate(desk.topology.places):
        desk.find(0.01 * number, channel, "chamber-off-setpoint")
    for number, channel in enumerate(desk.topology.places):
        desk.find(100 + number, channel, "chamber-off-setpoint", what=WORSENS, severity=P1)
    desk.tick(200)
    assert desk.told() == [("chamber-off-setpoint", "opened", "P2"), ("chamber-off-setpoint", "escalated", "P1")]
    desk.say(300, "acknowledge", desk.incident("chamber-off-setpoint"))
    for number, channel in enumerate(desk.topology.places):
        desk.find(400 + number, channel, "chamber-off-setpoint", what=ENDS)
    desk.tick(9000)
    assert [alert.id for alert in desk.alerts.values() if alert.open] == []


def test_an_incident_takes_in_all_that_its_channels_show() -> None:
    desk = Desk()
    for number in range(1, 4):
        desk.find(0.01 * number, f"c0-0{number}")
        desk.find(0.01 * number + 0.001, f"c0-0{number}", "current-off-setpoint")
    desk.tick(10)
    assert len(desk.notices) == 1
    assert desk.notices[0].channel_count == 3


def test_what_grows_wider_names_all_its_channels() -> None:
    desk = Desk()
    desk.find(0, kind="batch-shift", scope="batch:B", channels=("c0-01", "c0-02"))
    desk.find(100, kind="batch-shift", what=WORSENS, scope="batch:B", channels=("c0-01", "c0-02", "c1-01"))
    desk.tick(200)
    assert desk.one("batch-shift").channels == ("c0-01", "c0-02", "c1-01")


def test_one_that_comes_back_long_after_its_outage_was_told_ends_it_no_second_time() -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.silent(1, "c1")
    desk.tick(500)
    desk.back(1000, *list(desk.topology.places)[1:])
    desk.tick(5000)
    desk.back(6000, "c0-01")
    desk.tick(7000)
    assert [(kind, reason) for kind, reason, _ in desk.told()] == [
        ("power-outage", "opened"),
        ("power-outage", "resolved"),
        ("channel-silent", "resolved"),
    ]
    assert len({notice.id for notice in desk.notices}) == len(desk.notices)


def test_many_that_get_well_one_after_the_other_are_few_notices() -> None:
    desk = Desk(lab_of(4, 25))
    for number, channel in enumerate(desk.topology.places):
        desk.find(0.001 * number, channel, "over-temperature", severity=P1)
    for number, channel in enumerate(desk.topology.places):
        desk.find(100 + 0.1 * number, channel, "over-temperature", what=ENDS)
    desk.tick(3000)
    resolved = [notice for notice in desk.notices if notice.reason == "resolved"]
    assert len(resolved) <= 2
    assert sum(notice.channel_count for notice in resolved) == 100


def test_channels_that_are_resumed_by_hand_after_an_outage_are_few_notices() -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.silent(1, "c1")
    desk.tick(500)
    desk.back(1000, "c0-01")
    desk.tick(5000)
    told = len(desk.notices)
    desk.back(6002, *list(desk.topology.places)[1:4])
    desk.back(6003, *list(desk.topology.places)[4:])
    desk.tick(7000)
    assert [notice.channel_count for notice in desk.notices[told:]] == [7]
    assert desk.incident("power-outage").evidence["not_resumed"] == []


def test_a_channel_that_falls_silent_again_at_once_is_silent() -> None:
    desk = Desk()
    desk.silent(0, "c0")
    desk.tick(400)
    desk.back(1001, *list(desk.topology.places)[:4])
    desk.silent(1010, "c0")
    desk.tick(3000)
    assert sum(alert.burning for alert in desk.of("channel-silent")) == 4
    assert sum(alert.burning for alert in desk.of("cycler-silent")) == 1
    desk.back(4000, *list(desk.topology.places)[:4])
    desk.tick(5000)
    assert not [alert for alert in desk.alerts.values() if alert.open]


def test_every_state_survives_a_restart() -> None:
    desk = Desk(None, Maintenance(start=NOW - 100, end=NOW + 500, scope="channel:c1-04"))
    desk.find(0, severity=P1)
    desk.find(1, what=ENDS)
    desk.find(2, "c0-02")
    desk.find(2, "c1-04")
    desk.find(2, "c0-03", "chamber-off-setpoint")
    desk.tick(10)
    desk.say(
        11, "shelve", desk.alerts[next(a.id for a in desk.alerts.values() if a.scope == "channel:c0-02")], minutes=9
    )
    desk.silent(20, "c1")
    desk.restart()
    desk.tick(700)
    desk.back(800, "c1-01")
    desk.restart()
    desk.tick(1000)
    desk.restart()
    assert {alert.state for alert in desk.alerts.values()} >= {"active", "returned"}


def test_who_was_told_of_different_alerts_is_told_of_the_end_of_each() -> None:
    desk = Desk()
    desk.find(0, "c0-01")
    desk.find(50, "c1-01")
    desk.find(100, "c0-01", what=ENDS)
    desk.find(101, "c1-01", what=ENDS)
    desk.tick(1000)
    assert [notice.channels for notice in desk.notices if notice.reason == "resolved"] == [("c0-01",), ("c1-01",)]
