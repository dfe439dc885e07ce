"""The compactor as a process: one works, all say how they are, and all end quickly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from data_access.compactor import Compactor
from data_access.lab import Lab
from data_access.leases import Lease
from monitor.compact import TIDY_SECONDS, Worker
from tests.conftest import Server
from tests.data_access.builders import NOW, another, archived, seconds
from tests.data_access.compacting import MUCH_LATER, NEXT_DAY, append, names, rows

PROJECT = Path(__file__).resolve().parents[2]


def worker(lab: Lab, now: float = NEXT_DAY, stop: threading.Event | None = None) -> Worker:
    return Worker(lab, stop or threading.Event(), lambda: now)


def fill(lab: Lab, commits: int = 3) -> None:
    append(lab.archive, *(rows(seconds(5, NOW + 10 * n)) for n in range(commits)))


def test_a_compactor_does_what_is_due_and_says_so(lab: Lab) -> None:
    fill(lab)
    one = worker(lab)
    assert one.look()
    one.beat()
    said = lab.live.beats()["compact"]
    assert (said["rewrites"], said["rows"], said["error"], said["doing"]) == (1, 15, None, "nothing")
    assert "readings 2027-01-15: 3 files" in said["last"]
    assert said["files"]["readings"] == said["files"]["readings_1m"] == 1
    assert said["pid"] == os.getpid()
    assert len(archived(lab)) == 15


def test_only_one_compactor_works_at_a_time(lab: Lab) -> None:
    fill(lab)
    lease = Lease(another(lab).live, "compact")
    assert lease.hold()
    one = worker(lab)
    assert not one.look()
    assert one.progress.doing == "waiting: another compactor is at work"
    assert len(names(lab.archive)) == 3
    lease.release()
    assert one.look()
    assert len(names(lab.archive)) == 1


def test_a_compactor_that_lost_its_right_ends_its_job(lab: Lab) -> None:
    fill(lab)
    one = worker(lab)
    one.token = one.lease.hold()
    lab.live.client.delete(one.lease.key)
    assert Lease(another(lab).live, "compact").hold()
    (job,) = one.compactor.due(NEXT_DAY)
    with pytest.raises(Exception, match="its right to compact has passed to another"):
        one._do(job)
    assert len(names(lab.archive)) == 3


def test_the_next_compactor_can_begin_when_one_has_ended(lab: Lab) -> None:
    one = worker(lab)
    assert one.look()
    one.end()
    assert worker(another(lab)).look()


def test_a_day_that_cannot_be_read_is_told_and_others_are_done(lab: Lab) -> None:
    fill(lab)
    append(lab.archive, rows(seconds(5, NOW + 86_400)))
    broken = next(file for file in lab.archive.tables["readings"].snapshot(files=True).files if "01-15" in file)
    Path(broken).write_bytes(b"no Parquet")
    one = worker(lab, MUCH_LATER)
    assert not one.look()
    assert one.progress.error is not None
    assert "readings 2027-01-15" in one.progress.error
    assert one.progress.rewrites == 1
    assert sum(name.startswith("sorted-") for name in names(lab.archive)) == 1


def test_a_compactor_without_redis_does_nothing_and_comes_back(own_valkey: Server, lab: Lab) -> None:
    fill(lab)
    away = worker(Lab(**{**vars(lab), "live": _live_on(own_valkey, lab)}))
    own_valkey.kill()
    assert not away.look()
    assert "Redis" in str(away.progress.error)
    away.beat()
    own_valkey.start()
    assert away.look()
    assert away.progress.error is None


def _live_on(server: Server, lab: Lab) -> object:
    from data_access.lab import connect

    return connect(redis_url=server.url, home=lab.home, archive_url=lab.archive.url, topology=lab.topology).live


def test_a_stop_in_the_middle_leaves_the_archive_as_it_was(lab: Lab) -> None:
    fill(lab)
    stop = threading.Event()
    one = worker(lab, stop=stop)
    version = lab.archive.version("readings")
    stop.set()
    one.look()
    assert lab.archive.version("readings") == version
    assert one.progress.rewrites == 0


def test_tidying_is_done_once_a_day_and_remembered(lab: Lab) -> None:
    fill(lab)
    one = worker(lab)
    one.look()
    one.beat()
    tidied = lab.archive.version("readings")
    one.end()
    later = worker(lab, NEXT_DAY + TIDY_SECONDS - 1)
    later.look()
    assert later.progress.tidied_at == NEXT_DAY
    assert lab.archive.version("readings") == tidied
    later.end()
    next_day = worker(lab, NEXT_DAY + TIDY_SECONDS)
    next_day.look()
    assert next_day.progress.tidied_at == NEXT_DAY + TIDY_SECONDS


def test_the_process_compacts_and_ends_within_a_moment_of_being_told(lab: Lab) -> None:
    append(lab.archive, *(rows([1e9 + n]) for n in range(3)))
    environment = {
        **os.environ,
        "CELLWATCH_HOME": str(lab.home),
        "CELLWATCH_REDIS_URL": f"unix://{lab.live.where}",
        "CELLWATCH_ARCHIVE_URL": lab.archive.url,
    }
    command = [sys.executable, "-m", "monitor", "compact"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while len(names(lab.archive)) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        while not lab.live.beats().get("compact", {}).get("rewrites") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert lab.live.beats()["compact"]["rewrites"] == 1
    assert len(archived(lab)) == 3
    assert Lease(lab.live, "compact").hold()


def test_a_process_killed_in_a_job_is_followed_by_one_that_does_it(lab: Lab, tmp_path: Path) -> None:
    fill(lab)
    script = (
        "import os, signal, threading, sys\n"
        "from pathlib import Path\n"
        "from data_access.archive import Archive\n"
        "from data_access.compactor import Compactor\n"
        "compactor = Compactor(Archive(sys.argv[1]), Path(sys.argv[2]))\n"
        f"for job in compactor.due({NEXT_DAY}):\n"
        f"    compactor.do(job, {NEXT_DAY}, lambda rows: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, lab.archive.url, str(tmp_path)], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert worker(lab).look()
    assert len(archived(lab)) == 15
    assert list(Compactor(lab.archive, tmp_path).due(NEXT_DAY)) == []
