"""Traces at any zoom: the archive's readings or minutes, and the live tail, as few rows that hide no spike."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import numpy as np

from data_access.joined import Moment
from data_access.tier import NARROWEST, Minutes, closed_days, names_of, runs, span_of
from data_access.traced import CLOCK, TEST_CLOCK, TRACED, Rows, in_order, of_minutes, of_readings, thinned
from data_access.wanted import DAY

MOST_ROWS = 1_000_000  # at once, about 60 MB
COLUMNS = (CLOCK, TEST_CLOCK, *TRACED)


def trace(moment: Moment, minutes: Minutes | None, points: int) -> Rows:
    """At most about ``points`` rows of a moment, with every extreme of every stretch.

    Out of ``minutes`` where the stretches are wide enough for it and the days are closed; None: readings only.
    """
    if minutes is None or not _wide(moment, points) or not any(closed_days(moment.days, moment.wanted)):
        return thinned(_blocks(moment, None), points)
    return thinned(_blocks(moment, minutes), points // 2)  # a minute is drawn as two points


def _wide(moment: Moment, points: int) -> bool:
    """Whether even the narrowest stretch a figure of so many points can have holds a whole minute."""
    wanted = moment.wanted
    seconds = len(moment.days) * DAY
    if wanted.start is not None and wanted.end is not None:
        seconds = min(seconds, wanted.end - wanted.start)
    return seconds / (points / 2) >= NARROWEST


def _blocks(moment: Moment, minutes: Minutes | None) -> Iterator[Rows]:
    """Everything in order of time, a few days at once; what is not archived yet goes to its place among them."""
    tail = of_readings([] if moment.tail is None else [moment.tail])
    for block in _stored(moment, minutes):
        before = int(np.searchsorted(tail.time, block.time[-1], side="right"))
        yield in_order([block, tail.take(slice(before))]) if before else block
        tail = tail.take(slice(before, None))
    yield tail


def _stored(moment: Moment, minutes: Minutes | None) -> Iterator[Rows]:
    for closed, days in runs(moment.days, moment.wanted, minutes=minutes is not None):
        if closed and minutes is not None:
            select = f"{CLOCK}, {TEST_CLOCK}, rows, {names_of(TRACED)}"
            yield from _cut(minutes.batches(select, span_of(days)), of_minutes)
        else:
            yield from _cut(moment.stored(", ".join(COLUMNS), days), of_readings)


def _cut(batches: Generator[Any], of: Callable[[Sequence[Any]], Rows]) -> Iterator[Rows]:
    """Blocks of many rows in order of time. A day is never parted, for within a day rows come in any order."""
    rest, held, rows = of_readings([]), list[Any](), 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows < MOST_ROWS:
            continue
        block = in_order([rest, of(held)])
        whole = int(np.searchsorted(block.time, np.floor(block.time[-1] / DAY) * DAY))
        if whole:
            yield block.take(slice(whole))
        rest, held, rows = block.take(slice(whole, None)), [], 0
    block = in_order([rest, of(held)]) if held else rest
    if len(block):
        yield block
