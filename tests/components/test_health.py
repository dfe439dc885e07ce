"""The health page names every fault in one sentence that says what to do."""

from __future__ import annotations

import json
from typing import Any

from components.health import Told, faults_of, health_body
from tests.components.build import nodes, texts

NOW = 1000.0
BEATS = {name: {"at": NOW - 1, "pid": 7} for name in ("record", "watch", "notify")}


def told(**facts: Any) -> Told:
    usual: dict[str, Any] = {"now": NOW, "redis_ok": True, "redis_detail": "Redis at /x answers.", "beats": BEATS}
    return Told(**(usual | facts))


def rows(body: list[Any], name: str) -> list[dict[str, Any]]:
    table = next(node for part in body for node in nodes(part) if getattr(node, "id", "") == name)
    return list(json.loads(table.to_plotly_json()["props"]["data-table"])["rows"])


def test_when_everything_answers_that_is_said() -> None:
    assert faults_of(told()) == []
    assert "Every part of the house answers." in texts(health_body(told())[0])


def test_a_silent_watch_is_named_with_what_it_means() -> None:
    beats = BEATS | {"watch": {"at": NOW - 14, "pid": 7}}
    (fault,) = faults_of(told(beats=beats))
    assert fault.startswith("monitor watch has not answered for 14 s: nothing is being watched")
    assert "python -m monitor watch" in fault


def test_a_process_that_never_answered_is_a_fault_too() -> None:
    assert [fault.split(":")[0] for fault in faults_of(told(beats={}))] == [
        f"monitor {name} has never answered" for name in ("record", "watch", "notify")
    ]


def test_when_redis_is_away_only_that_is_said_of_it() -> None:
    found = faults_of(told(redis_ok=False, redis_detail="Redis at /x is not there.", beats={}))
    assert found == ["Live store: Redis at /x is not there."]


def test_a_store_that_may_forget_is_named() -> None:
    assert faults_of(told(redis_detail="Redis at /x answers, but may forget what it acknowledged"))


def test_a_death_of_the_last_hour_is_named_and_listed() -> None:
    death = {"at": NOW - 60, "code": None, "signal": "SIGKILL"}
    child = {"name": "watch", "pid": 8, "started": NOW - 50, "deaths": [death], "restarts": 1}
    found = told(children=[child])
    assert "watch died 1 × in the last hour, last by signal SIGKILL" in faults_of(found)[0]
    (row,) = rows(health_body(found), "health-children")
    assert (row["state"], row["restarts"], row["how"]) == ("running", 1, "by signal SIGKILL")


def test_a_child_without_a_pid_is_down() -> None:
    child: dict[str, Any] = {"name": "web", "pid": None, "started": NOW, "deaths": [], "restarts": 0}
    assert rows(health_body(told(children=[child])), "health-children")[0]["state"] == "down"


def test_a_moment_that_a_process_tells_is_said_as_an_age() -> None:
    beats = BEATS | {"record": {"at": NOW - 1, "last_commit_at": NOW - 30, "rows": 12}}
    assert rows(health_body(told(beats=beats)), "health-beats")[0]["says"] == "last commit 30 s ago, rows 12"


def test_shares_bytes_and_times_have_their_unit() -> None:
    said = {"memory_share": 0.123, "disk_free_byte": 81.3e9, "room_second": 50_000.0, "since": NOW - 3000}
    beats = BEATS | {"record": {"at": NOW - 1, **said, "files": {"readings": 12, "cycles": 3}}}
    told_of = rows(health_body(told(beats=beats)), "health-beats")[0]["says"]
    assert told_of == "memory 12%, disk free 81.3 GB, room 14 h, for 50 min, files readings 12, cycles 3"


def test_recording_and_compaction_that_are_stuck_are_faults_in_their_own_words() -> None:
    record = {"at": NOW - 1, "error": "No space left.", "since": NOW - 600, "room_second": 7200.0}
    compact = {"at": NOW - 1, "error": "readings 2026-11-21: a file is damaged."}
    found = faults_of(told(beats=BEATS | {"record": record, "compact": compact}))
    assert found == [
        "Recording: Nothing was archived for 10 min: No space left. Readings stay in Redis, and none is lost while it "
        "has room: about 2 h as fast as it fills now.",
        "Compaction: readings 2026-11-21: a file is damaged.",
    ]


def test_rejected_rows_are_counted_and_the_newest_listed_as_they_were_sent() -> None:
    row = {"when": 1.0, "source": "api", "index": 3, "column": "voltage_volt", "value": None, "reason": "r", "raw": "x"}
    body = health_body(told(quarantined=[row], quarantine_count=812))
    assert "812 rows could not be taken" in texts(body[-1])
    assert rows(body, "health-quarantine")[0]["raw"] == "x"


def test_a_fault_of_the_archive_is_said_in_its_own_words() -> None:
    assert faults_of(told(archive_fault="The disk is full.")) == ["Archive: The disk is full."]


def test_notices_that_do_not_arrive_are_named() -> None:
    beats = BEATS | {"notify": {"at": NOW - 1, "error": "webhook answered 500: 1 notices wait, the oldest for 2 h."}}
    assert faults_of(told(beats=beats)) == ["Notices: webhook answered 500: 1 notices wait, the oldest for 2 h."]
