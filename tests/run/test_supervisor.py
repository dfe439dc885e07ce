"""The supervisor on real processes: what dies is started again, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from supervisor import LOG_BYTES, Child, Command, Supervisor, end_left_overs, identity, rotate, wait_until

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


class Watched:
    """A supervisor, and all it said and recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.recorded: Mapping[str, Any] = {}
        self.supervisor = Supervisor(self.said.append, self._keep)

    def _keep(self, children: Mapping[str, Any]) -> None:
        self.recorded = children

    def run(self, code: str, name: str = "child", stage: int = 1) -> Child:
        return self.supervisor.add(
            Command(
                name=name,
                arguments=[sys.executable, "-c", code],
                stage=stage,
                log=self.folder / f"{name}.log",
                folder=self.folder,
                environment=dict(os.environ),
            )
        )

    def look_until(self, done: Callable[[], bool]) -> None:
        def looked() -> bool:
            self.supervisor.look()
            return done()

        assert wait_until(looked, 20)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path)
    yield one
    one.supervisor.end()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_killed_child_is_started_again_and_its_death_is_recorded(watched: Watched) -> None:
    child = watched.run(SLEEP)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    watched.look_until(lambda: child.restarts == 1)
    assert pid_of(child) != first
    [death] = watched.recorded["child"]["deaths"]
    assert (death["code"], death["signal"]) == (-9, "SIGKILL")
    assert watched.recorded["child"]["pid"] == pid_of(child)
    assert watched.said == ["child died (killed by SIGKILL); starting it again in 0.5 s."]


def test_what_a_child_said_last_is_told_when_it_dies(watched: Watched) -> None:
    child = watched.run("import sys; print('starting'); sys.exit('no such lab')")
    watched.look_until(lambda: bool(child.deaths))
    assert watched.said[0] == "child died (exit code 1: no such lab); starting it again in 0.5 s."


def test_the_pause_before_a_restart_doubles_and_stays_below_ten_seconds(watched: Watched) -> None:
    child = watched.run("raise SystemExit(3)")
    pauses = []
    for _ in range(7):
        assert wait_until(lambda: not child.running, 10)
        pauses.append(child.pause)
        watched.supervisor.look()  # buries it
        child.due = 0.0
        watched.supervisor.look()  # starts it again
    assert pauses == [0.5, 1, 2, 4, 5, 5, 5]


def test_stages_end_one_after_the_other(watched: Watched) -> None:
    note = watched.folder / "order"
    for name, stage in (("last", 2), ("first", 1)):
        watched.run(
            "import signal, sys, time\n"
            f"def end(*_):\n    time.sleep(0.2); open({str(note)!r}, 'a').write('{name} '); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)",
            name=name,
            stage=stage,
        )
    assert wait_until(lambda: all(child.last_line() == "up" for child in watched.supervisor.children), 20)
    watched.supervisor.end()
    assert note.read_text() == "first last "


def test_a_child_that_will_not_end_is_killed_with_all_it_started(watched: Watched) -> None:
    grandchild = watched.folder / "grandchild"
    child = watched.run(
        "import subprocess, sys\n"
        f"one = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        f"open({str(grandchild)!r}, 'w').write(str(one.pid))\n" + STUBBORN
    )
    assert wait_until(lambda: child.last_line() == "up", 20)
    watched.supervisor.end()
    assert not child.running
    assert wait_until(lambda: identity(int(grandchild.read_text())) is None, 5)
    assert watched.said == ["child does not end; killing it."]


def test_a_stopped_child_still_ends(watched: Watched) -> None:
    child = watched.run(SLEEP)
    os.kill(pid_of(child), signal.SIGSTOP)
    watched.supervisor.end()
    assert not child.running
    assert watched.said == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import time; from pathlib import Path; from tests.run.test_supervisor import SLEEP, Watched\n"
        f"child = Watched(Path({str(tmp_path)!r})).run(SLEEP)\n"
        f"Path({str(note)!r}).write_text(str(child.process.pid)); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        assert wait_until(lambda: note.exists() and note.read_text() != "", 20)
        parent.kill()
    assert wait_until(lambda: identity(int(note.read_text())) is None, 10)


def test_what_an_earlier_supervisor_left_behind_is_ended(tmp_path: Path) -> None:
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as left:
        told = {"feeds": {"pid": left.pid, "identity": identity(left.pid)}}
        end_left_overs(told, said.append)
        assert left.wait() == -signal.SIGTERM
    assert said == [f"Ending feeds, left over from an earlier run (process {left.pid})."]


def test_a_stranger_with_a_number_used_before_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True) as stranger:
        end_left_overs({"feeds": {"pid": stranger.pid, "identity": f"{stranger.pid}@1"}}, pytest.fail)
        assert stranger.poll() is None
        stranger.kill()


def test_a_full_disk_costs_the_record_but_not_the_children(tmp_path: Path) -> None:
    said: list[str] = []

    def full(children: Mapping[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    one = Watched(tmp_path)
    one.supervisor = Supervisor(said.append, full)
    child = one.run(SLEEP)
    os.kill(pid_of(child), signal.SIGKILL)
    one.look_until(lambda: child.restarts == 1)
    one.supervisor.end()
    assert len([text for text in said if "Cannot keep the record" in text]) == 1


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * (LOG_BYTES + 1))
    rotate(log)
    rotate(log)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log.1"]


def test_a_child_that_lived_long_starts_again_without_a_long_pause(watched: Watched) -> None:
    child = watched.run(SLEEP)
    child.pause, child.started = 8.0, time.time() - 120
    os.kill(pid_of(child), signal.SIGKILL)
    watched.look_until(lambda: bool(child.deaths))
    assert "in 0.5 s" in watched.said[0]
