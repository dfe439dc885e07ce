"""Compaction while others read, write, compact and die: every row stays once."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from data_access.archive import Archive
from data_access.compaction import SORTED, Job
from data_access.compactor import Compactor
from data_access.data_files import Miscounted
from data_access.errors import Fenced, StoreAway
from tests.data_access.builders import alert
from tests.data_access.compacting import (
    MIDNIGHT,
    NEXT_DAY,
    append,
    compact,
    contents,
    minutes,
    names,
    plain,
    rows,
    some,
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


def test_of_two_compactors_one_wins(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(n * 10) for n in range(5)))
    before = contents(archive)
    rival = Compactor(Archive(archive.url), tmp_path)
    (job,) = rival.due(NEXT_DAY)

    def overtake(done: int) -> None:
        if not minutes(archive):
            compact(archive, tmp_path)

    with pytest.raises(Fenced):
        rival.do(job, NEXT_DAY, overtake)
    assert contents(archive) == before
    assert len(names(archive)) == 1
    assert [minute["rows"] for minute in minutes(archive)] == [15]
    assert rival.do(job, NEXT_DAY, plain) is None


def test_an_exchange_of_a_stale_handle_is_refused(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(n * 10) for n in range(5)))
    stale = Archive(archive.url).tables["readings"]
    listed = stale.inventory()
    compact(archive, tmp_path)
    (file,) = archive.tables["readings"].inventory().files
    with pytest.raises(Fenced):
        stale.exchange(listed.files, [file], listed.cursors)
    assert len(contents(archive)) == 15


def test_what_is_appended_while_a_day_is_sorted_stays(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(10))
    recorder, compactor = Archive(archive.url), Compactor(archive, tmp_path)
    recorder.position("arbin-1")
    seconds = iter((20, 30))

    def meanwhile(done: int) -> None:
        append(recorder, some(next(seconds, 40)))

    (job,) = compactor.due(NEXT_DAY)
    assert compactor.do(job, NEXT_DAY, meanwhile) is not None
    append(recorder, some(50))
    found = len(contents(archive))
    assert found == len(contents(recorder)) == 6 + recorder.position("arbin-1") * 3 - 6
    assert sum(name.startswith(SORTED) for name in names(archive)) == 1
    compact(archive, tmp_path)
    assert len(names(archive)) == 1
    assert len(contents(archive)) == found


def test_readers_always_see_every_row_once(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(n * 10) for n in range(70)))
    script = f"""
        import sys
        from data_access.archive import Archive
        from data_access.wanted import Wanted
        archive = Archive({archive.url!r})
        seen = set()
        print("reading", flush=True)
        while len(seen) < 3:
            files = archive.tables["readings"].snapshot(files=True).files
            assert archive.readings(Wanted(), ["unix_time_second"]).num_rows == 210
            seen.add(files)
    """
    with python(script) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        compact(archive, tmp_path, MIDNIGHT + 3600)
        time.sleep(0.2)
        compact(archive, tmp_path)
        assert reader.wait(30) == 0


STAGES = ("writing", "before the minutes", "between the commits", "after the commit")


@pytest.mark.parametrize("stage", STAGES)
def test_a_compactor_may_be_killed_anywhere(archive: Archive, tmp_path: Path, stage: str) -> None:
    append(archive, *(some(n * 10, 20, f"arbin-1-{n % 4:02}") for n in range(8)))
    before = contents(archive)
    script = f"""
        import os, signal
        from pathlib import Path
        from data_access.archive import Archive
        from data_access.compactor import Compactor
        from data_access.data_files import Rewritable

        def die(*_): os.kill(os.getpid(), signal.SIGKILL)

        exchange, stage, commits = Rewritable.exchange, {STAGES.index(stage)}, []
        def exchanging(self, *given):
            if len(commits) == stage - 1: die()
            commits.append(exchange(self, *given))
            if len(commits) == stage - 1 == 2: die()
        Rewritable.exchange = exchanging
        compactor = Compactor(Archive({archive.url!r}), Path({str(tmp_path)!r}))
        for job in compactor.due({NEXT_DAY}):
            compactor.do(job, {NEXT_DAY}, lambda rows: None if stage else die())
    """
    with python(script) as child:
        assert child.wait(60) == -signal.SIGKILL
    again = Archive(archive.url)
    assert contents(again) == before
    compact(again, tmp_path)
    assert contents(again) == before
    assert len(names(again)) == 1
    assert sum(minute["rows"] for minute in minutes(again)) == len(before)


def test_compactors_killed_at_any_moment_leave_every_row_once(archive: Archive, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    script = f"""
        from pathlib import Path
        from data_access.archive import Archive
        from data_access.compactor import Compactor
        compactor = Compactor(Archive({archive.url!r}), Path({str(tmp_path)!r}))
        print("ready", flush=True)
        while True:
            for job in compactor.due({NEXT_DAY}):
                compactor.do(job, {NEXT_DAY}, lambda rows: None)
    """
    for round_ in range(4):
        with python(script) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            for n in range(3):
                append(archive, some(round_ * 100 + n * 10))
            time.sleep(float(random.random() * 0.1))
            child.kill()
        assert len(contents(Archive(archive.url))) == (round_ + 1) * 9
    compact(archive, tmp_path)
    assert sum(minute["rows"] for minute in minutes(archive)) == 36


def python(script: str) -> subprocess.Popen[bytes]:
    """A Python of its own."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)


