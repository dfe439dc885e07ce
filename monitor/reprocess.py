"""reprocess: cycles and alerts of the whole archive anew, by the watch as it is now. The archive stays as it is.

First one scan of all files says which channels, tests and cycles there are. Then the readings of each cycler are
folded in the order in which they arrived, every cycler by itself, in this process or on a Dask cluster. The files
are written here from sorted results: they are the same to the byte wherever and in which order the work was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cycling.topology import Topology
from data_access import fleet, fleet_summary
from data_access.archive import Archive
from data_access.fleet import Fleet
from monitor import pieces
from monitor.executors import Executor
from monitor.findings import write
from monitor.pieces import Fold, Found, Scan

ROWS_OF_SCAN, FILES_OF_SCAN = 4_000_000, 500  # of one piece


class NothingArchived(Exception):
    """There are no readings to reprocess; the message says where they were looked for."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be reprocessed, and with which limits; ``since`` and ``until`` are unix times, inclusive."""

    topology: Topology
    detectors: Mapping[str, Mapping[str, Any]]
    since: float | None = None
    until: float | None = None


def reprocess(archive: Archive, wish: Wish, out: Path, executor: Executor, say: Callable[[str], None]) -> None:
    """Writes cycles.parquet, alerts.json, notices.json and summary.parquet to ``out``; ``say`` is told of every piece.

    Raises StoreAway, NothingArchived, OSError, and ClusterTrouble.
    """
    out.mkdir(parents=True, exist_ok=True)  # whether it can be written is better known before the work
    began = time.monotonic()
    readings = fleet.plan(archive, wish.since, wish.until)
    summary = scanned(readings, executor)
    if not summary.num_rows:
        of_then = "" if wish.since is wish.until is None else " of that time"
        raise NothingArchived(f"The archive {archive.url} (CELLWATCH_ARCHIVE_URL) has no readings{of_then}.")
    say(f"{len(readings.files)} files: {summary.num_rows} cycles ({time.monotonic() - began:.1f} s)")
    folds = planned(archive, readings, summary, wish, executor.threads)
    found = folded(folds, summary, executor, say)
    cycles = newest_of_each(pa.concat_tables([one.cycles for one in found]))
    alerts = sorted((a for one in found for a in one.alerts), key=lambda alert: (alert.opened_at, alert.id))
    notices = sorted((n for one in found for n in one.notices), key=lambda notice: notice.sent_at)
    write(out, alerts, notices, cycles)
    pq.write_table(summary.drop_columns(["clock"]), out / "summary.parquet")
    rows = sum(one.rows for one in found)
    say(f"Reprocessed {rows} readings: {len(alerts)} alerts, {len(cycles)} cycles, written to {out}.")


def scanned(readings: Fleet, executor: Executor) -> Any:
    """The summary of every cycle in the files, as an Arrow table."""
    parts = fleet.chunks(readings, ROWS_OF_SCAN, FILES_OF_SCAN, executor.at_once())
    found = dict(executor.run(pieces.scan, [Scan(files=part, threads=executor.threads) for part in parts]))
    return fleet_summary.whole([found[place] for place in range(len(parts))], readings.schema)


def planned(archive: Archive, readings: Fleet, summary: Any, wish: Wish, threads: int | None) -> list[Fold]:
    """The fold of every unit, in order of name."""
    known = fleet.facts_of(archive, wish.topology)
    tests: dict[str, set[str]] = {}
    for row in summary.select(["channel", "test"]).group_by(["channel", "test"]).aggregate([]).to_pylist():
        tests.setdefault(row["channel"], set()).add(row["test"])
    end = float(pc.max(summary.column("clock")).as_py())
    return [
        Fold(
            unit=unit,
            topology=pieces.of_unit(wish.topology, unit),
            detectors=wish.detectors,
            facts={test: known[test] for channel in unit.channels for test in tests[channel] if test in known},
            end=end,
        )
        for unit in fleet.units(readings, wish.topology, tests, threads)
    ]


def folded(folds: list[Fold], summary: Any, executor: Executor, say: Callable[[str], None]) -> list[Found]:
    """What was found in every unit, in the order of ``folds``."""
    counted = summary.group_by("channel").aggregate([("rows", "sum")])
    rows = dict(zip(counted.column("channel").to_pylist(), counted.column("rows_sum").to_pylist(), strict=True))
    size = [sum(rows[channel] for channel in fold.unit.channels) for fold in folds]
    largest_first = sorted(range(len(folds)), key=lambda place: (-size[place], place))  # none ends long after the rest
    began = time.monotonic()
    done: dict[int, Found] = {}
    for place, found in executor.run(pieces.fold, [folds[place] for place in largest_first]):
        unit = folds[largest_first[place]].unit
        done[largest_first[place]] = found
        say(
            f"{unit.name}: {found.rows} readings, {len(found.alerts)} alerts, {len(found.cycles)} cycles "
            f"({len(done)} of {len(folds)}, {time.monotonic() - began:.1f} s)"
        )
    return [done[place] for place in range(len(folds))]


def newest_of_each(cycles: Any) -> Any:
    """The cycles in order of test and count. Where a test ran on channels of two cyclers, both may have a row of the
    same count; the one that ended last stays."""
    order = ["test", "cycle_count", "end_unix_time_second", "channel"]
    cycles = cycles.sort_by([(name, "ascending") for name in order]).combine_chunks()
    keys = [cycles.column(name).to_numpy(zero_copy_only=False) for name in ("test", "cycle_count")]
    last = np.append(np.logical_or.reduce([key[1:] != key[:-1] for key in keys]), True)[: len(cycles)]
    return cycles.filter(pa.array(last)).combine_chunks()
