"""Doing what compaction found due: write, count, commit. Nothing is deleted that a commit may know of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from data_access import minutes
from data_access.archive import FENCED_BY, KEYS, Archive
from data_access.compaction import DAY, SORTED, Job, file_bytes, minutes_due, readings_due, small_due
from data_access.data_files import DataFile, Inventory, Miscounted, Rewritable
from data_access.delta import local
from data_access.errors import StoreAway
from data_access.rewriting import Rewrite, rewrite
from data_access.writing import DataFileWriter, discard

ORDERS: Mapping[str, Sequence[str]] = {
    "readings": ("channel", "unix_time_second", "record_index", "arrival_time_second"),
    "readings_1m": minutes.ORDER,
    "journal": ("id",),
    **KEYS,
}
FREE_BYTES = 500_000_000  # what a rewrite leaves of the disk to those who record


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a job."""

    rows: int
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


class Compactor:
    """The compaction of one archive. ``scratch`` is a folder for what sorting cannot hold in memory."""

    def __init__(self, archive: Archive, scratch: Path) -> None:
        self.tables: Mapping[str, Rewritable] = archive.tables
        self.scratch = scratch

    def due(self, now: float) -> Iterator[Job]:
        """The jobs that are due at a moment, the urgent ones first. Raises StoreAway."""
        for table in FENCED_BY:
            yield from small_due(table, self.tables[table].inventory().files)
        yield from readings_due(self.tables["readings"].inventory().files, now)
        yield from minutes_due(self.tables["readings_1m"].inventory().files, now)

    def files(self) -> dict[str, int]:
        """How many data files every table has."""
        return {name: len(table.inventory().files) for name, table in self.tables.items()}

    def do(self, job: Job, now: float, going_on: Callable[[int], None]) -> Done | None:
        """Does a job; None when its files have changed meanwhile. ``going_on`` is called often with the rows done
        so far, and ends the work by raising: then nothing has happened.

        Raises Fenced when another compactor was faster, Miscounted, StoreAway.
        """
        table = self.tables[job.table]
        is_day = job.table == "readings" and job.prefix == SORTED
        day = _Day(self.tables["readings_1m"], job, now) if is_day else None
        listed = table.inventory(FENCED_BY.get(job.table, ()))
        if not {file.path for file in job.files} <= {file.path for file in listed.files}:
            return None
        _check_room(table.url, job)
        written: list[DataFile] = []
        try:
            work = _rewrite_of(table, job, listed)
            written = rewrite(work, now, self.scratch, going_on, day.tap if day else lambda rows: None)
            rows = sum(file.rows or 0 for file in written)
            if day:
                day.finish(rows, self.scratch, going_on)
            going_on(rows)
        except BaseException:  # from the first commit on, only a vacuum can tell what nobody needs
            discard(table.url, written)
            if day:
                day.discard()
            raise
        if day:
            day.commit()
        table.exchange(job.files, written, listed.cursors)
        return Done(
            rows=rows,
            files_before=len(job.files),
            files_after=len(written),
            bytes_before=job.size,
            bytes_after=sum(file.size for file in written),
        )

    def tidy(self, going_on: Callable[[int], None]) -> int:
        """Removes what no reader and no writer needs any more, in all tables; says how many files went."""
        gone = 0
        for table in self.tables.values():
            gone += table.tidy()
            going_on(0)
        return gone


class _Day:
    """The minutes of a day on their way into their table, gathered while the day is sorted.

    The table is looked at before the readings are: of two compactors, the one that knows less of the readings then
    is the one that is refused here.
    """

    def __init__(self, table: Rewritable, job: Job, now: float) -> None:
        self.table, self.now, self.date = table, now, job.partition["date"]
        self.partition = {minutes.PARTITION: minutes.month_of(self.date)}
        table.begin()
        self.listed = table.inventory()
        self.writer = DataFileWriter(table.url, DAY, self.partition, minutes.PRUNED_BY)
        self.counted = 0
        self.added: list[DataFile] = []
        self.removed: list[DataFile] = []

    def tap(self, rows: Any) -> None:
        """Takes some channels' readings of the day."""
        found = minutes.minutes_of(rows, self.date)
        self.counted += pc.sum(found.column("rows")).as_py() or 0
        self.writer.add(found)

    def finish(self, rows: int, scratch: Path, going_on: Callable[[int], None]) -> None:
        """Puts the minutes on disk. A month's file with other days in it is written again without this one."""
        if self.counted != rows:
            raise Miscounted(f"{self.table.url}: the minutes of {self.date} count {self.counted} of {rows} rows.")
        self.added = [self.writer.close(self.now)]
        month = [file for file in self.listed.files if file.partition == self.partition]
        alone, mixed = minutes.touched(month, self.date)
        self.removed = alone + mixed
        if mixed:
            job = Job(table="readings_1m", prefix=SORTED, files=tuple(mixed), partition=self.partition)
            work = _rewrite_of(self.table, job, self.listed, without=f"date = DATE '{self.date}'")
            self.added += rewrite(work, self.now, scratch, going_on)

    def commit(self) -> None:
        """Puts the minutes in the place of those of before."""
        self.table.exchange(self.removed, self.added, self.listed.cursors)

    def discard(self) -> None:
        """Takes the files of the minutes away again."""
        self.writer.discard()
        discard(self.table.url, self.added[1:])


def _rewrite_of(table: Rewritable, job: Job, listed: Inventory, without: str | None = None) -> Rewrite:
    return Rewrite(
        url=table.url,
        files=job.files,
        columns={name: kind for name, kind in listed.columns.items() if name not in job.partition},
        partition=job.partition,
        order=ORDERS[job.table],
        prefix=job.prefix,
        pruned_by=table.pruned_by or ORDERS[job.table],
        without=without,
        file_bytes=int(file_bytes(len(listed.files))),
    )


def _check_room(url: str, job: Job) -> None:
    folder = local(url)
    if folder is None:
        return
    free, needed = shutil.disk_usage(folder).free, 2 * job.size + FREE_BYTES
    if free < needed:
        raise StoreAway(
            f"{job.label} is not compacted: its disk has {free // 1_000_000} MB left, and {needed // 1_000_000} MB "
            f"are needed beside what is recorded meanwhile. Make room on the disk of {url}."
        )
