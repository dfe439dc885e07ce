"""Which files are read: those that delta-rs would read, and every new one at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pytest

from data_access.archive import Archive
from data_access.pruning import pruned, said_of
from data_access.wanted import DAY, Wanted
from tests.data_access.compacting import MIDNIGHT, append, some

ASKED = [
    Wanted(),
    Wanted(start=MIDNIGHT + 25.0, end=MIDNIGHT + 35.0),
    Wanted(start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY + 5.0),
    Wanted(start=MIDNIGHT + 9 * DAY),
    Wanted(end=MIDNIGHT - DAY),
    Wanted(channels=["arbin-1-01"]),
    Wanted(channels=["arbin-1-02", "nobody"]),
    Wanted(channels=[]),
    Wanted(test="nothing"),
]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(str(tmp_path / "archive of Ä"))
    append(made, *(some(n * 10) for n in range(5)), some(int(DAY)), some(int(2 * DAY)))
    return made


@pytest.mark.parametrize("wanted", ASKED)
def test_the_files_are_those_that_delta_rs_would_read(archive: Archive, wanted: Wanted) -> None:
    table = archive.tables["readings"]
    handle = table._newest()
    assert handle is not None
    predicate = wanted.pruning()
    theirs = handle.file_uris(file_pruning_predicate=None if predicate is True else predicate)
    ours = table.snapshot(files=predicate).files
    assert sorted(name.rpartition("/")[2] for name in ours) == sorted(name.rpartition("/")[2] for name in theirs)
    assert all(Path(name).exists() for name in ours)


def test_a_file_of_which_the_log_says_nothing_is_read() -> None:
    bounds = {"min.unix_time_second": [None, 5.0], "max.unix_time_second": [None, 6.0]}
    files = pa.table({"path": ["unknown", "known"], "partition.month": ["2026-11", "2026-11"], **bounds})
    assert pruned(files, [("unix_time_second", ">=", 7.0)]) == ["unknown"]
    assert pruned(files, [("test", "=", "a"), ("month", "<=", "2026-11")]) == ["unknown", "known"]
    with pytest.raises(ValueError, match="expected"):
        pruned(files, [("month", "!=", "2026-11")])


def test_what_another_process_commits_is_seen_at_once(archive: Archive) -> None:
    table, rival = archive.tables["readings"], Archive(archive.url)
    log = Path(archive.url) / "readings" / "_delta_log"
    for turn in range(4):
        long_ago = time.time() - 60 + turn  # else the folder's clock is too near to be trusted
        os.utime(log, (long_ago, long_ago))
        known = table.snapshot(files=True)
        assert table.snapshot(files=True) == known
        append(rival, some(1000 + 10 * turn))
        now = table.snapshot(files=True)
        assert (now.version, len(now.files)) == (known.version + 1, len(known.files) + 1)


def test_the_log_is_read_as_it_is_flattened(archive: Archive) -> None:
    handle = archive.tables["readings"]._newest()
    told = said_of(handle)
    assert {"path", "partition.date", "min.unix_time_second", "max.channel"} <= set(told.column_names)
