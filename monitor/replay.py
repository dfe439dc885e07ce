"""Replay: recorded readings through the real watch. The data are the clock; the same input gives the same output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from cycling.identity import CELL, CurrentTest, assign_tests
from cycling.readings import COLUMNS, EMPTY, Batch, concat
from cycling.topology import Topology
from cycling.types import Rejection
from cycling.validation import validate
from cycling.watch import Watch
from monitor.clock_order import by_clock, in_record_order
from monitor.findings import Findings, write, write_json
from monitor.unread import of_file

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
    batches, rejected, counts = [], [], []
    for path in files:
        batch, bad = read(path)
        batches.append(batch)
        counts.append(of_file(path.name, batch, bad))
        rejected += [{"file": path.name, **asdict(rejection)} for rejection in bad]
    batch, _ = assign_tests(in_record_order(concat(batches)), stated_tests(topology))
    batch = without_copies(batch)
    watch, findings = Watch(topology, detectors), Findings()
    for rows in by_clock(batch):
        findings.take(watch.fold(rows, float(rows.numbers("arrival_time_second").max())))
    watch.heed_rejects(counts, max(watch.now, 0.0))
    findings.take(watch.fold(EMPTY, watch.now))
    findings.add_cycles(watch.finish())
    out.mkdir(parents=True, exist_ok=True)
    cycles = findings.cycles_table()
    write(out, findings.alerts_by_time(), findings.notices, cycles)
    write_json(out / "forecasts.json", [])
    if rejected:
        write_json(out / "rejected.json", rejected)
    return {"rows": len(batch), "rejected": len(rejected), "alerts": len(findings.alerts), "cycles": len(cycles)}


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


def without_copies(batch: Batch) -> Batch:
    """The batch without rows it already holds, as a file exported twice brings them; the first one stays.

    Rows are the same when channel, test, record_index and unix time agree; without record_index, when every
    value does.
    """
    if not len(batch):
        return batch
    index = batch.numbers("record_index")
    if (index[1:] > index[:-1]).all() and not np.isnan(index[:1]).any():  # as one channel's file has them
        return batch
    indexed = ~np.isnan(index)
    keys = pd.DataFrame({name: batch.columns[name] for name in KEY if name in batch.columns})
    copy = indexed & keys.duplicated().to_numpy()
    if not indexed.all():
        copy |= ~indexed & pd.DataFrame(dict(batch.columns)).duplicated().to_numpy()
    return batch.take(~copy) if copy.any() else batch


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
