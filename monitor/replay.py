"""Replay: recorded readings through the real watch. The data are the clock; the same input gives the same output."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from cycling.identity import CELL, CurrentTest, assign_tests
from cycling.readings import COLUMNS, Batch, concat
from cycling.topology import Topology
from cycling.types import Alert, Cycle, Notice, Rejection
from cycling.validation import validate
from cycling.watch import Watch

ROWS_AT_ONCE = 50_000
LEAP_SECONDS = 7200.0  # more than any change between summer and winter time
KEY = ("channel", "test", "record_index", "unix_time_second")
TEXT_TYPES = {"string": pa.string(), "int32": pa.float64(), "int64": pa.float64()}


class Unreadable(Exception):
    """A file that cannot be replayed; the message says which and why."""


def replay(
    topology: Topology, detectors: Mapping[str, Mapping[str, Any]], files: Sequence[Path], out: Path
) -> dict[str, int]:
    """Fold the files' readings and write alerts.json, notices.json, cycles.parquet and forecasts.json to ``out``.

    Returns how many rows were folded and rejected, alerts found and cycles finished.
    """
    batches, rejected = [], []
    for path in files:
        batch, bad = read(path)
        batches.append(batch)
        rejected += [{"file": path.name, **asdict(rejection)} for rejection in bad]
    batch, _ = assign_tests(in_record_order(concat(batches)), stated_tests(topology))
    batch = without_copies(batch)
    watch = Watch(topology, detectors)
    alerts: dict[str, Alert] = {}
    cycles: dict[tuple[str, int], Cycle] = {}
    notices: list[Notice] = []
    for rows in _by_clock(batch):
        told = watch.fold(rows, float(rows.numbers("arrival_time_second").max()))
        alerts |= {alert.id: alert for alert in told.alerts}
        cycles |= {(cycle.test, cycle.cycle_count): cycle for cycle in told.cycles}
        notices += told.notices
    cycles |= {(cycle.test, cycle.cycle_count): cycle for cycle in watch.finish()}
    out.mkdir(parents=True, exist_ok=True)
    found = sorted(alerts.values(), key=lambda alert: (alert.opened_at, alert.id))
    _write_json(out / "alerts.json", [alert.to_json() for alert in found])
    _write_json(out / "notices.json", [notice.to_json() for notice in notices])
    _write_json(out / "forecasts.json", [])
    pq.write_table(cycles_table(sorted(cycles.values(), key=lambda c: (c.test, c.cycle_count))), out / "cycles.parquet")
    if rejected:
        _write_json(out / "rejected.json", rejected)
    return {"rows": len(batch), "rejected": len(rejected), "alerts": len(alerts), "cycles": len(cycles)}


def stated_tests(topology: Topology) -> dict[str, CurrentTest]:
    """What runs on each channel as lab.toml states it: rows that do not name their test belong to it."""
    stated = [facts for facts in topology.tests if facts.channel]
    rows = {
        "channel": np.array([facts.channel for facts in stated], dtype=object),
        "test": np.array([facts.test for facts in stated], dtype=object),
        CELL: np.array([facts.cell for facts in stated], dtype=object),
    }
    return assign_tests(Batch(rows), {})[1]


def read(path: Path) -> tuple[Batch, tuple[Rejection, ...]]:
    """The readings of a Parquet or CSV file with the columns of the vocabulary, and its rows that are none."""
    try:
        table = pq.read_table(path) if _is_parquet(path) else _read_csv(path)
    except (OSError, pa.ArrowException) as error:
        raise Unreadable(f"{path}: cannot be read as Parquet or CSV ({error}).") from error
    missing = [name for name, column in COLUMNS.items() if column.required and name not in table.column_names]
    if missing:
        raise Unreadable(f"{path}: has no column {', '.join(missing)}; it has {', '.join(table.column_names)}.")
    columns = {name: _array(table.column(name)) for name in table.column_names}
    validated = validate(columns, received=None, lenient=True)
    return validated.batch, validated.rejected


def in_record_order(batch: Batch) -> Batch:
    """The batch with neighbours that were swapped against ``record_index`` put right.

    A lasting restart of the index is a seam of the file, not disorder, and stays as it is.
    """
    record, channels = batch.numbers("record_index"), batch.texts("channel")
    order = np.arange(len(batch))
    for channel in dict.fromkeys(channels.tolist()):
        rows = np.flatnonzero(channels == channel)
        index = record[rows]
        before = np.append(-np.inf, index[:-2])
        after = np.append(index[2:], np.inf)
        swapped = np.flatnonzero((index[:-1] > index[1:]) & (before < index[1:]) & (index[:-1] < after))
        order[rows[swapped]], order[rows[swapped + 1]] = rows[swapped + 1], rows[swapped]
    return batch.take(order) if len(batch) else batch


def without_copies(batch: Batch) -> Batch:
    """The batch without rows it already holds, as a file exported twice brings them; the first one stays.

    Rows are the same when channel, test, record_index and unix time agree; without record_index, when every
    value does.
    """
    if not len(batch):
        return batch
    indexed = ~np.isnan(batch.numbers("record_index"))
    keys = pd.DataFrame({name: batch.columns[name] for name in KEY if name in batch.columns})
    copy = indexed & keys.duplicated().to_numpy()
    if not indexed.all():
        copy |= ~indexed & pd.DataFrame(dict(batch.columns)).duplicated().to_numpy()
    return batch.take(~copy) if copy.any() else batch


def cycles_table(cycles: Sequence[Cycle]) -> pa.Table:
    """The cycles as an Arrow table; a missing number is null."""
    columns = {}
    for field in fields(Cycle):
        values = [getattr(cycle, field.name) for cycle in cycles]
        if field.type == "float":
            columns[field.name] = pa.array([None if math.isnan(v) else v for v in values], type=pa.float64())
        else:
            columns[field.name] = pa.array(values, type=pa.int32() if field.type == "int" else pa.string())
    return pa.table(columns)


def _by_clock(batch: Batch) -> list[Batch]:
    """The rows merged by their clock (arrival where present, else unix time), in pieces.

    Within a channel rows stay in order and the clock never goes back.
    """
    if not len(batch):
        return []
    arrival, unix = batch.numbers("arrival_time_second"), batch.numbers("unix_time_second")
    clock = np.where(np.isnan(arrival), unix, arrival)
    _names, channel = np.unique(batch.texts("channel").astype(str), return_inverse=True)
    for place in range(channel.max() + 1):
        rows = np.flatnonzero(channel == place)
        clock[rows] = np.maximum.accumulate(_without_leaps(clock[rows]))
    order = np.argsort(clock, kind="stable")
    merged = batch.with_columns(arrival_time_second=clock).take(order)
    return [merged.take(slice(begin, begin + ROWS_AT_ONCE)) for begin in range(0, len(merged), ROWS_AT_ONCE)]


def _without_leaps(clock: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The clock of one channel where single rows far ahead of both their neighbours stand at the row before: one
    wrong stamp must not hold up all later rows, nor make every other channel look silent."""
    before, after = np.append(clock[:1], clock[:-1]), np.append(clock[1:], clock[-1:])
    return np.where((clock - before > LEAP_SECONDS) & (clock - after > LEAP_SECONDS), before, clock)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_csv(path: Path) -> pa.Table:
    types = {name: TEXT_TYPES.get(column.kind, pa.float64()) for name, column in COLUMNS.items()}
    options = pacsv.ConvertOptions(column_types=types, null_values=["", "NaN", "nan", "null"], strings_can_be_null=True)
    return pacsv.read_csv(path, convert_options=options)


def _array(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_integer(kind):
        column = column.cast(pa.float64(), safe=False)
    values: np.ndarray[Any, Any] = column.to_numpy()
    return values


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, default=str) + "\n")
