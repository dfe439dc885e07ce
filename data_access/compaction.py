"""Compaction: many small files of the archive become few sorted ones, and no reader notices.

Small files are gathered whenever they are many (``light-``). A day that is over is sorted by channel and time
(``sorted-``), its minutes being committed before; when readings come late the day is sorted again. What is due is
told from the tables alone, so a compactor that is killed leaves nothing to be put right.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from data_access import minutes
from data_access.data_files import DataFile
from data_access.rewriting import FILE_BYTES

SORTED, LIGHT, DAY = "sorted-", "light-", "day-"
MOST_SMALL = 64  # small files that may lie side by side
MOST_AT_ONCE = 256  # small files gathered in one go
SMALL_BYTES = 8_000_000
GRACE_SECONDS = 7200.0  # after the end of a day, for what is still on its way
QUIET_SECONDS = 600.0  # without a new file, before a day is sorted
LONGEST_SECONDS = 21_600.0  # after which a day that is never quiet is sorted all the same
DAY_SECONDS = 86_400.0
FILES_PER_SIZE = 1000  # active files after which new ones may be four times as large
MOST_DAY_FILES = 3  # of a finished month beside its sorted files


@dataclass(frozen=True, kw_only=True)
class Job:
    """Files that are to be made into fewer."""

    table: str
    prefix: str
    files: tuple[DataFile, ...]
    partition: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What it is, for people."""
        where = " ".join(str(value) for value in self.partition.values())
        return f"{self.table} {where}".strip()

    @property
    def size(self) -> int:
        """The bytes to be read."""
        return sum(file.size for file in self.files)


def readings_due(files: Sequence[DataFile], now: float) -> Iterator[Job]:
    """What is due of the readings at a moment: first whatever is many, then days that are over, newest first."""
    days = _parts(files, "date")
    for date, there in days:
        loose = [file for file in there if not file.name.startswith(SORTED)]
        yield from _gathering("readings", loose, {"date": date})
    for date, there in reversed(days):
        loose = [file for file in there if not file.name.startswith(SORTED)]
        if loose and len(_small(loose)) <= MOST_SMALL and _is_ripe(date, there, loose, now):
            yield Job(table="readings", prefix=SORTED, files=tuple(there), partition={"date": date})


def minutes_due(files: Sequence[DataFile], now: float) -> Iterator[Job]:
    """The finished months whose days still lie in files of their own."""
    for month, there in _parts(files, minutes.PARTITION):
        single = [file for file in there if not file.name.startswith(SORTED)]
        if len(single) > MOST_DAY_FILES and now >= _end_of_month(month) + DAY_SECONDS:
            yield Job(table="readings_1m", prefix=SORTED, files=tuple(there), partition={minutes.PARTITION: month})


def small_due(table: str, files: Sequence[DataFile]) -> Iterator[Job]:
    """What is due of a table without partitions."""
    return _gathering(table, files, {})


def file_bytes(active: int) -> float:
    """How large a new file may be: the more files there are, the larger, so that their number stays bounded."""
    return FILE_BYTES * 4.0 ** (active // FILES_PER_SIZE)


def _gathering(table: str, files: Iterable[DataFile], partition: Mapping[str, Any]) -> Iterator[Job]:
    small = _small(files)
    if len(small) > MOST_SMALL:
        chosen = sorted(small, key=lambda file: file.modified)[:MOST_AT_ONCE]
        yield Job(table=table, prefix=LIGHT, files=tuple(chosen), partition=partition)


def _small(files: Iterable[DataFile]) -> list[DataFile]:
    return [file for file in files if file.size < SMALL_BYTES]


def _is_ripe(date: datetime.date, there: Sequence[DataFile], loose: Sequence[DataFile], now: float) -> bool:
    closed = _start_of(date) + DAY_SECONDS + GRACE_SECONDS
    last_sorted = max((file.modified for file in there if file.name.startswith(SORTED)), default=-math.inf)
    quiet = now - max(file.modified for file in loose) >= QUIET_SECONDS
    return now >= closed and (quiet or now - max(last_sorted, closed) >= LONGEST_SECONDS)


def _parts(files: Iterable[DataFile], partition: str) -> list[tuple[Any, list[DataFile]]]:
    """The files by the value of their partition, in its order."""

    def value(file: DataFile) -> str:
        return str(file.partition[partition])

    known = sorted((file for file in files if file.partition[partition] is not None), key=value)
    return [(group[0].partition[partition], group) for _, part in groupby(known, value) if (group := list(part))]


def _start_of(date: datetime.date) -> float:
    return datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC).timestamp()


def _end_of_month(month: str) -> float:
    year, number = map(int, month.split("-"))
    return _start_of(datetime.date(year + number // 12, number % 12 + 1, 1))
