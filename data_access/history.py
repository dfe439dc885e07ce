"""History: archive and live tail as one, joined where the last commit stands: nothing missing, nothing twice.

First the snapshot of the table, with the position of every stream that it holds; then from Redis what comes
after that position. Redis keeps what is committed for an hour more, so no commit in between can open a hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import pandas as pd

from cycling.topology import Topology
from data_access import facts, keys, shapes
from data_access.archive import Archive
from data_access.codec import decode_tables
from data_access.delta import Snapshot
from data_access.errors import Vanished
from data_access.joined import Moment
from data_access.live import Live
from data_access.means import means
from data_access.newest_then import AHEAD, Steps, largest, newest
from data_access.picking import pick
from data_access.tier import Minutes
from data_access.tracing import needs_minutes, trace
from data_access.walking import Walk
from data_access.wanted import Wanted

T = TypeVar("T")

Answer = tuple[Any, Iterator[Any]]  # an Arrow schema, and RecordBatches of it


class History:
    """Everything that was ever measured, up to this second. Times are unix seconds, inclusive; names and units those
    of the vocabulary (cycling.readings). Raises StoreAway when Redis or the archive cannot be read."""

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
        points: int | None = None,
    ) -> Answer:
        """The readings in order of time, as Arrow RecordBatches in the archive's types; and beside them the schema,
        which is there even when no reading is. However many they are, only a little is in memory at a time.

        ``points``: only about so many of them, every extreme of voltage, current and temperatures among them.
        """
        channels = None if channel is None else [channel]
        look = partial(self._moment, Wanted(channels=channels, test=test, start=start, end=end))
        if points is None:
            walk = Walk(look, columns)
            return walk.schema, walk.batches()
        found = self._again(lambda: pick(look(), columns, points))
        return found.schema, iter(found.to_batches())

    def cycle(self, test: str, cycle_count: int, columns: Sequence[str] | None = None) -> Answer | None:
        """The readings of one finished cycle of a test, like ``readings``; None when there is no such cycle.

        The cycle's row in the table of cycles says when and on which channel it ran, so only that is read.
        """
        cycles = self.cycles(test=test)
        row = cycles[cycles["cycle_count"] == cycle_count]
        if row.empty:
            return None
        start, end = (float(row[f"{of}_unix_time_second"].iloc[0]) for of in ("start", "end"))
        channel = str(row["channel"].iloc[0])
        return self.readings(test=test, channel=channel, start=start, end=end, columns=columns)

    def recent(
        self, channel: str, now: float, seconds: float = 86_400.0, columns: Sequence[str] | None = None
    ) -> Answer:
        """Every reading of a channel in the last ``seconds`` before ``now``, like ``readings``."""
        return self.readings(channel=channel, start=now - seconds, end=now, columns=columns)

    def trace(
        self, channel: str, start: float | None, end: float | None, points: int, test: str | None = None
    ) -> dict[str, list[float | None]]:
        """A channel's traces for a figure: at most about ``points`` points, no extreme lost, None at pauses.

        Lists of one length: unix and test time in seconds, voltage in V, current in A, both temperatures in °C. Of
        long windows the closed days come from the one-minute table; there a point's time is right to the minute, and
        of very long ones to a quarter of the time between two points.
        """
        wanted = Wanted(channels=[channel], test=test, start=start, end=end)
        if not needs_minutes(wanted, points):  # their table is not even looked at
            return self._again(lambda: trace(self._moment(wanted), None, points).drawn())
        return self._again(lambda: trace(*self._with_minutes(wanted), points).drawn())

    def means(self, channels: Sequence[str], start: float, end: float, seconds: float = 60.0) -> Any:
        """Means of channels over intervals of so many seconds (counted from 1970), in order of channel and time.

        An Arrow table: ``channel``, ``unix_time_second`` (the interval's begin), ``rows`` (readings in it) and
        ``<name>_mean`` of voltage (V), current (A) and both temperatures (°C), null where nothing was measured.
        Intervals without a reading are left out. Of closed days whole minutes come from the one-minute table; a longer
        interval is then the mean of its minutes, each counted with its readings.
        """
        wanted = Wanted(channels=list(channels), start=start, end=end)
        return self._again(lambda: means(*self._with_minutes(wanted), seconds))

    def cycles(
        self,
        *,
        test: str | None = None,
        channel: str | None = None,
        tests: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Cycles of a test, of a channel, of several tests or of all, those included that are not archived yet.

        A row per cycle with the columns of ``data_access.facts.CYCLES``, in order of test and cycle.
        """
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

    def newest(self, steps: Steps, seconds: float, channels: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The newest reading of every channel as it was known at some moments, out of those measured in the
        ``seconds`` before the first: see ``data_access.newest_then.newest``."""
        wanted = Wanted(channels=channels, start=steps.first - seconds, end=steps.last + AHEAD)
        return self._again(lambda: newest(self._moment(wanted), steps))

    def largest(self, channels: Sequence[str], start: float, end: float) -> dict[str, float]:
        """The largest current of each channel between two times, in A, whichever way it flowed."""
        wanted = Wanted(channels=channels, start=start, end=end)
        return self._again(lambda: largest(self._moment(wanted)))

    def _moment(self, wanted: Wanted) -> Moment:
        cyclers = self.topology.cycler_ids
        if wanted.channels is not None:
            cyclers = tuple(sorted({self.topology.place(channel).cycler for channel in wanted.channels}))
        streams = {cycler: keys.readings(cycler) for cycler in cyclers}
        snapshot = self.archive.tables["readings"].snapshot(streams=tuple(streams.values()), files=wanted.pruning())
        tails = [self._tail(cycler, snapshot.positions[key], snapshot, wanted) for cycler, key in streams.items()]
        tails = [tail for tail in tails if tail is not None and tail.num_rows]
        tail = shapes.shaped(tails, snapshot.columns) if tails else None
        return Moment(self.archive.reader, wanted, snapshot, tail)

    def _tail(self, cycler: str, position: int, snapshot: Snapshot, wanted: Wanted) -> Any | None:
        """What Redis has of the wanted after a position, in the archive's types."""
        tables = decode_tables(entry.payload for entry in self.live.entries_after(cycler, position))
        return wanted.of(shapes.shaped(tables, snapshot.columns)) if tables else None

    def _with_minutes(self, wanted: Wanted) -> tuple[Moment, Minutes | None]:
        """Readings and minutes of the same moment: no commit of minutes lies between the two looks.

        The minutes are None before the first day was closed.
        """
        table = self.archive.tables["readings_1m"]
        while True:
            snapshot = table.snapshot(files=wanted.pruning("month"))
            moment = self._moment(wanted)
            if table.version() == snapshot.version:
                there = snapshot.version >= 0
                return moment, Minutes(self.archive.reader, wanted, snapshot) if there else None

    def _again(self, ask: Callable[[], T]) -> T:
        """Asks; and once more, from new snapshots, when a data file was rewritten and cleaned away meanwhile."""
        try:
            return ask()
        except Vanished:
            return ask()
