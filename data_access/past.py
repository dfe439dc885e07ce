"""What ingest asks of what was stored before: ids and tests after a restart, and readings sent again late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.identity import CurrentTest, assign_tests
from cycling.readings import COLUMNS, Batch, concat
from cycling.topology import UNLISTED, Topology
from data_access import codec
from data_access.archive import Archive
from data_access.connection import text
from data_access.errors import reaching_redis
from data_access.fingerprints import as_said
from data_access.shapes import SMALL, TYPES, vendor_name
from data_access.streams import Streams
from data_access.wanted import Wanted

Rows = npt.NDArray[np.int64]
NOT_COMPARED = ("channel", "test", "arrival_time_second")


class Past:
    """Looks into the archive and into what Redis has not handed over yet."""

    def __init__(self, archive: Archive, streams: Streams, topology: Topology) -> None:
        self.archive, self.streams, self.topology = archive, streams, topology

    def position(self, cycler: str) -> int:
        return self.archive.position(cycler)

    def current_tests(self, cycler: str) -> Mapping[str, CurrentTest]:
        """The tests as the archive knows them; what runs on is told apart from what was numbered."""
        named = [place.channel for place in self.topology.places.values() if place.cycler == cycler]
        found = self.archive.current_tests(None if cycler == UNLISTED else named)
        mine = {channel: told for channel, told in found.items() if self._of(channel) == cycler}
        if not mine:
            return {}
        rows = Batch(
            {
                "channel": np.array(list(mine), dtype=object),
                "test": np.array([test for test, _ in mine.values()], dtype=object),
                "channel_status": np.array([status for _, status in mine.values()], dtype=object),
            }
        )
        return assign_tests(rows, {})[1]

    def known(self, cycler: str, batch: Batch) -> tuple[Rows, Rows]:
        """The rows of the batch that are stored already, and those that are stored with other values."""
        stored = self._stored(cycler, batch)
        same: list[int] = []
        other: list[int] = []
        if len(stored):
            candidates = _by_key(stored)
            sent = {**batch.columns, **stored.columns}
            compared = [name for name in sent if name in COLUMNS and name not in NOT_COMPARED]
            for row in range(len(batch)):
                verdicts = [
                    _agree(batch, row, stored, candidate, compared)
                    for candidate in candidates.get(_key(batch, row), ())
                    if _same_test(batch, row, stored, candidate)
                ]
                if any(verdicts):
                    same.append(row)
                elif verdicts and not np.isnan(batch.numbers("record_index")[row]):
                    other.append(row)
        return np.array(same, dtype=np.int64), np.array(other, dtype=np.int64)

    def forgets_nothing(self) -> bool:
        """Whether the readings' Redis has every entry that it acknowledged: a single server that syncs each. In a
        cluster a replica may have taken over that has not heard of the last ones."""
        with reaching_redis(self.streams.where):
            told = self.streams.client.config_get("appendonly", "appendfsync", "cluster-enabled")
        said = {text(name): text(value) for name, value in told.items()}
        wanted = {"appendonly": "yes", "appendfsync": "always", "cluster-enabled": "no"}
        return all(said.get(name) == value for name, value in wanted.items())

    def _stored(self, cycler: str, batch: Batch) -> Batch:
        times = batch.numbers("unix_time_second")
        channels = set(batch.texts("channel"))
        start, end = float(times.min()), float(times.max())
        wanted = Wanted(channels=sorted(channels), start=start, end=end)
        position = self.position(cycler)
        parts = [codec.to_batch(self.archive.readings(wanted))]
        for entry in self.streams.entries_after(cycler, position):
            part = codec.decode(entry.payload)
            unix = part.numbers("unix_time_second")
            here = np.array([channel in channels for channel in part.texts("channel")])
            parts.append(part.take(here & (unix >= start) & (unix <= end)))
        return concat(parts)

    def _of(self, channel: str) -> str:
        return self.topology.place(channel).cycler


def _by_key(stored: Batch) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = defaultdict(list)
    for row in range(len(stored)):
        found[_key(stored, row)].append(row)
    return found


def _key(batch: Batch, row: int) -> tuple[Any, ...]:
    index = batch.numbers("record_index")[row]
    return (
        batch.texts("channel")[row],
        float(batch.numbers("unix_time_second")[row]),
        None if np.isnan(index) else float(index),
    )


def _same_test(batch: Batch, row: int, stored: Batch, candidate: int) -> bool:
    """A reading sent without its test was given one; it is still the same reading."""
    sent = batch.texts("test")[row]
    return sent is None or sent == stored.texts("test")[candidate]


def _agree(batch: Batch, row: int, stored: Batch, candidate: int, compared: list[str]) -> bool:
    """Whether every value agrees, as precisely as the archive keeps it."""
    for name in compared:
        sent = batch.columns[name][row] if name in batch.columns else None
        kept = stored.columns[name][candidate] if name in stored.columns else None
        if _missing(sent) and _missing(kept):
            continue
        if _missing(sent) != _missing(kept):
            return False
        if name in SMALL or TYPES[name] == codec.KINDS["float32"]:
            sent, kept = np.float32(sent), np.float32(kept)
        if sent != kept:
            return False
    return _extras(batch, row) == _extras(stored, candidate)


def _extras(batch: Batch, row: int) -> list[tuple[str, str]]:
    """The extra values of a row under their vendor's names, wherever in the archive they lie."""
    return sorted(
        (vendor_name(name), as_said(values[row]))
        for name, values in batch.columns.items()
        if name not in COLUMNS and not _missing(values[row])
    )


def _missing(value: Any) -> bool:
    return value is None or value != value
