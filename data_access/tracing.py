"""Traces at any zoom: the archive's readings or minutes, and the live tail, as few rows that hide no spike."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from data_access.joined import Moment
from data_access.tier import NARROWEST, Minutes, closed_days, names_of, runs, span_of
from data_access.traced import CLOCK, MINUTE, TEST_CLOCK, TRACED, Rows, in_order, of_minutes, of_readings, thinned
from data_access.wanted import DAY, Span, Wanted

MOST_ROWS = 1_000_000  # at once, about 60 MB
WIDTHS = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0, 43_200.0)  # seconds, whole parts of a day
FEW = 4  # rows at least to the narrowest stretch
COLUMNS = (CLOCK, TEST_CLOCK, *TRACED)


def trace(moment: Moment, minutes: Minutes | None, points: int) -> Rows:
    """At most about ``points`` rows of a moment, with every extreme of every stretch.

    Out of ``minutes`` where the stretches are wide enough for it and the days are closed; None: readings only.
    """
    width = _width(moment, points)
    if minutes is None or width is None or not any(closed_days(moment.days, moment.wanted)):
        return thinned(_blocks(moment, None), points)
    return thinned(_blocks(moment, minutes, width), points // 2)  # a minute is drawn as two points


def needs_minutes(wanted: Wanted, points: int) -> bool:
    """Whether the stretches of a figure of so many points can be wide enough for minutes, as far as the window says."""
    if wanted.start is None or wanted.end is None:
        return True
    return (wanted.end - wanted.start) / (points / 2) >= NARROWEST


def _width(moment: Moment, points: int) -> float | None:
    """How many seconds of minutes may be read as one row; None where a minute is too much already.

    Even the narrowest stretch that a figure of so many points can have must hold a whole minute, and of several
    minutes put together still a few.
    """
    wanted = moment.wanted
    seconds = len(moment.days) * DAY
    if wanted.start is not None and wanted.end is not None:
        seconds = min(seconds, wanted.end - wanted.start)
    narrowest = seconds / (points / 2)
    if narrowest < NARROWEST:
        return None
    return max((width for width in WIDTHS if FEW * width <= narrowest), default=MINUTE)


def _blocks(moment: Moment, minutes: Minutes | None, width: float = MINUTE) -> Iterator[Rows]:
    """Everything in order of time, a few days at once; what is not archived yet goes to its place among them."""
    tail = of_readings([] if moment.tail is None else [moment.tail])
    for block in _stored(moment, minutes, width):
        before = int(np.searchsorted(tail.time, block.time[-1], side="right"))
        yield in_order([block, tail.take(slice(before))]) if before else block
        tail = tail.take(slice(before, None))
    yield tail


def _stored(moment: Moment, minutes: Minutes | None, width: float) -> Iterator[Rows]:
    for closed, days in runs(moment.days, moment.wanted, minutes=minutes is not None):
        if closed and minutes is not None:
            yield from _cut(_put_together(minutes, span_of(days), width), partial(of_minutes, length=width))
        else:
            yield from _cut(moment.stored(", ".join(COLUMNS), days), of_readings)


def _put_together(minutes: Minutes, span: Span, width: float) -> Generator[Any]:
    """The minutes of a span, those of every ``width`` seconds as one row."""
    columns = (CLOCK, TEST_CLOCK, "rows")
    if width == MINUTE:
        return minutes.batches(", ".join([*columns, names_of(TRACED)]), span)
    extremes = [f"{of}({name}_{of}) AS {name}_{of}" for name in TRACED for of in ("min", "max")]
    clock = f"floor({CLOCK} / {width}) * {width}"
    select = [f"{clock} AS {CLOCK}", f"min({TEST_CLOCK}) AS {TEST_CLOCK}", "sum(rows)::DOUBLE AS rows", *extremes]
    return minutes.batches(", ".join(select), span, f"GROUP BY {clock}")


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
