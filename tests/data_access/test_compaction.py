"""Compaction: every row and value stays, in order, and files stay few."""

from __future__ import annotations

import datetime
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from data_access.archive import Archive
from data_access.compaction import SORTED, DataFile, file_bytes, minutes_due, readings_due
from data_access.compactor import Compactor
from data_access.rewriting import Rewrite, rewrite
from data_access.wanted import Wanted
from tests.data_access.builders import cycle
from tests.data_access.compacting import (
    DATE,
    MIDNIGHT,
    MUCH_LATER,
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
from tests.data_access.object_stores import ObjectStore


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


CHANNELS = st.sampled_from(["arbin-1-01", "arbin-1-02", "x", "ä b"])
NUMBERS = st.one_of(st.none(), st.just(math.nan), st.floats(allow_nan=False, width=32))
BATCHES = st.lists(
    st.fixed_dictionaries(
        {
            "times": st.lists(st.floats(80_000, 90_000).map(lambda s: MIDNIGHT + round(s, 3)), min_size=1, max_size=5),
            "channel": CHANNELS,
            "test": st.sampled_from(["cell-a", "cell b/%41", "ü"]),
            "columns": st.fixed_dictionaries(
                {},
                optional={
                    "voltage_volt": NUMBERS,
                    "test_time_second": NUMBERS,
                    "record_index": st.one_of(st.none(), st.integers(0, 2**62)),
                    "step_count": st.one_of(st.none(), st.integers(0, 2**31 - 1)),
                    "step_type": st.sampled_from([None, "REST"]),
                    "Aux {1}/%20 \"q\" 'r'": NUMBERS,
                    "note": st.one_of(st.none(), st.text("ab'\" é", max_size=3)),
                },
            ),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(batches=BATCHES)
@settings(max_examples=8)
def test_every_row_and_value_stays(tmp_path_factory: pytest.TempPathFactory, batches: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    archive = Archive(str(folder / "an archive ä"))
    for batch in batches:
        append(archive, rows(batch["times"], batch["channel"], test=batch["test"], **_typed(batch)))
    before = contents(archive)
    compact(archive, folder, MUCH_LATER)
    assert all(name.startswith(SORTED) for name in names(archive))
    assert contents(archive) == before
    assert sum(minute["rows"] for minute in minutes(archive)) == len(before)


def _typed(batch: dict[str, Any]) -> dict[str, Any]:
    """The columns with the types of the wire, though they hold nothing."""
    kinds = {"record_index": pa.int64(), "step_count": pa.int32(), "step_type": pa.string(), "note": pa.string()}
    many = len(batch["times"])
    return {name: pa.array([value] * many, kinds.get(name, pa.float64())) for name, value in batch["columns"].items()}


def test_files_of_a_closed_day_are_sorted_by_channel_and_time(archive: Archive, tmp_path: Path) -> None:
    for second in (600, 0, 300):
        append(archive, *(some(second, 5, f"arbin-1-{n:02}", record_index=[5, 4, 3, 2, 1]) for n in (2, 1)))
    compact(archive, tmp_path)
    (file,) = archive.tables["readings"].snapshot(files=True).files
    told = parquet.read_table(file, columns=["channel", "unix_time_second"], partitioning=None).to_pydict()
    order = list(zip(told["channel"], told["unix_time_second"], strict=True))
    assert len(order) == 30
    assert order == sorted(order)


def test_a_file_holds_some_channels_and_readers_open_no_others(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(0, 70_000, f"arbin-1-{n:02}") for n in range(6)))
    table = archive.tables["readings"]
    listed = table.inventory()
    work = Rewrite(
        url=table.url,
        files=listed.files,
        columns={name: kind for name, kind in listed.columns.items() if name != "date"},
        partition={"date": DATE},
        order=("channel", "unix_time_second"),
        prefix=SORTED,
        pruned_by=table.pruned_by,
        file_bytes=1,
        rows_at_once=150_000,
    )
    added = rewrite(work, NEXT_DAY, tmp_path, plain)
    table.exchange(listed.files, added, listed.cursors)
    assert len(added) == 3
    assert len(table.snapshot(files=Wanted(channels=["arbin-1-03"]).pruning()).files) == 1
    assert len(table.snapshot(files=Wanted(start=MIDNIGHT + 70_000).pruning()).files) == 0
    assert len(table.snapshot(files=Wanted(test="cell-a").pruning()).files) == 3
    assert archive.readings(Wanted(), ["channel"]).num_rows == 420_000


def test_float32_is_split_into_bytes_unless_its_values_repeat(archive: Archive, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).random(9000).astype(np.float32)
    append(archive, some(0, 9000, voltage_volt=list(map(float, noise)), current_ampere=1.0))
    compact(archive, tmp_path)
    (file,) = archive.tables["readings"].snapshot(files=True).files
    group = parquet.ParquetFile(file).metadata.row_group(0)
    found = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert "BYTE_STREAM_SPLIT" in found["voltage_volt"].encodings
    assert "BYTE_STREAM_SPLIT" in found["unix_time_second"].encodings
    assert "RLE_DICTIONARY" in found["current_ampere"].encodings
    assert {column.compression for column in found.values()} == {"ZSTD"}


def test_an_open_day_is_gathered_only_when_it_has_many_small_files(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(n * 10) for n in range(64)))
    assert compact(archive, tmp_path, MIDNIGHT + 3600) == []
    append(archive, some(640))
    before = contents(archive)
    assert compact(archive, tmp_path, MIDNIGHT + 3600) == [f"light-readings {DATE}"]
    (name,) = names(archive)
    assert name.startswith("light-")
    assert contents(archive) == before
    assert minutes(archive) == []


def test_a_day_is_open_until_two_hours_after_its_end(archive: Archive, tmp_path: Path) -> None:
    append(archive, some())
    assert compact(archive, tmp_path, NEXT_DAY - 2) == []
    assert compact(archive, tmp_path, NEXT_DAY) == [f"sorted-readings {DATE}"]
    assert compact(archive, tmp_path, NEXT_DAY) == []


def test_late_readings_are_sorted_into_their_day_and_its_minutes(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(86_400))
    compact(archive, tmp_path, MUCH_LATER)
    append(archive, some(1.5, extra=7.0))
    assert compact(archive, tmp_path, MUCH_LATER) == [f"sorted-readings {DATE}"]
    assert [minute["rows"] for minute in minutes(archive)] == [6, 3]
    assert len(names(archive)) == 2
    assert len(names(archive, "readings_1m")) == 2
    assert sum("'extra': 7.0" in row for row in contents(archive)) == 3


def test_a_day_to_which_readings_still_come_is_not_sorted_every_time(archive: Archive, tmp_path: Path) -> None:
    append(archive, some())
    arrived = archive.tables["readings"].inventory().files[0].modified

    def due(now: float, *files: DataFile) -> list[str]:
        return [job.prefix for job in readings_due(files, now)]

    def file(name: str, modified: float) -> DataFile:
        at = datetime.date(2020, 1, 1)
        return DataFile(
            path=name, size=1, rows=1, modified=modified, partition={"date": at}, least={}, most={}, nulls={}
        )

    late, done = file("part-1", arrived), file("sorted-1", arrived - 60)
    assert due(arrived + 599, late, done) == []
    assert due(arrived + 601, late, done) == ["sorted-"]
    assert due(arrived + 599, late, file("sorted-1", arrived - 21_600)) == ["sorted-"]


def test_small_tables_are_gathered_and_keep_their_rows(archive: Archive, tmp_path: Path) -> None:
    recorder = Archive(archive.url)
    for n in range(65):
        recorder.merge_cycles([cycle(n + 1)], n, n + 1)
        recorder.append_journal([{"id": n, "at": 1.0, "kind": "comment", "who": "me", "data": {"n": n}}], n, n + 1)
    assert len(names(archive, "cycles")) > 64
    assert compact(archive, tmp_path) == ["light-cycles", "light-journal"]
    assert len(names(archive, "cycles")) == len(names(archive, "journal")) == 1
    assert recorder.output_position("cycles") == 65
    recorder.merge_cycles([cycle(3, kind="faulty"), cycle(66)], 65, 66)
    found = archive.cycles()
    assert found["cycle_count"].tolist() == list(range(1, 67))
    assert found["kind"].tolist().count("faulty") == 1
    assert [row["data"] for row in sorted(archive.rows("journal"), key=lambda row: row["id"])] == [
        {"n": n} for n in range(65)
    ]


def test_tidying_spares_what_is_young_or_in_use(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(10))
    reader = archive.tables["readings"].snapshot(files=True)
    compact(archive, tmp_path)
    folder = Path(archive.url) / "readings" / f"date={DATE}"
    yesterday = time.time() - 25 * 3600
    for name in ("sorted-left-young.parquet", "sorted-left-old.parquet"):
        (folder / name).write_bytes(b"killed")
    os.utime(folder / "sorted-left-old.parquet", (yesterday, yesterday))
    for file in folder.iterdir():
        if file.name.startswith("part-"):  # files of before that were written long ago, but removed just now
            os.utime(file, (yesterday, yesterday))
    assert Compactor(archive, tmp_path).tidy(plain) == 1
    assert not (folder / "sorted-left-old.parquet").exists()
    assert (folder / "sorted-left-young.parquet").exists()
    assert all(Path(file).exists() for file in reader.files)
    assert len(contents(archive)) == 6


def test_a_table_can_be_opened_after_its_old_logs_are_gone(archive: Archive, tmp_path: Path) -> None:
    append(archive, some(0), some(10))
    compact(archive, tmp_path)
    log = Path(archive.url) / "readings" / "_delta_log"
    long_ago = time.time() - 30 * 86_400
    before = DeltaTable(f"{archive.url}/readings").version()
    for file in log.glob("*.json"):
        os.utime(file, (long_ago, long_ago))
    Compactor(archive, tmp_path).tidy(plain)
    assert not (log / f"{0:020}.json").exists()
    again = Archive(archive.url)
    assert again.version("readings") >= before
    assert len(contents(again)) == 6
    append(again, some(20))
    assert again.position("arbin-1") == 3


def test_files_stay_few_over_many_days(archive: Archive, tmp_path: Path) -> None:
    days = 21
    for day in range(days):
        append(archive, some(day * 86_400), some(day * 86_400 + 60))
        compact(archive, tmp_path, NEXT_DAY + day * 86_400)
    assert len(names(archive)) == days
    compact(archive, tmp_path, NEXT_DAY + 90 * 86_400)
    single = [name for name in names(archive, "readings_1m") if not name.startswith(SORTED)]
    assert len(single) == 0
    assert len(names(archive, "readings_1m")) == 2
    assert sum(minute["rows"] for minute in minutes(archive)) == days * 6


@pytest.mark.parametrize(("day", "years"), [(0.75e9, 24), (75e9, 13)])  # 1000 and 100 000 channels at 1 Hz
def test_files_grow_so_that_no_lab_has_ten_thousand(day: float, years: int) -> None:
    active = 0
    for _ in range(365 * years):
        active += math.ceil(day / file_bytes(active))
    assert active < 10_000


def test_a_month_is_merged_once_it_is_over(archive: Archive, tmp_path: Path) -> None:
    append(archive, *(some(day * 86_400) for day in range(5)))
    compact(archive, tmp_path, NEXT_DAY + 5 * 86_400)
    table = archive.tables["readings_1m"]
    assert len(table.inventory().files) == 5
    assert list(minutes_due(table.inventory().files, NEXT_DAY + 5 * 86_400)) == []
    before = minutes(archive)
    assert compact(archive, tmp_path, MUCH_LATER) == ["sorted-readings_1m 2027-01"]
    assert minutes(archive) == before
    append(archive, some(2 * 86_400 + 0.5))
    compact(archive, tmp_path, MUCH_LATER)
    assert [minute["rows"] for minute in minutes(archive)] == [3, 3, 6, 3, 3]
    assert len(names(archive, "readings_1m")) == 2


def test_an_archive_on_an_object_store_is_compacted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore(tmp_path)
    store.start()
    try:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        store.make_bucket("lab")
        archive = Archive("s3://lab/some folder")
        append(archive, *(some(n * 10, 20, f"arbin-1-{n:02}", extra=math.nan) for n in range(3)), some(1, note="é"))
        before = contents(archive)
        assert compact(archive, tmp_path) == [f"sorted-readings {DATE}"]
        append(archive, some(2))
        assert compact(archive, tmp_path) == [f"sorted-readings {DATE}"]
        assert len(names(archive)) == len(names(archive, "readings_1m")) == 1
        assert len(contents(archive)) == len(before) + 3
        assert sum(minute["rows"] for minute in minutes(archive)) == len(before) + 3
        assert Compactor(archive, tmp_path).tidy(plain) == 0
    finally:
        store.stop()
