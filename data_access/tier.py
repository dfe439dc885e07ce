"""Which days may be read from the one-minute table instead of the readings themselves.

A file of a closed day that the compactor has sorted is named so, and it is committed after the day's minutes. So a
day all of whose files are sorted has all its minutes; any other day has readings that no minute knows of yet.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from data_access.compaction import SORTED
from data_access.delta import Snapshot
from data_access.reading import Reader, quoted
from data_access.wanted import DAY, Span, Wanted

NARROWEST = 120.0  # seconds of a stretch of a figure, so that it holds a whole minute wherever it lies


@dataclass(frozen=True)
class Minutes:
    """The one-minute table at one moment."""

    reader: Reader
    wanted: Wanted
    snapshot: Snapshot

    def batches(self, select: str, span: Span, rest: str = "") -> Generator[Any]:
        """The RecordBatches of ``SELECT {select} … {rest}`` over the minutes of a span."""
        (wanted, values), (within, bounds) = self.wanted.condition(), span.condition()
        query = f"SELECT {select} FROM {{rows}} WHERE {wanted} AND {within} {rest}"
        if self.snapshot.files:
            yield from self.reader.batches(query, [*values, *bounds], sorted(self.snapshot.files), alike=True)[1]


def runs(days: Mapping[int, Sequence[str]], wanted: Wanted, *, minutes: bool) -> Iterator[tuple[bool, list[int]]]:
    """The days in order, parted into runs; True where the run may be read from the minutes, if those are asked for.

    A day that is wanted in part is read from the readings: a minute at its edge would hold too much.
    """
    closed = set(closed_days(days, wanted)) if minutes else set[int]()
    for is_closed, run in groupby(days, closed.__contains__):
        yield is_closed, list(run)


def closed_days(days: Mapping[int, Sequence[str]], wanted: Wanted) -> Iterator[int]:
    """The days that are wanted as a whole and whose files are all sorted."""
    start = -math.inf if wanted.start is None else wanted.start
    end = math.inf if wanted.end is None else wanted.end
    for day, files in days.items():
        whole = start <= day * DAY and end >= (day + 1) * DAY
        if whole and all(name.rpartition("/")[2].startswith(SORTED) for name in files):
            yield day


def span_of(days: Sequence[int]) -> Span:
    """The time from the begin of the first to the end of the last of some days."""
    return Span(start=days[0] * DAY, end=(days[-1] + 1) * DAY)


def names_of(columns: Iterable[str]) -> str:
    """The lowest and highest of these columns in every minute, as SQL."""
    return ", ".join(quoted(f"{name}_{of}") for name in columns for of in ("min", "max"))
