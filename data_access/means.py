"""Means over even intervals of time, of many channels at once: what a chamber's week looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from data_access.joined import Moment
from data_access.reading import quoted
from data_access.tier import Minutes, closed_days, span_of
from data_access.traced import CLOCK, MINUTE, TRACED
from data_access.wanted import DAY

GROUPED = "GROUP BY channel, begin"


def means(moment: Moment, minutes: Minutes | None, seconds: float) -> Any:
    """The mean of every column of TRACED in every interval that has a reading, as an Arrow table.

    Columns: ``channel``, ``unix_time_second`` (the begin of the interval), ``rows`` (readings in it) and
    ``<name>_mean``, null where nothing was measured. In order of channel and time.
    """
    closed = set[int]()
    if minutes is not None and seconds % MINUTE == 0:
        closed.update(closed_days(moment.days, moment.wanted))
    begin = f"floor({CLOCK} / {float(seconds)!r}) * {float(seconds)!r} AS begin"
    readings = f"channel, {begin}, count(*) AS rows, {', '.join(map(_of_readings, TRACED))}"
    fresh = [day for day in moment.days if day not in closed]
    parts = [] if not fresh else list(moment.stored(readings, fresh, GROUPED))
    parts += moment.fresh(readings, GROUPED)
    if minutes is not None and closed:
        whole = f"channel, {begin}, rows::BIGINT AS rows, {', '.join(map(_of_minutes, TRACED))}"
        days = ", ".join(str(day) for day in sorted(closed))
        only = f"AND (floor({CLOCK} / {DAY}))::BIGINT IN ({days})"
        parts += minutes.batches(whole, span_of(sorted(closed)), only)
    sums = pa.Table.from_batches(parts, SUMS)
    return _put_together(sums) if len(sums) else MEANS.empty_table()


def _of_readings(name: str) -> str:
    known = f"nullif({quoted(name)}, 'NaN')::DOUBLE"
    return f"count({known})::BIGINT AS {name}_n, sum({known}) AS {name}_sum"


def _of_minutes(name: str) -> str:
    mean = quoted(f"{name}_mean")
    return f"CASE WHEN {mean} IS NULL THEN 0 ELSE rows END::BIGINT AS {name}_n, {mean}::DOUBLE * rows AS {name}_sum"


def _put_together(sums: Any) -> Any:
    """One row for an interval, be it in minutes, in readings and in the tail."""
    words = sums.column("channel").combine_chunks().dictionary_encode()
    names = words.dictionary.to_numpy(zero_copy_only=False)
    rank = np.argsort(np.argsort(names))[words.indices.to_numpy()]
    begin = sums.column("begin").to_numpy()
    order = np.lexsort((begin, rank))
    rank, begin = rank[order], begin[order]
    first = np.flatnonzero(np.append(True, (np.diff(rank) != 0) | (np.diff(begin) != 0)))

    def summed(name: str) -> Any:
        values = sums.column(name).fill_null(0).to_numpy()[order]
        return values if len(first) == len(values) else np.add.reduceat(values, first)

    columns = {
        "channel": words.dictionary.take(pa.array(np.argsort(names))).take(pa.array(rank[first])),
        CLOCK: begin[first],
        "rows": summed("rows"),
    }
    for name in TRACED:
        count = summed(f"{name}_n")
        with_any = np.maximum(count, 1)
        columns[f"{name}_mean"] = pa.array((summed(f"{name}_sum") / with_any).astype(np.float32), mask=count == 0)
    return pa.table(columns, schema=MEANS)


SUMS = pa.schema(
    [
        ("channel", pa.string()),
        ("begin", pa.float64()),
        ("rows", pa.int64()),
        *((f"{name}_{of}", kind) for name in TRACED for of, kind in (("n", pa.int64()), ("sum", pa.float64()))),
    ]
)
MEANS = pa.schema(
    [
        ("channel", pa.string()),
        (CLOCK, pa.float64()),
        ("rows", pa.int64()),
        *((f"{name}_mean", pa.float32()) for name in TRACED),
    ]
)
