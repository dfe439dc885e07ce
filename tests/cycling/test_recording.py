"""The alert of recording that is held up: in time, once, and with how long there is room."""

from __future__ import annotations

from cycling.readings import EMPTY
from cycling.recording import Recording, alert_of, held_up, span, told_by
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import lab

NOW = 1_800_000_000.0
HELD = Recording(error="The archive cannot be reached.", since=NOW, memory_share=0.3, room_second=14 * 3600.0)


def test_a_commit_that_fails_once_is_nobodys_business() -> None:
    assert alert_of(HELD, NOW + 30) is None


def test_recording_that_is_held_up_says_why_and_for_how_long_there_is_room() -> None:
    alert = alert_of(HELD, NOW + 120)
    assert alert is not None
    assert alert.severity is Severity.P3
    assert alert.message == (
        "Nothing was archived for 2 min: The archive cannot be reached. "
        "Readings stay in Redis, and none is lost while it has room: about 14 h as fast as it fills now."
    )


def test_only_the_first_sentence_of_the_reason_is_told() -> None:
    away = "The archive table /srv/lab.v2/readings is not there any more. Bring its folder back; nothing is lost."
    told = held_up(Recording(error=away, since=NOW), NOW + 600)
    assert told is not None
    assert told.startswith("Nothing was archived for 10 min: The archive table /srv/lab.v2/readings is not there any ")
    assert "Bring" not in told


def test_it_becomes_urgent_when_there_is_room_for_less_than_six_hours() -> None:
    short = Recording(error="x", since=NOW, memory_share=0.5, room_second=5 * 3600.0)
    alert = alert_of(short, NOW + 120)
    assert alert is not None
    assert alert.severity is Severity.P2


def test_memory_and_disk_are_told_before_they_are_full() -> None:
    full = alert_of(Recording(memory_share=0.8), NOW)
    assert full is not None
    assert "uses 80% of its memory" in full.message
    disk = alert_of(Recording(disk_free_byte=1.2e9), NOW)
    assert disk is not None
    assert "1.2 GB left" in disk.message
    assert alert_of(Recording(memory_share=0.5, disk_free_byte=50e9), NOW) is None


def test_an_alert_ends_only_when_it_is_clearly_better() -> None:
    assert alert_of(Recording(memory_share=0.72), NOW) is None
    assert alert_of(Recording(memory_share=0.72), NOW, is_open=True) is not None
    assert alert_of(Recording(memory_share=0.69), NOW, is_open=True) is None


def test_the_watch_opens_worsens_and_closes_one_alert() -> None:
    watch = Watch(lab())
    told = []
    for at, recording in (
        (120.0, HELD),
        (180.0, HELD),
        (240.0, Recording(error="x", since=NOW, memory_share=0.8, room_second=3600.0)),
        (300.0, HELD),
        (360.0, Recording(memory_share=0.3)),
    ):
        watch.heed(recording, NOW + at)
        news = watch.fold(EMPTY, NOW + at)
        told += [(notice.reason, notice.severity.value) for notice in news.notices]
    assert told == [("opened", "P3"), ("escalated", "P2"), ("resolved", "P2")]
    assert [alert.closed_at for alert in watch.alerts()] == [NOW + 360]


def test_it_goes_on_after_a_restart() -> None:
    watch = Watch(lab())
    watch.heed(HELD, NOW + 120)
    again = Watch(lab())
    again.restore(watch.save())
    again.heed(HELD, NOW + 180)
    assert len(again.alerts()) == 1
    adopted = Watch(lab())
    adopted.adopt(watch.alerts())
    adopted.heed(HELD, NOW + 180)
    assert [alert.id for alert in adopted.alerts()] == [alert.id for alert in watch.alerts()]


def test_lengths_of_time_are_told_as_people_say_them() -> None:
    assert [span(seconds) for seconds in (10, 2400, 14 * 3600, 5 * 86_400)] == ["1 min", "40 min", "14 h", "5 days"]


def test_a_recorder_that_says_nothing_any_more_archives_nothing() -> None:
    beat = {"at": NOW, "error": None, "since": None, "memory_share": 0.2}
    assert told_by(beat, NOW + 30, NOW - 500) == Recording(memory_share=0.2)
    silent = told_by(beat, NOW + 120, NOW - 500)
    assert (silent.since, silent.memory_share) == (NOW, 0.2)
    assert alert_of(silent, NOW + 120) is not None
    assert told_by({}, NOW + 30, NOW).error is None
    assert told_by({}, NOW + 90, NOW).since == NOW


def test_the_recorders_own_reason_is_told() -> None:
    told = told_by({"at": NOW, "error": "No space left.", "since": NOW - 300, "room_second": 60.0}, NOW + 1, 0.0)
    assert told == Recording(error="No space left.", since=NOW - 300, room_second=60.0)


def test_while_redis_was_away_nothing_could_be_archived_and_the_wait_begins_when_it_is_back() -> None:
    beat = {"at": NOW, "error": "Redis does not answer.", "since": NOW - 300}
    just_back = told_by(beat, NOW + 1, NOW, back_since=NOW)
    assert (just_back.error, just_back.since) == ("Redis does not answer.", NOW)
    assert alert_of(just_back, NOW + 1) is None
    assert alert_of(just_back, NOW + 60) is not None
    assert alert_of(just_back, NOW + 1, is_open=True) is not None  # what was told before stays until it is better
