"""Readings, cycles and means on their way out: everything there is, live tail included."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from flask import Blueprint, Response

from api.answers import Refused
from api.arguments import number, one_of, whole_number
from api.formats import TYPES, streamed
from api.tests import known_test
from data_access.decimation import decimate
from data_access.lab import lab

downloads = Blueprint("downloads", __name__)

MOST_POINTS = 1_000_000
MOST_MEANS = 5_000_000
MOST_SECONDS = 86_400
WEEK = 604_800.0
EXTREMES_OF_CYCLES = ("charging_capacity_ah", "discharging_capacity_ah", "coulombic_efficiency")


@downloads.get("/tests/<path:test>/readings")
def get_readings(test: str) -> Response:
    kind, start, end, points = _kind(), *_between(), _points()
    known_test(test)
    schema, batches = lab().history.readings(test=test, start=start, end=end, points=points)
    return streamed(kind, test, schema, batches, "readings")


@downloads.get("/tests/<path:test>/cycles/<int:cycle_count>/readings")
def get_readings_of_cycle(test: str, cycle_count: int) -> Response:
    """One finished cycle."""
    kind = _kind()
    known_test(test)
    found = lab().history.cycle(test, cycle_count)
    if found is None:
        raise Refused(404, f'There is no finished cycle {cycle_count} of test "{test[:200]}".')
    return streamed(kind, f"{test}.{cycle_count}", *found, "readings")


@downloads.get("/channels/<channel>/readings")
def get_readings_of_channel(channel: str) -> Response:
    """Whatever ran on a channel, test after test."""
    kind, start, end, points = _kind(), *_between(), _points()
    schema, batches = lab().history.readings(channel=channel, start=start, end=end, points=points)
    first = next(batches, None)
    if first is None and channel not in lab().topology.places:
        raise Refused(404, f'There is no channel "{channel[:64]}" with readings at these times.')
    return streamed(kind, channel, schema, _with_first(first, batches), "readings")


@downloads.get("/chambers/<chamber>/means")
def get_means(chamber: str) -> Response:
    """What every channel of a chamber measured, as means; the last week when no time is asked for."""
    kind, (start, end) = _kind(), _between()
    seconds = whole_number("seconds", 60, least=1, most=MOST_SECONDS)
    end = time.time() if end is None else end
    start = end - WEEK if start is None else start
    channels = [place.channel for place in lab().topology.places.values() if place.chamber == chamber]
    if not channels:
        raise Refused(404, f'There is no chamber "{chamber[:64]}" with channels.')
    if (end - start) / seconds * len(channels) > MOST_MEANS:
        raise Refused(
            400,
            f"{end - start:.0f} s of {len(channels)} channels in means over {seconds} s: expected at most "
            f"{MOST_MEANS} of them. Ask for less time, or for means over more seconds.",
        )
    table = lab().history.means(channels, start, end, seconds)
    return streamed(kind, chamber, table.schema, table.to_batches(), "means")


@downloads.get("/tests/<path:test>/cycles")
def get_cycles(test: str) -> Response:
    """The cycles that lie in the asked time, be it with a part of them."""
    kind, points = _kind(), _points()
    times = _between()
    known_test(test)
    table = _table(lab().history.cycles(test=test), *times)
    if points is not None:
        table = _decimated(table, "start_unix_time_second", EXTREMES_OF_CYCLES, points)
    return streamed(kind, test, table.schema, table.to_batches(), "cycles")


@downloads.get("/cycles")
def get_all_cycles() -> Response:
    """The cycles of all tests."""
    kind, times = _kind(), _between()
    table = _table(lab().history.cycles(), *times)
    return streamed(kind, "all", table.schema, table.to_batches(), "cycles")


def _kind() -> str:
    return one_of("format", TYPES, "json")


def _between() -> tuple[float | None, float | None]:
    return number("from"), number("to")


def _points() -> int | None:
    points: int | None = whole_number("points", None, least=2, most=MOST_POINTS)
    return points


def _with_first(first: Any | None, batches: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
    yield from batches


def _table(cycles: pd.DataFrame, start: float | None, end: float | None) -> pa.Table:
    if start is not None:
        cycles = cycles[cycles["end_unix_time_second"] >= start]
    if end is not None:
        cycles = cycles[cycles["start_unix_time_second"] <= end]
    return pa.Table.from_pandas(cycles, preserve_index=False).replace_schema_metadata(None)


def _decimated(table: pa.Table, clock: str, names: Iterable[str], points: int) -> pa.Table:
    """At most about ``points`` rows; every extreme of the named columns is among them."""
    columns = {name: _floats(table, name) for name in names if name in table.column_names}
    rows = decimate(_floats(table, clock), columns, points)
    return table.take(pa.array(rows))


def _floats(table: pa.Table, name: str) -> Any:
    return table.column(name).to_numpy().astype(np.float64)
