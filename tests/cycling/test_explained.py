"""A single alert that explains others on its own channels: they are its members, and speak again when it is over."""

from __future__ import annotations

import pytest

from cycling.book import Book
from cycling.detectors.base import Words
from cycling.judge import BEGINS, ENDS, WORSENS, Finding
from cycling.topology import Place
from cycling.types import Alert, Notice, Severity

NOW = 1_700_000_000.0


def book() -> Book:
    return Book((), lambda channel: Place(channel=channel, cycler="c0"))


def finding(kind: str, what: str = BEGINS, at: float = NOW, **more: object) -> Finding:
    said = {"severity": Severity.P3, "channel": "c0-01", "test": "T1", **more}
    words = None if what == ENDS else Words(message=f"{kind} at {at - NOW:.0f}", action="look", evidence={"at": at})
    return Finding(**{"at": at, "what": what, "kind": kind, "words": words, **said})  # type: ignore[arg-type]


def fed(*findings: Finding, until: float = 0.0) -> tuple[dict[str, Alert], list[Notice]]:
    """The alerts by kind and channel, and the notices."""
    one, alerts, notices = book(), dict[str, Alert](), list[Notice]()
    one.watched(["c0-01", "c0-02"])
    for each in findings:
        one.tick(each.at)
        one.find(each, each.at)
    one.tick(max(until, findings[-1].at + 5.0))
    changed, told = one.news()
    alerts |= {f"{alert.kind} {alert.channels[0]}": alert for alert in changed}
    notices += told
    return alerts, notices


CAUSES = [
    ("frozen", "thermocouple-detached", Severity.P2),
    ("frozen", "abnormal-heating", Severity.P2),
    ("thermal-runaway", "abnormal-heating", Severity.P1),
    ("current-off-setpoint", "capacity-drop", Severity.P2),
]


@pytest.mark.parametrize(("cause", "other", "severity"), CAUSES)
def test_what_follows_from_a_cause_is_not_told_beside_it(cause: str, other: str, severity: Severity) -> None:
    alerts, notices = fed(finding(cause, severity=severity), finding(other, at=NOW + 60))
    assert [notice.kind for notice in notices] == [cause]
    member = alerts[f"{other} c0-01"]
    assert (member.incident, member.suppressed) == (alerts[f"{cause} c0-01"].id, "incident")
    assert alerts[f"{cause} c0-01"].members == (member.id,)


@pytest.mark.parametrize(("cause", "other", "severity"), CAUSES)
def test_a_cause_found_later_takes_over_what_was_told(cause: str, other: str, severity: Severity) -> None:
    alerts, notices = fed(finding(other), finding(cause, at=NOW + 60, severity=severity))
    assert [notice.kind for notice in notices] == [other, cause]
    assert alerts[f"{other} c0-01"].suppressed == "incident"


def test_swapped_thermocouples_explain_both_channels_and_nobody_else() -> None:
    swap = finding("thermocouples-swapped", scope="channel:c0-01", channels=("c0-01", "c0-02"))
    others = [finding("thermocouple-detached", at=NOW + 60 + n, channel=f"c0-0{n}") for n in (1, 2, 3)]
    alerts, notices = fed(swap, *others)
    assert [notice.kind for notice in notices] == ["thermocouples-swapped", "thermocouple-detached"]
    assert notices[1].channels == ("c0-03",)
    assert len(alerts["thermocouples-swapped c0-01"].members) == 2


def test_danger_is_absorbed_by_danger_only() -> None:
    _alerts, notices = fed(
        finding("frozen", severity=Severity.P2), finding("abnormal-heating", at=NOW + 60, severity=Severity.P1)
    )
    assert [notice.kind for notice in notices] == ["frozen", "abnormal-heating"]
    _alerts, notices = fed(
        finding("thermal-runaway", severity=Severity.P1),
        finding("abnormal-heating", at=NOW + 60, severity=Severity.P1),
    )
    assert [notice.kind for notice in notices] == ["thermal-runaway"]


