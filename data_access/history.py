"""History: archive and live tail as one, joined where the last commit stands: nothing missing, nothing twice.

First the snapshot of the table, with the position of every stream that it holds; then from Redis what comes
after that position. Redis keeps what is committed for an hour more, so no commit in between can open a hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cycling.topology import Topology
from data_access import facts, keys, shapes
from data_access.archive import Archive, Wanted
from data_access.codec import decode_table
from data_access.decimation import decimate, gaps, with_breaks
from data_access.delta import Snapshot
from data_access.live import Live

CLOCK = "unix_time_second"
TRACED = (
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
)


class History:
    """Everything that was ever measured, up to this second."""

    def __init__(self, archive: Archive, live: Live, topology: Topology) -> None:
        self.archive, self.live, self.topology = archive, live, topology

    def readings(
        self,
        *,
        test: str | None = None,
        channel: str | None = None,
        start: float | None = None,
        end: float | None = None,
        columns: Sequence[str] | None = None,
    ) -> tuple[Any, Iterator[Any]]:
        """The readings in order of time, as Arrow RecordBatches in the archive's types; and beside them the schema,
        which is there even when no reading is."""
        channels = None if channel is None else [channel]
        wanted = Wanted(channels=channels, test=test, start=start, end=end)
        cyclers = self.topology.cycler_ids if channel is None else (self.topology.place(channel).cycler,)
        streams = {cycler: keys.readings(cycler) for cycler in cyclers}
        snapshot = self.archive.tables["readings"].snapshot(streams=tuple(streams.values()), files=wanted.pruning())
        tail = self._tail({cycler: snapshot.positions[key] for cycler, key in streams.items()}, snapshot)
        answer: tuple[Any, Iterator[Any]] = self.archive.batches_of(snapshot, wanted, columns, tail)
        return answer

    def trace(
        self, channel: str, start: float | None, end: float | None, points: int, test: str | None = None
    ) -> dict[str, list[float | None]]:
        """A channel's traces for a figure: at most about ``points`` points, no extreme lost, None at pauses."""
        names = (CLOCK, "test_time_second", *TRACED)
        schema, batches = self.readings(test=test, channel=channel, start=start, end=end, columns=names)
        table = pa.Table.from_batches(list(batches), schema)
        columns = {name: table.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in names}
        rows = decimate(columns[CLOCK], {name: columns[name] for name in TRACED}, points)
        told = with_breaks(columns, rows, gaps(columns[CLOCK]), CLOCK)
        return told | {name: [_as_measured(value) for value in told[name]] for name in TRACED}

    def cycles(
        self,
        *,
        test: str | None = None,
        channel: str | None = None,
        tests: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Cycles of a test, of a channel or of several tests, those included that are not archived yet."""
        position = self.archive.output_position("cycles")
        fresh = [row for _, rows in self.live.outputs_after("cycles", position) for row in rows]
        stored = self.archive.cycles(test=test, channel=channel, tests=tests)
        wanted = None if test is None and tests is None else {test} if test is not None else set(tests or ())
        fresh = [
            row
            for row in fresh
            if (wanted is None or row["test"] in wanted) and (channel is None or row["channel"] == channel)
        ]
        if not fresh:
            return stored
        newer: pd.DataFrame = facts.to_table(facts.CYCLES, fresh).to_pandas()
        both = pd.concat([stored, newer], ignore_index=True) if len(stored) else newer
        both = both.drop_duplicates(["test", "cycle_count"], keep="last")
        return both.sort_values(["test", "cycle_count"], ignore_index=True)

    def _tail(self, positions: dict[str, int], snapshot: Snapshot) -> Any | None:
        """What Redis has after the positions, in the archive's types."""
        tables = [
            decode_table(entry.payload)
            for cycler, position in positions.items()
            for entry in self.live.entries_after(cycler, position)
        ]
        return shapes.shaped(tables, snapshot.columns) if tables else None


def _as_measured(value: float | None) -> float | None:
    """The number that was measured: float32 has kept it, but with digits behind it that mean nothing."""
    return None if value is None else float(str(np.float32(value)))
