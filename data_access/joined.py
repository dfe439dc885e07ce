"""Archive and live tail at one moment, as if they were one table: no reading is missing or in both."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from data_access import shapes
from data_access.delta import Snapshot
from data_access.reading import Reader
from data_access.wanted import Span, Wanted

ALWAYS = Span()
PARTITION = re.compile(r"/date=(\d{4}-\d\d-\d\d)/")
FIRST_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Moment:
    """The wanted readings as they stood when the snapshot was taken.

    ``tail``: an Arrow table of those that are not in the snapshot, None when there are none. ``schema``: every
    column of both, in the archive's types, without the partition.
    """

    reader: Reader
    wanted: Wanted
    snapshot: Snapshot
    tail: Any | None

    @cached_property
    def schema(self) -> Any:
        stored = pa.schema([(name, kind) for name, kind in self.snapshot.columns.items() if name != "date"])
        return stored if self.tail is None else pa.unify_schemas([stored, self.tail.schema])

    @cached_property
    def alike(self) -> bool:
        """Whether every data file has every column: extra columns are only in those written since they came."""
        return set(self.snapshot.columns) <= set(shapes.READINGS.names)

    @cached_property
    def days(self) -> dict[int, list[str]]:
        """The data files of every UTC day (days since 1970), in order."""
        return by_day(self.snapshot.files)

    def batches(
        self, select: str, span: Span = ALWAYS, rest: str = "", values: Sequence[Any] = ()
    ) -> tuple[Any, Generator[Any]]:
        """The answer of ``SELECT {select} … {rest}`` over the rows of a span: its schema and its RecordBatches.

        ``values``: those of ``rest``.
        """
        files = [name for day, listed in self.days.items() if span.has_part_of(day) for name in listed]
        tail = None if files and self.tail is None and self.alike else self.beside()
        (wanted, asked), (within, bounds) = self.wanted.condition(), span.condition()
        query = f"SELECT {select} FROM {{rows}} WHERE {wanted} AND {within} {rest}"
        return self.reader.batches(query, [*asked, *bounds, *values], files, tail, alike=self.alike)

    def stored(self, select: str, days: Iterable[int], rest: str = "") -> Generator[Any]:
        """The RecordBatches of ``SELECT {select} … {rest}`` over the data files of whole days, without the tail.

        Only of columns that every data file has. Without an order in ``rest`` the days come one after the other,
        but the rows of a day as they lie.
        """
        files = [name for day in days for name in self.days[day]]
        return self._plain(select, rest, files, None)

    def fresh(self, select: str, rest: str = "") -> Generator[Any]:
        """The same over the tail alone."""
        return self._plain(select, rest, (), self.schema.empty_table() if self.tail is None else self.tail)

    def _plain(self, select: str, rest: str, files: Sequence[str], tail: Any) -> Generator[Any]:
        condition, values = self.wanted.condition()
        query = f"SELECT {select} FROM {{rows}} WHERE {condition} {rest}"
        return self.reader.batches(query, values, files, tail, alike=True)[1]

    def beside(self) -> Any:
        """The tail, or an empty table: with every column, so that each part of an answer has the same ones."""
        empty = self.schema.empty_table()
        return empty if self.tail is None else pa.concat_tables([empty, self.tail], promote_options="default")


def by_day(files: Iterable[str]) -> dict[int, list[str]]:
    """Data files by the UTC day (days since 1970) in whose folder they lie, in order of days."""
    found: dict[int, list[str]] = defaultdict(list)
    for name in files:
        told = PARTITION.search(name)
        if told is None:
            raise ValueError(f"{name}: expected a data file of readings inside a folder date=YYYY-MM-DD.")
        found[date.fromisoformat(told[1]).toordinal() - FIRST_DAY].append(name)
    return {day: sorted(found[day]) for day in sorted(found)}
