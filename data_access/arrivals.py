"""The archived readings of some channels in the order in which they arrived, however many there are.

The table lies by the day of the cycler's clock, readings can arrive long after it, and a history can be brought in
at once. So first it is counted when the readings of each hour arrived; then hours are read in the order of their
first arrival, and what arrived before the hours still to come can be given out. Held in memory is what is read at
once and what arrived out of its hours' turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cycling.readings import COLUMNS, EMPTY, Batch, concat
from data_access import codec
from data_access.fleet import Unit
from data_access.fleet_summary import CLOCK
from data_access.reading import Reader

ROWS_AT_ONCE = 500_000  # some 0.5 GB while they are folded
HOUR = 3600.0
OF_UNIT = "channel >= ? AND channel <= ? AND list_contains(?::VARCHAR[], channel)"  # only the range prunes row groups
WITHIN = "unix_time_second >= ? AND unix_time_second <= ?"


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Hours of the cyclers' clock that follow each other: unix times from ``start`` to before ``end``."""

    start: float
    end: float
    first: float  # the earliest arrival
    rows: int


def in_order_of_arrival(unit: Unit, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[Batch]:
    """Batches with the columns of the vocabulary; each begins no earlier than the one before has ended.

    Rows stand in order of arrival; those that arrived together in order of unix time, then of record_index. An
    archived row without its arrival is taken to have arrived at its unix time. Raises StoreAway.
    """
    reader = Reader(unit.threads)
    ahead = sorted(_hours(reader, unit, rows_at_once), key=lambda hours: (hours.first, hours.start))
    held = EMPTY
    for place, hours in enumerate(ahead):
        held = _sorted(concat([held, _read(reader, unit, hours)]))
        ready = len(held)
        if place + 1 < len(ahead):
            ready = _ready(held, ahead[place + 1])
        if ready:
            yield held.take(slice(0, ready))
            held = held.take(slice(ready, None))


def _hours(reader: Reader, unit: Unit, rows_at_once: int) -> list[Hours]:
    """The hours that have readings, small ones together."""
    query = (
        f"SELECT CAST(floor(unix_time_second / {HOUR}) AS BIGINT) AS hour, count(*) AS rows, min({CLOCK}) AS first "
        f"FROM {{rows}} WHERE {OF_UNIT} AND {WITHIN} GROUP BY hour ORDER BY hour"
    )
    files = [file.url for file in unit.fleet.files]
    values = [*_channels(unit), unit.fleet.since, unit.fleet.until]
    found: list[Hours] = []
    for row in reader.table(query, values, files, unit.fleet.schema.empty_table()).to_pylist():
        start = row["hour"] * HOUR
        if found and found[-1].rows + row["rows"] <= rows_at_once:
            before = found.pop()
            first, rows = min(before.first, row["first"]), before.rows + row["rows"]
            found.append(Hours(start=before.start, end=start + HOUR, first=first, rows=rows))
        else:
            found.append(Hours(start=start, end=start + HOUR, first=row["first"], rows=row["rows"]))
    return found


def _read(reader: Reader, unit: Unit, hours: Hours) -> Batch:
    since, until = max(hours.start, unit.fleet.since), min(hours.end, unit.fleet.until)
    files = [file.url for file in unit.fleet.files if file.may_hold(since, until, unit.channels)]
    names = [field for field in unit.fleet.schema if field.name in COLUMNS]
    listed = ", ".join(field.name for field in names)
    query = f"SELECT {listed} FROM {{rows}} WHERE {OF_UNIT} AND {WITHIN} AND unix_time_second < ?"
    values = [*_channels(unit), since, until, hours.end]
    table = reader.table(query, values, files, unit.fleet.schema.empty_table())
    for place, field in enumerate(names):  # a word that is told once costs no object for every row
        if pa.types.is_string(field.type):
            table = table.set_column(place, field.name, pc.dictionary_encode(table.column(field.name).combine_chunks()))
    return codec.to_batch(table)


def _sorted(batch: Batch) -> Batch:
    """By arrival, unix time and record_index; missing arrivals are filled."""
    unix = batch.numbers("unix_time_second")
    clock = batch.numbers("arrival_time_second")
    clock = np.where(np.isnan(clock), unix, clock)
    order = np.lexsort((batch.numbers("record_index"), unix, clock))
    return batch.with_columns(arrival_time_second=clock).take(order)


def _ready(held: Batch, following: Hours) -> int:
    """How many of the sorted rows come before whatever is still to be read."""
    clock, unix = held.numbers("arrival_time_second"), held.numbers("unix_time_second")
    begin, end = np.searchsorted(clock, following.first, "left"), np.searchsorted(clock, following.first, "right")
    return int(begin + np.searchsorted(unix[begin:end], following.start, "left"))


def _channels(unit: Unit) -> Sequence[Any]:
    return unit.channels[0], unit.channels[-1], list(unit.channels)
