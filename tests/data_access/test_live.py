"""What the watcher publishes, what people say, and what processes tell of themselves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cycling.topology import TestFacts
from cycling.types import ChannelState, Rejection
from data_access.lab import Lab
from data_access.live import Published
from tests.conftest import Server
from tests.data_access.builders import NOW, alert, batch, cycle, notice


def state(channel: str = "arbin-1-01", **facts: object) -> ChannelState:
    given = {
        "cycler": "arbin-1",
        "chamber": None,
        "phase": "resting",
        "unix_time_second": NOW,
        "arrival_time_second": NOW,
        "cadence_second": 1.0,
        "latest": {"voltage_volt": 3.7, "step_type": None},
        "test": None,
        "cycle_count": None,
        "state_of_health": None,
    }
    return ChannelState(**{"channel": channel, **given, **facts})  # type: ignore[arg-type]


def publish(lab: Lab, **told: object) -> str:
    return lab.live.publish(Published(**{"now": NOW, **told}))  # type: ignore[arg-type]


def test_an_empty_house_answers_everything(lab: Lab) -> None:
    live = lab.live
    assert (live.states(), live.alerts(), live.notices(), live.take_notices()) == ([], [], [], [])
    assert (live.full_frame(), live.load_watches(), live.beats(), live.quarantined()) == (None, [], {}, [])
    assert (live.load_feed("demo"), live.quarantine_count(), lab.tests.all()) == (None, 0, [])
    assert (live.beginning("arbin-1"), lab.tests.current("arbin-1-01"), lab.journal.entries()) == (0, None, [])


def test_states_come_back_as_they_were_published(lab: Lab) -> None:
    told = [state(), state("arbin-1-02", severity="P1", alerts=2)]
    publish(lab, states=told)
    assert lab.live.states() == told


def test_frames_follow_each_other_and_the_full_frame_names_its_place(lab: Lab) -> None:
    first = publish(lab, frame=b"one", full_frame=b"all one")
    second = publish(lab, frame=b"two", full_frame=b"all two")
    assert lab.live.frames_after(first, 0) == [(second, b"two")]
    assert [body for _, body in lab.live.frames_after("0-0", 0)] == [b"one", b"two"]
    assert lab.live.full_frame() == (second, b"all two")
    assert lab.live.has_frame(first)


@pytest.mark.parametrize("stranger", ["", "0-0", "7-7", "x", "1-", "$", "-", "9" * 99 + "-1", "1-1\n", "١-١"])
def test_a_frame_that_is_not_there_is_not_known(lab: Lab, stranger: str) -> None:
    publish(lab, frame=b"one", full_frame=b"all")
    assert not lab.live.has_frame(stranger)


def test_waiting_for_a_frame_ends_with_the_frame(lab: Lab) -> None:
    first = publish(lab, frame=b"one", full_frame=b"all")
    publisher = threading.Timer(0.05, publish, (lab,), {"frame": b"two", "full_frame": b"all"})
    publisher.start()
    found = lab.live.frames_after(first, 5000)
    publisher.join()
    assert [body for _, body in found] == [b"two"]


def test_publishing_the_same_again_tells_nobody_twice(lab: Lab) -> None:
    for _ in range(2):
        publish(lab, alerts=[alert()], notices=[notice()])
    assert [one.id for one in lab.live.alerts()] == ["a1"]
    assert [one.id for one in lab.live.take_notices()] == ["n1"]
    lab.live.mark_told("n1")
    publish(lab, notices=[notice()])
    assert lab.live.take_notices() == []
    assert lab.live.notices() == [notice()]


def test_notices_are_taken_oldest_first_and_stay_until_told(lab: Lab) -> None:
    publish(lab, notices=[notice("late", sent_at=NOW + 1), notice("early")])
    for _ in range(2):
        assert [one.id for one in lab.live.take_notices()] == ["early", "late"]
    assert [one.id for one in lab.live.notices()] == ["late", "early"]


def test_alerts_are_chosen_by_state_time_and_channel(lab: Lab) -> None:
    old = alert("old", opened_at=NOW - 50, closed_at=NOW - 10, channels=("arbin-1-02",))
    publish(lab, alerts=[alert(), old])
    assert [one.id for one in lab.live.alerts()] == ["a1", "old"]
    assert [one.id for one in lab.live.alerts(open_only=True)] == ["a1"]
    assert [one.id for one in lab.live.alerts(since=NOW - 5)] == ["a1"]
    assert [one.id for one in lab.live.alerts(since=NOW - 20)] == ["a1", "old"]
    assert [one.id for one in lab.live.alerts(channel="arbin-1-02")] == ["old"]


def test_what_people_say_shows_before_the_watcher_has_heard_it(lab: Lab) -> None:
    publish(lab, alerts=[alert()])
    heard = lab.journal.append("acknowledge", "ada", NOW, alert="a1")
    [found] = lab.live.alerts()
    assert (found.acknowledged_by, found.acknowledged_at) == ("ada", NOW)
    lab.live.save_watch(b"memory", {"journal": heard})
    [found] = lab.live.alerts()
    assert found.acknowledged_by is None


def test_alerts_are_told_while_the_archive_is_away(lab: Lab) -> None:
    lab.live.publish(Published(now=NOW, alerts=[alert()]))
    lab.journal.append("acknowledge", "Ada", NOW, alert="a1")
    lab.archive.append_journal([{"id": 1, "at": NOW, "kind": "comment", "who": "Ada", "data": {}}], 0, 1)
    lab.live.save_watch(b"", {"journal": 1})
    Path(lab.archive.url).rename(lab.home / "away")
    assert [one.id for one in lab.live.alerts()] == ["a1"]


def test_alerts_that_closed_long_ago_leave_redis(lab: Lab) -> None:
    publish(lab, alerts=[alert("open"), alert("closed", closed_at=NOW - 8 * 86_400)])
    assert lab.live.forget_alerts(NOW) == 1
    assert [one.id for one in lab.live.alerts()] == ["open"]


def test_old_notices_leave_redis_once_they_are_told(lab: Lab) -> None:
    old = NOW - 31 * 86_400
    publish(lab, notices=[notice("told", sent_at=old), notice("waiting", sent_at=old), notice("new")])
    lab.live.mark_told("told")
    assert lab.live.forget_notices(NOW) == 1
    assert {one.id for one in lab.live.notices()} == {"waiting", "new"}


def test_the_watchers_memory_can_move_with_what_it_publishes(lab: Lab) -> None:
    publish(lab, cycles=[cycle()], snapshot=b"\x00memory", positions={"arbin-1": 7, "journal": "3"})
    [kept] = lab.live.load_watches()
    assert (kept.memory, kept.positions, kept.journal) == (b"\x00memory", {"arbin-1": 7}, 3)
    assert lab.live.watch_positions()["arbin-1"] == 7


def test_output_ids_go_on_behind_the_archive_when_redis_is_emptied(lab: Lab, valkey: Server) -> None:
    publish(lab, cycles=[cycle(1)])
    publish(lab, cycles=[cycle(2)])
    rows = [row for _, some in lab.live.outputs_after("cycles", 0) for row in some]
    lab.archive.merge_cycles(rows, 0, 2)
    valkey.flush()
    publish(lab, cycles=[cycle(3)])
    assert [n for n, _ in lab.live.outputs_after("cycles", 2)] == [3]


def test_heartbeats_name_process_and_time(lab: Lab) -> None:
    lab.live.beat("watch", {"lag": 0.5}, NOW)
    told = lab.live.beats()["watch"]
    assert (told["lag"], told["at"]) == (0.5, NOW)
    assert told["pid"] > 0


def test_a_feed_finds_again_what_it_kept(lab: Lab) -> None:
    lab.live.save_feed("demo", {"row": 7})
    assert lab.live.load_feed("demo") == {"row": 7}


def test_quarantine_keeps_everything_newest_first_and_counts(lab: Lab) -> None:
    rejections = [Rejection(index=i, column="voltage_volt", value="x", reason="no number") for i in range(450)]
    lab.live.quarantine("http", NOW, rejections, {i: {"row": i} for i in range(450)})
    found = lab.live.quarantined(limit=1000)
    assert [row["index"] for row in found] == list(range(449, -1, -1))
    assert found[0]["raw"] == '{"row": 449}'
    assert len(lab.live.quarantined(limit=3)) == 3
    assert lab.live.quarantine_count() == 450


ODD = {"inf": float("inf"), "huge": 10**5000, "none": None, "bool": True, "nested": [10**5000], "long": "x" * 9999}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_quarantine_keeps_any_value(lab: Lab, value: object) -> None:
    lab.live.quarantine("http", NOW, [Rejection(index=0, column="c", value=value, reason="r")], [{"v": value}])
    [kept] = lab.live.quarantined()
    assert len(str(kept["value"])) <= 2000
    assert len(kept["raw"]) <= 2000


def test_the_journal_keeps_who_what_and_when_in_order(lab: Lab) -> None:
    first = lab.journal.append("comment", "ada", NOW, alert="a1", text="Seen.")
    lab.journal.append("shelve", "bob", NOW + 1, alert="a1", minutes=5)
    assert lab.journal.entries()[0] == {
        **{"id": first, "kind": "comment", "who": "ada", "at": NOW},
        **{"alert": "a1", "text": "Seen."},
    }
    assert [entry["who"] for entry in lab.journal.entries(after=first)] == ["bob"]


def test_the_newest_statement_of_a_test_wins_and_each_is_journalled(lab: Lab) -> None:
    lab.tests.put("cell-a", {"cell": "A1", "batch": "B"}, "lab.toml", NOW, "lab.toml")
    told = lab.tests.put("cell-a", {"cell": "A2", "batch": None}, "ada", NOW + 1, "api")
    assert told == {**{"test": "cell-a", "cell": "A2"}, **{"stated_at": NOW + 1, "stated_by": "ada", "source": "api"}}
    assert lab.tests.get("cell-a") == told
    assert [entry["facts"] for entry in lab.journal.entries()] == [
        {"cell": "A1", "batch": "B"},
        {"cell": "A2", "batch": None},
    ]


def test_lab_toml_read_again_does_not_undo_what_people_said(lab: Lab) -> None:
    facts = TestFacts(test="cell-a", cell="A1", extra={"colour": "red"})
    lab.tests.state(facts, "lab.toml", NOW, "lab.toml")
    lab.tests.put("cell-a", {"cell": "A2"}, "ada", NOW + 1, "api")
    assert lab.tests.state(facts, "lab.toml", NOW + 2, "lab.toml")["cell"] == "A2"
    changed = TestFacts(test="cell-a", cell="A3")
    assert lab.tests.state(changed, "lab.toml", NOW + 3, "lab.toml")["cell"] == "A3"


def test_statements_at_the_same_time_are_all_heard(lab: Lab) -> None:
    def state_it(who: int) -> None:
        for turn in range(5):
            lab.tests.put("cell-a", {f"fact-{who}-{turn}": 1}, "ada", NOW, "api")

    threads = [threading.Thread(target=state_it, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    facts = lab.tests.get("cell-a")
    assert facts is not None
    assert sum(name.startswith("fact") for name in facts) == 20
    assert len(lab.journal.entries()) == 20


def test_readings_make_their_test_known_with_channel_and_cell(lab: Lab) -> None:
    lab.live.ingest(batch([NOW], test="run 7", cell="A1"), received=NOW, source="test")
    assert lab.tests.get("run 7") == {"test": "run 7", "channel": "arbin-1-01", "cell": "A1"}
    assert lab.tests.get("run 8") is None
