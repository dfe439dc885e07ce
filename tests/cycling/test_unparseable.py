"""unparseable: a share of rows, or a file, that cannot be read is told; single rows are not."""

from __future__ import annotations

from cycling.detectors.unparseable import Unparseable
from cycling.judge import Finding
from cycling.types import Severity
from cycling.unparseable import Rejects, Told, judged
from cycling.watch import Watch
from tests.cycling.build import lab

NOW = 1_800_000_000.0
LIMITS = Unparseable()
BAD = Rejects(
    source="feed neware",
    scope="channel:sim-1-01",
    taken=900,
    rejected=9,
    since=NOW - 60,
    last_good=NOW - 1,
    column="voltage_volt",
    reason="not a number.",
)


def look(*counts: Rejects, told: list[Told] | None = None, now: float = NOW) -> tuple[list[Finding], list[Told]]:
    return judged(counts, now, told or [], LIMITS)


def test_a_share_of_rows_is_told_with_its_reason() -> None:
    (found,), told = look(BAD)
    assert (found.what, found.severity, found.scope, found.channels) == (
        *("begins", Severity.P3),
        *("channel:sim-1-01", ("sim-1-01",)),
    )
    assert found.words is not None
    assert found.words.message == (
        "Unparseable: 9 of 909 rows (1.0%) of feed neware could not be read; the newest: voltage_volt: not a number."
    )
    assert look(BAD, told=told)[0] == []


def test_a_few_rows_of_many_are_not() -> None:
    assert look(Rejects(source="a", taken=10, rejected=2, since=NOW))[0] == []
    assert look(Rejects(source="a", taken=100_000, rejected=50, since=NOW))[0] == []


def test_a_whole_file_is() -> None:
    (found,), _told = look(Rejects(source="run7.csv", files=1, reason="no header"))
    assert found.scope == "lab"
    assert found.words is not None
    assert "1 whole file of run7.csv could not be read; the newest: no header." in found.words.message


def test_nothing_read_for_ten_minutes_is_a_test_being_lost() -> None:
    _found, told = look(BAD)
    lost = Rejects(source="feed neware", scope="channel:sim-1-01", rejected=40, since=NOW - 60, last_good=NOW)
    (worse,), told = look(lost, told=told, now=NOW + 700)
    assert (worse.what, worse.severity) == ("worsens", Severity.P2)
    (over,), told = look(told=told, now=NOW + 5000)
    assert (over.what, told) == ("ends", [])


def test_the_watch_remembers_what_it_told_over_a_restart() -> None:
    watch = Watch(lab())
    watch.heed_rejects([BAD], NOW)
    again = Watch(lab())
    again.restore(watch.save())
    again.heed_rejects([BAD], NOW + 10)
    assert [alert.kind for alert in again.alerts()] == ["unparseable"]
    again.heed_rejects([], NOW + 4000)
    assert again.alerts()[0].closed_at == NOW + 4000
