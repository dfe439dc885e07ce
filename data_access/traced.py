"""The rows that traces are drawn from: single readings, or minutes with what was lowest and highest in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_access.decimation import GAP_SECONDS, GAP_STEPS, Floats, decimate, with_breaks

CLOCK, TEST_CLOCK = "unix_time_second", "test_time_second"
TRACED = (
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
)
MINUTE = 60.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of one trace in order of time, all arrays of one length.

    ``low`` and ``high`` by column of TRACED, the same array where rows are readings. ``length``: 0 s for a reading,
    60 s for a minute, more for several of them. ``count``: the readings in each. ``breaks``: after which rows
    nothing was measured for long.
    """

    time: Floats
    test_time: Floats
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    length: Floats
    count: Floats
    breaks: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: Any) -> Rows:
        """The rows of an index array, a mask or a slice, in that order."""
        low = {name: values[rows] for name, values in self.low.items()}
        same = self.low is self.high
        return Rows(
            time=self.time[rows],
            test_time=self.test_time[rows],
            low=low,
            high=low if same else {name: values[rows] for name, values in self.high.items()},
            length=self.length[rows],
            count=self.count[rows],
            breaks=self.breaks[rows],
        )

    @cached_property
    def longest_step(self) -> float:
        """The longest step in seconds from one reading to the next that is no pause."""
        if len(self) < 3:
            return GAP_SECONDS
        readings = float(np.median(self.count)) if self.length.any() else 1.0
        return max(GAP_SECONDS, GAP_STEPS * float(np.median(np.diff(self.time))) / readings)

    def with_breaks(self) -> Rows:
        """The same rows, with the pauses that can be seen between them."""
        steps = self.time[1:] - (self.time + self.length)[:-1]
        return replace(self, breaks=np.append(steps > self.longest_step, False))

    def thinned(self, points: int) -> Rows:
        """At most about ``points`` of the rows, the extremes of every column among them."""
        pauses = np.flatnonzero(self.breaks[:-1])
        return self.take(decimate(self.time, self.low, points, highs=self.high, pauses=pauses))

    def drawn(self) -> dict[str, list[float | None]]:
        """The rows as lists for a figure: a minute of many readings is two points, its lowest and its highest."""
        places = np.repeat(np.arange(len(self)), 1 + ((self.length > 0) & (self.count > 1)))
        again = np.diff(places) == 0
        second, last = np.append([False], again)[: len(places)], np.append(~again, True)[: len(places)]
        middle = np.minimum(self.time + self.length / 2, np.append(self.time[1:], np.inf)[: len(self)])
        columns = {
            CLOCK: np.where(second, middle[places], self.time[places]),
            TEST_CLOCK: self.test_time[places],
            **{name: np.where(second, self.high[name][places], self.low[name][places]) for name in TRACED},
        }
        told = with_breaks(columns, np.arange(len(places)), np.flatnonzero(self.breaks[places] & last), CLOCK)
        return told | {name: _as_measured(told[name]) for name in TRACED}


def of_readings(batches: Sequence[Any]) -> Rows:
    """Rows out of Arrow RecordBatches (or tables) of readings."""
    values = {name: _column(batches, name) for name in TRACED}
    time = _column(batches, CLOCK)
    return _by_time(_rows(time, _column(batches, TEST_CLOCK), values, values, 0.0, np.ones(len(time))))


def of_minutes(batches: Sequence[Any], length: float = MINUTE) -> Rows:
    """Rows out of Arrow RecordBatches of the one-minute table, where a row stands for so many seconds."""
    low, high = ({name: _column(batches, f"{name}_{of}") for name in TRACED} for of in ("min", "max"))
    count = _column(batches, "rows")
    return _by_time(_rows(_column(batches, CLOCK), _column(batches, TEST_CLOCK), low, high, length, count))


def in_order(parts: Iterable[Rows]) -> Rows:
    """The rows of all parts in order of time. Says nothing new of pauses."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else of_readings([])
    low = {name: np.concatenate([part.low[name] for part in parts]) for name in TRACED}
    same = all(part.low is part.high for part in parts)
    return _by_time(
        Rows(
            time=np.concatenate([part.time for part in parts]),
            test_time=np.concatenate([part.test_time for part in parts]),
            low=low,
            high=low if same else {name: np.concatenate([part.high[name] for part in parts]) for name in TRACED},
            length=np.concatenate([part.length for part in parts]),
            count=np.concatenate([part.count for part in parts]),
            breaks=np.concatenate([part.breaks for part in parts]),
        )
    )


def thinned(blocks: Iterable[Rows], points: int) -> Rows:
    """At most about ``points`` rows of blocks that follow each other in time; one block is held at a time."""
    kept: list[Rows] = []
    end, longest_step = 0.0, 0.0
    for block in blocks:
        if not len(block):
            continue
        if kept:
            kept[-1].breaks[-1] = block.time[0] - end > longest_step
        kept.append(block.with_breaks().thinned(points))
        end, longest_step = float(block.time[-1] + block.length[-1]), block.longest_step
    return kept[0] if len(kept) == 1 else in_order(kept).thinned(points)


def _rows(time: Floats, test_time: Floats, low: Any, high: Any, length: float, count: Floats) -> Rows:
    each, none = np.full(len(time), length), np.zeros(len(time), dtype=bool)
    return Rows(time=time, test_time=test_time, low=low, high=high, length=each, count=count, breaks=none)


def _by_time(rows: Rows) -> Rows:
    return rows if (np.diff(rows.time) >= 0).all() else rows.take(np.argsort(rows.time, kind="stable"))


def _column(batches: Sequence[Any], name: str) -> Floats:
    if not batches:
        return np.zeros(0)
    columns = [column for batch in batches for column in _arrays(batch.column(name))]
    numbers: Floats = pa.chunked_array(columns, batches[0].schema.field(name).type).to_numpy()
    return numbers


def _arrays(column: Any) -> list[Any]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def _as_measured(values: list[float | None]) -> Any:
    """The numbers that were measured: float32 has kept them, but with digits behind them that mean nothing."""
    return pa.array(values, pa.float32()).cast(pa.string()).cast(pa.float64()).to_pylist()