@pytest.mark.parametrize(("many", "call"), [(3, 1), (3, 2), (150_000, 2)])  # before, after and amid the writing
def test_a_job_that_is_ended_leaves_nothing_behind(archive: Archive, tmp_path: Path, many: int, call: int) -> None:
    append(archive, *(rows(list(np.linspace(MIDNIGHT, MIDNIGHT + 9, many))) for _ in range(2)))
    compactor = Compactor(archive, tmp_path)
    (job,) = compactor.due(NEXT_DAY)
    version, calls = archive.version("readings"), list[int]()

    def end(done: int) -> None:
        calls.append(done)
        if len(calls) == call:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compactor.do(job, NEXT_DAY, end)
    assert archive.version("readings") == version
    assert not list(Path(archive.url).rglob("sorted-*"))
    assert not list(Path(archive.url).rglob("day-*"))


def test_a_disk_that_takes_no_more_leaves_the_archive_as_it_was(archive: Archive, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random(140_000)
    append(archive, rows(list(np.linspace(MIDNIGHT, MIDNIGHT + 9, 140_000)), charging_capacity_ah=list(noise)))
    script = f"""
        import resource, signal
        from pathlib import Path
        from data_access.archive import Archive
        from data_access.compactor import Compactor
        from data_access.errors import StoreAway
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        compactor = Compactor(Archive({archive.url!r}), Path({str(tmp_path)!r}))
        (job,) = compactor.due({NEXT_DAY})
        try:
            compactor.do(job, {NEXT_DAY}, lambda rows: None)
        except StoreAway as away:
            assert "File too large" in str(away), away
            raise SystemExit(7)
    """
    version = archive.version("readings")
    with python(script) as child:
        assert child.wait(60) == 7
    assert archive.version("readings") == version
    assert not list(Path(archive.url).rglob("sorted-*"))


def test_files_with_fewer_rows_than_their_log_says_are_left_alone(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(10))
    table = archive.tables["readings"]
    first, other = table.snapshot(files=True).files
    Path(first).write_bytes(_with_a_row_less(other))
    version, compactor = table.version(), Compactor(archive, tmp_path)
    (job,) = compactor.due(NEXT_DAY)
    with pytest.raises(Miscounted, match=r"its log speaks of 6 rows, 5 are in the files"):
        compactor.do(job, NEXT_DAY, plain)
    assert table.version() == version


def _with_a_row_less(file: str) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(parquet.read_table(file, partitioning=None).slice(1), sink)
    return bytes(sink.getvalue())


def test_a_day_with_an_unreadable_file_is_left_alone_and_named(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(10))
    table = archive.tables["readings"]
    Path(table.snapshot(files=True).files[0]).write_bytes(b"no Parquet")
    version, compactor = table.version(), Compactor(archive, tmp_path)
    (job,) = compactor.due(NEXT_DAY)
    with pytest.raises(StoreAway, match="readings"):
        compactor.do(job, NEXT_DAY, plain)
    assert table.version() == version
    assert not list(Path(archive.url).rglob("sorted-*"))


@pytest.mark.parametrize("first", ["recorder", "compactor"])
def test_a_merge_and_a_rewrite_of_the_same_files_never_both_pass(archive: Archive, tmp_path: Path, first: str) -> None:
    recorder = Archive(archive.url)
    for n in range(3):
        recorder.merge_alerts([alert(f"a{n}")], n, n + 1)
    compactor = Compactor(archive, tmp_path)
    table = archive.tables["alerts"]
    job = Job(table="alerts", prefix="light-", files=table.inventory().files, partition={})
    changed = [alert("a1", closed_at=5.0)]
    if first == "recorder":
        with pytest.raises(Fenced):
            compactor.do(job, NEXT_DAY, lambda done: _once(lambda: recorder.merge_alerts(changed, 3, 4)))
    else:
        assert compactor.do(job, NEXT_DAY, plain)
        with pytest.raises(Fenced):
            recorder.merge_alerts(changed, 3, 4)
        recorder.merge_alerts(changed, 3, 4)
    found = Archive(archive.url).alerts()
    assert sorted(one.id for one in found) == ["a0", "a1", "a2"]
    assert [one.closed_at for one in found if one.id == "a1"] == [5.0]


def _once(do: Any) -> None:
    try:
        do()
    except Fenced:  # it was done the first time
        return
