"""The watching process beside real stores: what it publishes, hears and survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from data_access.lab import Lab
from monitor import notify, record
from monitor.record import Progress
from monitor.watch import Watcher
from tests.cycling.build import cell, in_discharge, spoil
from tests.cycling.frame_reader import Page

NOW = 1_700_100_000.0
ROOT = Path(__file__).parents[2]


def sent(lab: Lab, batch: Batch, received: float) -> None:
    lab.live.ingest(batch, received=received, source="test")


def broken() -> Batch:
    batch = cell(2)
    return spoil(batch, in_discharge(batch, cycle=2), current_ampere=0.0, voltage_volt=0.02)


def until_fault() -> Batch:
    batch = broken()
    return batch.take(slice(0, in_discharge(batch, cycle=2).start + 5))


def watcher(lab: Lab, now: float = NOW) -> Watcher:
    return Watcher(lab, {}, now, demo=False)


def test_what_it_finds_is_published(lab: Lab) -> None:
    sent(lab, until_fault(), NOW)
    watcher(lab).look(NOW + 1)
    (alert,) = lab.live.alerts()
    assert (alert.kind, alert.open) == ("contact-lost", True)
    (state,) = lab.live.states()
    assert (state.channel, state.severity, state.cycle_count) == ("sim-1-01", "P2", 2)
    assert lab.live.beats()["watch"]["at"] == NOW + 1
    frame_id, full = lab.live.full_frame() or ("", b"{}")
    assert frame_id
    assert list(Page().apply(full).channels) == ["sim-1-01"]
    assert [a["kind"] for a in json.loads(full)["alerts"]] == ["contact-lost"]
    assert lab.history.cycles(test="T1").cycle_count.tolist() == [1]


def test_a_watcher_that_dies_goes_on_under_the_same_ids_and_tells_nothing_twice(lab: Lab) -> None:
    sent(lab, until_fault(), NOW)
    first = watcher(lab)
    first.look(NOW + 1)
    (before,) = lab.live.alerts()
    told = len(lab.live.notices())
    rest = broken().take(slice(len(until_fault()), None))
    sent(lab, rest, NOW + 2)
    second = watcher(lab, NOW + 3)  # the first was killed: nothing was put away
    second.look(NOW + 3)
    second.look(NOW + 120)  # well again for a minute, told at the next full one
    (after,) = lab.live.alerts()
    assert after.id == before.id
    assert not after.open
    assert len(lab.live.notices()) == told + 1


def test_an_acknowledgement_reaches_the_alert_and_survives(lab: Lab) -> None:
    sent(lab, until_fault(), NOW)
    first = watcher(lab)
    first.look(NOW + 1)
    (alert,) = lab.live.alerts()
    lab.journal.append("acknowledge", "ada", NOW + 2, alert=alert.id)
    assert lab.live.alerts()[0].acknowledged_by == "ada"  # at once, before the watcher has heard of it
    first.look(NOW + 3)
    again = watcher(lab, NOW + 4)
    again.look(NOW + 5)
    assert lab.live.alerts()[0].acknowledged_by == "ada"
    assert again.watch.alerts()[0].acknowledged_by == "ada"


def test_an_acknowledgement_of_an_alert_younger_than_the_snapshot_survives_a_kill(lab: Lab) -> None:
    first = watcher(lab)
    first.look(NOW)  # saves an empty snapshot
    sent(lab, until_fault(), NOW + 1)
    first.look(NOW + 2)
    (alert,) = lab.live.alerts()
    lab.journal.append("acknowledge", "ada", NOW + 3, alert=alert.id)
    again = watcher(lab, NOW + 4)  # the first was killed before it heard of it or saved again
    for second in (5, 6, 7):
        again.look(NOW + second)
    assert [(a.id, a.acknowledged_by) for a in lab.live.alerts()] == [(alert.id, "ada")]


def test_a_shelf_ends_by_itself(lab: Lab) -> None:
    sent(lab, until_fault(), NOW)
    one = watcher(lab)
    one.look(NOW + 1)
    (alert,) = lab.live.alerts()
    lab.journal.append("shelve", "ada", NOW + 2, alert=alert.id, minutes=1)
    one.look(NOW + 3)
    assert lab.live.alerts()[0].suppressed == "shelved"
    one.look(NOW + 64)
    shelved = next(a for a in lab.live.alerts() if a.id == alert.id)
    assert (shelved.suppressed, shelved.shelved_until) == (None, None)


def test_limits_said_through_the_api_are_followed(lab: Lab) -> None:
    one = watcher(lab)
    lab.tests.put("T1", {"temperature_max_celsius": 20.0}, "ada", NOW, "api")
    sent(lab, cell(1), NOW)
    one.look(NOW + 1)
    assert [alert.kind for alert in lab.live.alerts()] == ["over-temperature"]
    assert lab.live.alerts()[0].severity is Severity.P1


def test_cell_and_batch_stand_on_the_tile(lab: Lab) -> None:
    lab.tests.put("T1", {"cell": "A123-0417", "batch": "spring"}, "ada", NOW, "api")
    sent(lab, cell(1), NOW)
    watcher(lab).look(NOW + 1)
    _id, full = lab.live.full_frame() or ("", b"{}")
    (told,) = Page().apply(full).channels.values()
    assert (told["cell"], told["batch"]) == ("A123-0417", "spring")


def test_readings_trimmed_before_they_were_watched_are_named(lab: Lab) -> None:
    one = watcher(lab)
    batch = cell(1)
    for begin in range(0, 60, 20):
        sent(lab, batch.take(slice(begin, begin + 20)), NOW + begin)
    lab.live.trim("unlisted", 2, NOW + 8000)
    one.look(NOW + 8001)
    one.look(NOW + 8003)
    assert "unlisted" in lab.live.beats()["watch"]["gaps"][0]
    assert one.positions["unlisted"] == 3


def test_notices_leave_the_outbox_once_they_are_told(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    sent(lab, until_fault(), NOW)
    watcher(lab).look(NOW + 1)
    assert [notice.reason for notice in lab.live.take_notices()] == ["opened"]
    with caplog.at_level("INFO"):
        assert (notifier := notify.Notifier(lab, notify.Outgoing(), lambda: NOW)).take_waiting() == 1
    assert "Contact lost" in caplog.text
    assert lab.live.take_notices() == []
    assert notifier.take_waiting() == 0


@pytest.fixture
def processes(lab: Lab, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts processes of the monitor on the stores of the test."""
    started: list[subprocess.Popen[bytes]] = []
    (tmp_path / "lab.toml").write_text(
        '[lab]\nname = "T"\ntimezone = "UTC"\n\n[[cyclers]]\nid = "sim-1"\nchannels = 4\n'
    )
    environment = {
        **os.environ,
        "CELLWATCH_HOME": str(lab.home),
        "CELLWATCH_LAB": str(tmp_path / "lab.toml"),
        "CELLWATCH_REDIS_URL": lab.live.where if "://" in lab.live.where else f"unix://{lab.live.where}",
        "CELLWATCH_ARCHIVE_URL": str(tmp_path / "archive"),
    }

    def start(name: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", "monitor", name], cwd=ROOT, env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def waited(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_kill_9_in_the_middle_changes_no_alert(lab: Lab, processes: Callable[[str], subprocess.Popen[bytes]]) -> None:
    batch, now = broken(), time.time()
    pieces = np.array_split(np.arange(len(batch)), 6)
    for number, rows in enumerate(pieces):
        process = processes("watch")
        sent(lab, batch.take(rows), now + number * 0.001)
        last = float(batch.numbers("unix_time_second")[rows[-1]])
        assert waited(lambda last=last: any(s.unix_time_second == last for s in lab.live.states()))
        process.kill()
        process.wait()
    assert [(alert.kind, alert.open) for alert in lab.live.alerts()] == [("contact-lost", False)]
    watcher(lab, time.time()).look(time.time() + 120)  # well again for a minute, told at the next full one
    assert sorted(notice.reason for notice in lab.live.notices()) == ["opened", "resolved"]


def test_recording_that_is_held_up_is_told_with_the_recorders_own_words(lab: Lab) -> None:
    archive = Path(lab.archive.url)
    sent(lab, cell(1), NOW)
    progress, _ = record.step(lab, Progress(), NOW)
    sent(lab, cell(2), NOW + 1)
    archive.rename(archive.with_name("away"))
    first = watcher(lab, NOW)
    for at in (10, 100, 190):
        progress, _ = record.step(lab, progress, NOW + at)
        record.beat(lab, progress, NOW + at)
        first.look(NOW + at)
    (alert,) = lab.live.alerts()
    assert (alert.kind, alert.severity, alert.scope) == ("recording-held-up", Severity.P3, "lab")
    assert "is not there any more" in alert.message
    archive.with_name("away").rename(archive)
    record.beat(lab, record.step(lab, progress, NOW + 200)[0], NOW + 200)
    first.look(NOW + 201)
    assert not lab.live.alerts()[0].open
    assert [notice.reason for notice in lab.live.notices()] == ["resolved", "opened"]


def test_a_recorder_that_stops_answering_is_told_but_not_while_it_starts(lab: Lab) -> None:
    record.beat(lab, Progress(), NOW - 5000)
    first = watcher(lab, NOW)
    first.look(NOW + 30)
    assert lab.live.alerts() == []
    first.look(NOW + 70)
    assert [alert.kind for alert in lab.live.alerts()] == ["recording-held-up"]
    record.beat(lab, Progress(), NOW + 71)
    first.look(NOW + 76)
    assert [alert.open for alert in lab.live.alerts()] == [False]


def test_it_ends_within_seconds_of_sigterm(lab: Lab, processes: Callable[[str], subprocess.Popen[bytes]]) -> None:
    started = {name: processes(name) for name in ("watch", "notify")}
    assert waited(lambda: {"watch", "notify"} <= set(lab.live.beats()))
    for process in started.values():
        process.terminate()
    assert [process.wait(timeout=8) for process in started.values()] == [0, 0]