def test_danger_that_a_milder_cause_hid_is_told_when_it_becomes_danger() -> None:
    _alerts, notices = fed(
        finding("frozen", severity=Severity.P2),
        finding("abnormal-heating", at=NOW + 60, severity=Severity.P2),
        finding("abnormal-heating", WORSENS, at=NOW + 120, severity=Severity.P1),
    )
    assert [(notice.kind, notice.severity) for notice in notices] == [
        ("frozen", Severity.P2),
        ("abnormal-heating", Severity.P1),
    ]


def test_the_end_of_a_member_does_not_end_its_cause() -> None:
    alerts, _notices = fed(
        finding("frozen", severity=Severity.P2),
        finding("thermocouple-detached", at=NOW + 60),
        finding("thermocouple-detached", ENDS, at=NOW + 120),
        until=NOW + 3600,
    )
    assert alerts["frozen c0-01"].burning
    assert not alerts["thermocouple-detached c0-01"].open


def test_what_still_burns_a_quarter_of_an_hour_after_its_cause_is_told() -> None:
    plays = (finding("frozen", severity=Severity.P2), finding("thermocouple-detached", at=NOW + 60))
    _alerts, notices = fed(*plays, finding("frozen", ENDS, at=NOW + 120), until=NOW + 1000)
    assert [notice.kind for notice in notices] == ["frozen"]
    _alerts, notices = fed(*plays, finding("frozen", ENDS, at=NOW + 120), until=NOW + 1100)
    assert ("thermocouple-detached", "opened") in [(notice.kind, notice.reason) for notice in notices]


def test_a_finding_that_widens_is_said_anew_without_a_notice() -> None:
    wide = {"scope": "cycler:c0", "severity": Severity.P3}
    alerts, notices = fed(
        finding("batch-shift", channels=("c0-01", "c0-02"), **wide),
        finding("batch-shift", WORSENS, at=NOW + 60, channels=("c0-01", "c0-02", "c0-03"), **wide),
    )
    alert = alerts["batch-shift c0-01"]
    assert (alert.channels, alert.message) == (("c0-01", "c0-02", "c0-03"), "batch-shift at 60")
    assert alert.evidence["at"] == NOW + 60
    assert len(notices) == 1


def test_a_finding_that_worsens_says_what_to_do_now() -> None:
    worse = finding("abnormal-heating", WORSENS, at=NOW + 60, severity=Severity.P1)
    worse = Finding(**{**vars(worse), "words": Words(message="hotter", action="stop it", evidence={"kelvin": 12.0})})
    alerts, notices = fed(finding("abnormal-heating", severity=Severity.P2), worse)
    alert = alerts["abnormal-heating c0-01"]
    assert (alert.message, alert.action, alert.evidence) == ("c0-01: hotter", "stop it", {"kelvin": 12.0})
    assert [notice.reason for notice in notices] == ["opened", "escalated"]


def test_a_clock_that_was_set_is_one_notice_although_its_channels_are_polled_one_after_the_other() -> None:
    one = book()
    names = [f"c0-{n:02}" for n in range(1, 17)]
    one.watched(names)
    for n, name in enumerate(names):
        one.tick(NOW + 2 * n)
        one.find(finding("clock-shift", at=NOW + 2 * n, channel=name), NOW + 2 * n)
    one.tick(NOW + 600)
    _alerts, [notice] = one.news()
    assert (notice.scope, notice.channel_count) == ("cycler:c0", 16)


def test_a_cycler_whose_outage_is_over_speaks_for_itself_and_time_goes_on() -> None:
    one = book()
    gone = Alert(
        id="outage",
        kind="power-outage",
        severity=Severity.P2,
        scope="lab",
        channels=("c0-01",),
        test=None,
        opened_at=NOW,
        closed_at=NOW + 60,
        cleared_at=NOW + 60,
        state="closed",
        message="gone",
    )
    said = {"resuming_since": NOW + 60, "resumed": 0, "paused": 0, "last_arrival": NOW}
    inner = gone.but(
        id="inner",
        kind="cycler-silent",
        scope="cycler:c0",
        closed_at=None,
        cleared_at=None,
        state="active",
        incident="outage",
        suppressed="incident",
        members=("m",),
        evidence=said,
    )
    one.load([gone.to_json(), inner.to_json()])
    one.tick(NOW + 3600)
    assert not one.open_alerts()
