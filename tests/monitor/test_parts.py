"""A lab divided among several watchers and recorders: together they do what one does, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cycling.readings import Batch, concat
from cycling.topology import Cycler, Topology, places_of
from data_access.errors import Fenced
from data_access.lab import Lab, Published, connect
from data_access.leases import Lease
from monitor import record
from monitor.parts import Parts, Share
from monitor.watch import Watcher, Work
from tests.conftest import Server
from tests.cycling.build import cell, in_discharge, spoil
from tests.cycling.frame_reader import Page
from tests.data_access.builders import another

NOW = 1_700_100_000.0
ROOT = Path(__file__).parents[2]
IDS = ("sim-1", "sim-2", "sim-3", "sim-4")
FIRST, SECOND = Share(1, 2), Share(2, 2)


@pytest.fixture
def topology() -> Topology:
    cyclers = tuple(Cycler(id=name, channels=2) for name in IDS)
    return Topology(cyclers=cyclers, places=places_of(cyclers, {}))


def readings(cycles: int = 3) -> dict[str, Batch]:
    """Cells on every cycler; that of sim-2 loses its contact in the second cycle."""
    found = {}
    for name in IDS:
        batch = cell(cycles)
        if name == "sim-2":
            batch = spoil(batch, in_discharge(batch, cycle=2), current_ampere=0.0, voltage_volt=0.02)
        named = {column: np.full(len(batch), f"{name}-{what}", object) for column, what in NAMES.items()}
        found[name] = batch.with_columns(**named)
    return found


NAMES = {"channel": "01", "test": "T"}


def send(lab: Lab, part: slice, received: float) -> None:
    rows = concat(batch.take(part) for batch in readings().values())
    lab.live.ingest(rows, received=received, source="test")


def watcher(lab: Lab, share: Share, now: float = NOW) -> Watcher:
    return Watcher(lab, {}, now, demo=False, share=share)


def outcome(lab: Lab) -> tuple[object, ...]:
    """Everything that is known of the lab by now."""
    alerts = sorted((alert.id, alert.kind, alert.scope, alert.open) for alert in lab.live.alerts())
    cycles = {
        (row["test"], row["cycle_count"]): row for _n, rows in lab.live.outputs_after("cycles", 0) for row in rows
    }
    states = sorted(lab.live.states(), key=lambda state: state.channel)
    notices = sorted(notice.id for notice in lab.live.notices())
    return alerts, json.dumps(sorted(cycles.items(), key=str)), states, notices


def fresh(lab: Lab, valkey: Server) -> Lab:
    """The same lab with nothing in it."""
    valkey.flush()
    return connect(redis_url=valkey.url, home=lab.home, archive_url=str(lab.home / "none"), topology=lab.topology)


THIRDS = (slice(0, 60), slice(60, 150), slice(150, None))


def test_two_watchers_find_together_what_one_finds(lab: Lab, valkey: Server) -> None:
    one = watcher(lab, Share())
    for number, part in enumerate(THIRDS):
        send(lab, part, NOW + number)
        one.look(NOW + number)
    one.put_away(NOW + 3)
    alone = outcome(lab)
    lab = fresh(lab, valkey)
    two = [watcher(lab, FIRST), watcher(another(lab), SECOND)]
    for number, part in enumerate(THIRDS):
        send(lab, part, NOW + number)
        for each in two:
            each.look(NOW + number)
    for each in two:
        each.put_away(NOW + 3)
    assert [kind for _id, kind, _scope, _open in alone[0]] == ["contact-lost"]  # type: ignore[attr-defined]
    assert outcome(lab) == alone


def test_a_viewer_gets_one_lab_of_all_parts(lab: Lab) -> None:
    two = [watcher(lab, FIRST), watcher(lab, SECOND)]
    send(lab, slice(0, 60), NOW)
    for each in two:
        each.look(NOW + 1)
    for each in two:
        each.put_away(NOW + 2)
    frame_id, full = lab.live.full_frame() or ("", b"{}")
    page = Page().apply(full)
    assert sorted(page.channels) == [f"{name}-01" for name in IDS]
    after = [body for _id, body in lab.live.frames_after(frame_id, 0)]
    assert json.loads(after[-1])["part"] == "2-of-2"
    for body in after:
        page.apply(body)
    assert [cycler["heard"] for cycler in page.lab["cyclers"]] == [1, 1, 1, 1]
    assert sum(page.lab["counts"].values()) == 4


def test_what_people_say_reaches_the_alert_of_the_part_that_owns_it(lab: Lab) -> None:
    two = [watcher(lab, FIRST), watcher(lab, SECOND)]
    send(lab, slice(0, in_discharge(cell(3), cycle=2).start + 5), NOW)
    for each in two:
        each.look(NOW + 1)
    [alert] = lab.live.alerts(open_only=True)
    lab.journal.append("acknowledge", "ada", NOW + 2, alert=alert.id)
    assert lab.live.alerts()[0].acknowledged_by == "ada"  # before any watcher has heard of it
    two[0].look(NOW + 3)  # sim-2 is not of this part
    assert two[0].watch.alerts() == []
    assert lab.live.alerts()[0].acknowledged_by == "ada"
    two[1].look(NOW + 3)
    assert two[1].watch.alerts()[0].acknowledged_by == "ada"


@pytest.mark.parametrize("divisions", [(1, 2), (2, 1), (2, 3), (3, 2, 1)])
def test_a_lab_divided_anew_goes_on_as_if_it_had_not_been(lab: Lab, valkey: Server, divisions: tuple[int, ...]) -> None:
    one = watcher(lab, Share())
    for number, part in enumerate(THIRDS):
        send(lab, part, NOW + number)
        one.look(NOW + number)
    one.put_away(NOW + 9)
    alone = outcome(lab)
    lab = fresh(lab, valkey)
    watching: list[Watcher] = []
    for number, part in enumerate(THIRDS):
        send(lab, part, NOW + number)
        if number < len(divisions):
            for each in watching:
                each.put_away(NOW + number)
            of = divisions[number]
            watching = [watcher(lab, Share(place, of), NOW + number) for place in range(1, of + 1)]
        for each in watching:
            each.look(NOW + number)
    for each in watching:
        each.put_away(NOW + 9)
    assert outcome(lab) == alone
    assert {kept.part for kept in lab.live.load_watches()} == {each.share.name for each in watching}


def test_a_watcher_that_lost_its_lease_is_refused(lab: Lab) -> None:
    lab.live.begin_division("1-of-2")
    lease = Lease(lab.live, "watch-1-of-2")
    token = lease.hold()
    assert token is not None
    told = Published(now=NOW, part="1-of-2", token=token, frame=b"one")
    assert lab.live.publish(told)
    lab.live.client.delete(lease.key)
    assert lab.live.publish(told)  # it ran out, but nobody else had it
    other = Lease(lab.live, "watch-1-of-2")
    assert other.hold()
    with pytest.raises(Fenced, match="Another process watches part 1-of-2"):
        lab.live.publish(told)
    other.release()
    with pytest.raises(Fenced):  # the other one may have published
        lab.live.publish(told)


def test_an_emptied_redis_is_filled_again_by_the_watcher_that_knows(lab: Lab, valkey: Server) -> None:
    work = Work(lab, {}, lambda: NOW, demo=False, watchers=1)
    send(lab, slice(0, 150), NOW)
    work.round()
    [held] = work.watchers.values()
    before = [state.cycle_count for state in lab.live.states()]
    valkey.flush()
    work.parts.look()
    work.clock = lambda: NOW + 5
    assert not work.round()
    assert list(work.watchers.values()) == [held]
    assert [state.cycle_count for state in lab.live.states()] == before
    work.end()


def test_a_watcher_of_another_division_is_refused(lab: Lab) -> None:
    lab.live.begin_division("1-of-1")
    token = Lease(lab.live, "watch-1-of-1").hold()
    assert token is not None
    lab.live.begin_division("1-of-2")
    with pytest.raises(Fenced, match="no longer divided as part 1-of-1"):
        lab.live.publish(Published(now=NOW, part="1-of-1", token=token))


def test_a_refused_watcher_goes_on_from_the_snapshot(lab: Lab) -> None:
    work = Work(lab, {}, lambda: NOW, demo=False, watchers=1)
    work.round()
    [held] = work.watchers.values()
    thief = Lease(lab.live, "watch-1-of-1")
    lab.live.client.delete(thief.key)
    assert thief.hold()  # as if it had slept for a minute
    send(lab, slice(0, 60), NOW)
    work.clock = lambda: NOW + 5
    work.round()
    assert work.watchers == {}
    assert lab.live.states() == []
    thief.release()
    waited(lambda: work.round() or bool(work.watchers))
    assert held is not work.watchers[Share()]
    assert len(lab.live.states()) == 4
    work.end()
    assert not Lease(lab.live, "watch-1-of-1").taken()


def test_processes_that_start_together_get_a_part_each(lab: Lab) -> None:
    parts = [Parts(another(lab), "watch", 3) for _ in range(3)]
    for each in parts:
        each.look()
    assert [[share.number for share in each.held] for each in parts] == [[1], [2], [3]]


def test_a_part_that_lies_free_is_taken_over_and_given_back_when_asked_for(lab: Lab) -> None:
    clock = [0.0]
    first = Parts(lab, "watch", 2, clock=lambda: clock[0])
    first.look()
    assert list(first.held) == [FIRST]
    clock[0] += 0.9
    first.look()
    assert list(first.held) == [FIRST]
    clock[0] += 0.9
    first.look()
    clock[0] += 0.9
    first.look()
    assert list(first.held) == [FIRST, SECOND]
    assert first.surplus is None
    second = Parts(another(lab), "watch", 2)
    second.look()
    assert not second.held
    first.look()
    assert first.surplus == SECOND
    first.give_back(SECOND)
    second.look()
    assert (list(first.held), list(second.held)) == ([FIRST], [SECOND])
    first.look()
    assert first.surplus is None


def test_the_monitor_is_as_alive_as_its_oldest_part(lab: Lab) -> None:
    lab.live.beat("watch", {"lag_second": 0.0}, NOW)
    lab.live.beat("watch", {"lag_second": 0.0, "error": None}, NOW + 1, "1-of-2")
    assert set(lab.live.beats()) == {"watch-1-of-2"}  # of the other part nobody has heard
    lab.live.beat("watch", {"lag_second": 4.0, "error": "No room."}, NOW + 9, "2-of-2")
    found = lab.live.beats()
    assert set(found) == {"watch", "watch-1-of-2", "watch-2-of-2"}
    assert (found["watch"]["at"], found["watch"]["lag_second"], found["watch"]["error"]) == (NOW + 1, 4.0, "No room.")
    lab.live.beat("watch", {}, NOW + 20)
    assert set(lab.live.beats()) == {"watch"}


@pytest.fixture
def processes(lab: Lab, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts processes of the monitor on the stores of the test, two of a kind to a lab."""
    started: list[subprocess.Popen[bytes]] = []
    cyclers = "".join(f'\n[[cyclers]]\nid = "{name}"\nchannels = 2\n' for name in IDS)
    (tmp_path / "lab.toml").write_text(f'[lab]\nname = "T"\ntimezone = "UTC"\n{cyclers}')
    environment = {
        **os.environ,
        "CELLWATCH_HOME": str(lab.home),
        "CELLWATCH_LAB": str(tmp_path / "lab.toml"),
        "CELLWATCH_REDIS_URL": f"unix://{lab.live.where}",
        "CELLWATCH_ARCHIVE_URL": str(tmp_path / "archive"),
        "CELLWATCH_WATCHERS": "2",
        "CELLWATCH_RECORDERS": "2",
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


def test_killed_and_stopped_watchers_are_stood_in_for(
    lab: Lab, processes: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    """Two real watchers; one is killed and the other takes over; a new one comes and is given its part; it is
    stopped, stood in for, and told off when it wakes up."""
    now = time.time()
    rows = readings()
    rows = {
        name: batch.with_columns(unix_time_second=batch.numbers("unix_time_second")) for name, batch in rows.items()
    }
    first, second = processes("watch"), processes("watch")
    owners = lambda: {name: told["pid"] for name, told in lab.live.beats().items() if "-of-" in name}  # noqa: E731
    waited(lambda: set(owners().values()) == {first.pid, second.pid})
    lab.live.ingest(concat(batch.take(THIRDS[0]) for batch in rows.values()), received=now, source="test")
    waited(lambda: len(lab.live.states()) == 4)
    first.kill()
    first.wait()
    waited(lambda: set(owners().values()) == {second.pid})
    lab.live.ingest(concat(batch.take(THIRDS[1]) for batch in rows.values()), received=now + 1, source="test")
    third = processes("watch")
    waited(lambda: set(owners().values()) == {second.pid, third.pid})
    os.kill(third.pid, signal.SIGSTOP)
    waited(lambda: set(owners().values()) == {second.pid})
    lab.live.ingest(concat(batch.take(THIRDS[2]) for batch in rows.values()), received=now + 2, source="test")
    last = {f"{name}-01": batch.numbers("unix_time_second")[-1] for name, batch in rows.items()}
    waited(lambda: {state.channel: state.unix_time_second for state in lab.live.states()} == last)
    os.kill(third.pid, signal.SIGCONT)
    waited(lambda: set(owners().values()) == {second.pid, third.pid})
    assert {state.channel: state.unix_time_second for state in lab.live.states()} == last
    assert [(alert.kind, alert.open) for alert in lab.live.alerts()] == [("contact-lost", False)]
    assert [notice.reason for notice in lab.live.notices()] == ["opened"]  # that it is over is told after a minute
    counted = {(row["test"], row["cycle_count"]) for _n, some in lab.live.outputs_after("cycles", 0) for row in some}
    assert {(f"{name}-T", cycle) for name in IDS for cycle in (1, 2)} <= counted


RECORDER = """
import sys, threading, time
from pathlib import Path
from cycling.topology import Cycler, Topology, places_of
from data_access.lab import connect
from monitor import record
cyclers = tuple(Cycler(id=f"sim-{n}", channels=2) for n in (1, 2, 3, 4))
topology = Topology(cyclers=cyclers, places=places_of(cyclers, {}))
lab = connect(redis_url=sys.argv[1], home=Path(sys.argv[2]), archive_url=sys.argv[2], topology=topology)
record.run(lab, threading.Event(), time.time, flush_seconds=0.02, recorders=2)
"""


def test_recorders_that_share_the_lab_and_are_killed_record_everything_once(lab: Lab, valkey: Server) -> None:
    command = [sys.executable, "-c", RECORDER, valkey.url, lab.archive.url]
    random = np.random.default_rng(11)
    sent = dict.fromkeys(IDS, 0)
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    try:
        waited(lambda: "record" in lab.live.beats())
        for _kill in range(4):
            end = time.monotonic() + 0.3 + float(random.random()) * 0.5
            while time.monotonic() < end:
                for name in IDS:
                    at = [NOW + sent[name] + second for second in range(10)]
                    rows = (
                        cell(1)
                        .take(slice(0, 10))
                        .with_columns(
                            channel=np.full(10, f"{name}-01", object),
                            test=np.full(10, None, object),
                            unix_time_second=np.array(at),
                        )
                    )
                    lab.live.ingest(rows, received=NOW, source="test")
                    sent[name] += 10
            victim = running.pop(int(random.integers(2)))
            victim.kill()
            victim.wait()
            running.append(subprocess.Popen(command, cwd=ROOT))
        waited(lambda: lab.archive.positions(IDS) == lab.live.lasts(IDS))
    finally:
        for process in running:
            process.kill()
            process.wait()
    for name in IDS:
        _schema, batches = lab.history.readings(channel=f"{name}-01", columns=["unix_time_second"])
        assert [at - NOW for part in batches for at in part.column(0).to_pylist()] == list(range(sent[name]))


def test_a_recorder_without_a_part_waits(lab: Lab) -> None:
    assert record.step(lab, record.Progress(), NOW, ()) == (record.Progress(), False)
    stop = threading.Event()
    stop.set()
    record.run(replace(lab), stop, time.time, recorders=2)


def waited(condition: Callable[[], object], limit: float = 30.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
