"""Which readings somebody wants, said for whole files, for single rows and for what is not archived yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DAY = 86_400.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which readings: every condition that is given must hold; times are unix seconds, inclusive."""

    channels: Sequence[str] | None = None
    test: str | None = None
    start: float | None = None
    end: float | None = None

    def pruning(self, partition: str = "date") -> Any:
        """The condition by which whole files are left out; ``partition``: ``date`` or ``month``, as in the table."""
        digits = len("2026-11-22") if partition == "date" else len("2026-11")
        wanted: list[tuple[str, str, Any]] = []
        if self.start is not None:
            wanted += [(partition, ">=", _date(self.start)[:digits]), ("unix_time_second", ">=", float(self.start))]
        if self.end is not None:
            wanted += [(partition, "<=", _date(self.end)[:digits]), ("unix_time_second", "<=", float(self.end))]
        if self.channels is not None:
            wanted.append(("channel", "in", list(self.channels)))
        if self.test is not None:
            wanted.append(("test", "=", self.test))
        return wanted or True

    def condition(self) -> tuple[str, list[Any]]:
        """The same for single rows, as SQL with its values."""
        parts, values = ["true"], list[Any]()

        def add(part: str, *given: Any) -> None:
            parts.append(part)
            values.extend(given)

        if self.start is not None:
            add("unix_time_second >= ?", self.start)
        if self.end is not None:
            add("unix_time_second <= ?", self.end)
        if self.test is not None:
            add("test = ?", self.test)
        if self.channels is not None and len(self.channels) == 1:
            add("channel = ?", self.channels[0])
        elif self.channels is not None:
            add("list_contains(?::VARCHAR[], channel)", list(self.channels))
            if self.channels:  # row groups are left out by bounds, not by lists
                add("channel BETWEEN ? AND ?", min(self.channels), max(self.channels))
        return " AND ".join(parts), values

    def of(self, table: Any) -> Any:
        """The wanted rows of an Arrow table of readings."""
        keep: Any = np.ones(table.num_rows, dtype=bool)
        times = table.column("unix_time_second").to_numpy()
        if self.start is not None:
            keep &= times >= self.start
        if self.end is not None:
            keep &= times <= self.end
        for name, words in (("channel", self.channels), ("test", None if self.test is None else [self.test])):
            if words is not None:
                keep &= pc.is_in(table.column(name), pa.array(words, pa.string())).to_numpy()
        return table if keep.all() else table.filter(keep)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time in unix seconds: from ``start`` on, up to but without ``end``."""

    start: float = -math.inf
    end: float = math.inf

    def condition(self) -> tuple[str, list[Any]]:
        """The stretch as SQL with its values."""
        return "unix_time_second >= ? AND unix_time_second < ?", [self.start, self.end]

    def has_part_of(self, day: int) -> bool:
        """Whether a part of the UTC day (days since 1970) lies inside."""
        return day * DAY < self.end and (day + 1) * DAY > self.start


def _date(unix_time: float) -> str:
    bounded = min(max(unix_time, 0.0), 253_402_300_799.0)  # the years a date can name
    return datetime.fromtimestamp(bounded, UTC).date().isoformat()
