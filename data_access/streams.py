"""The streams of readings: one for every cycler, ids 1, 2, 3, … without holes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cycling.readings import Batch, concat
from data_access import codec, keys
from data_access.connection import LONGEST_BLOCK_MS, Part, at_redis, entries, number
from data_access.errors import Gap

KEPT_SECONDS = 3600.0  # of readings in Redis, archived or not
PAGE = 200  # entries fetched in one go


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One batch as it lies in the stream."""

    n: int
    payload: bytes
    received: float
    rows: int


class Streams(Part):
    """Reads what ingest stored."""

    @at_redis
    def read(self, positions: Mapping[str, int], *, block_ms: int, most: int) -> list[tuple[str, int, Batch]]:
        """Up to ``most`` entries of each cycler after its position, in order; waits for the first one.

        Raises Gap when entries are missing: position 0 expects the stream from its very first entry.
        """
        found = self._read(positions, block_ms, most)
        return [(cycler, entry.n, codec.decode(entry.payload)) for cycler, entry in found]

    @at_redis
    def after(self, cycler: str, n: int, most: int = PAGE) -> list[Entry]:
        """Up to ``most`` entries of one cycler after entry ``n``, as they lie there. Checks nothing."""
        found = self.client.xrange(keys.readings(cycler), f"{n + 1}-0", "+", count=most)
        return [_entry(*one) for one in found]

    @at_redis
    def last(self, cycler: str) -> int:
        """The last entry that was given an id, 0 when there was none yet."""
        return int(self.client.hget(keys.intake(cycler), "n") or 0)

    @at_redis
    def lasts(self, cyclers: tuple[str, ...]) -> dict[str, int]:
        """``last`` of many cyclers in one round trip."""
        with self.client.pipeline(transaction=False) as pipe:
            for cycler in cyclers:
                pipe.hget(keys.intake(cycler), "n")
            return {cycler: int(n or 0) for cycler, n in zip(cyclers, pipe.execute(), strict=True)}

    @at_redis
    def up_since(self, now: float) -> float:
        """Since when this server runs: before that nothing could arrive, and nobody can be blamed for silence."""
        return now - float(self.client.info("server")["uptime_in_seconds"])

    @at_redis
    def beginning(self, cycler: str) -> int:
        """The position from which everything that Redis still has can be read."""
        oldest = self.client.xrange(keys.readings(cycler), "-", "+", count=1)
        return number(oldest[0][0]) - 1 if oldest else self.last(cycler)

    @at_redis
    def trim(self, cycler: str, upto: int, now: float) -> int:
        """Drops entries up to ``upto`` that arrived more than an hour ago; says how many went."""
        dropped = self.script("trim")(keys=[keys.readings(cycler)], args=[upto, now - KEPT_SECONDS])
        return int(dropped)

    def tail(self, cycler: str, after: int) -> Batch:
        """Every reading of a cycler after entry ``after`` as one batch."""
        return concat(codec.decode(entry.payload) for entry in self.entries_after(cycler, after))

    def entries_after(self, cycler: str, after: int) -> Iterator[Entry]:
        """Every entry of a cycler after entry ``after``, page by page."""
        while page := self.after(cycler, after):
            yield from page
            after = page[-1].n

    def _read(self, positions: Mapping[str, int], block_ms: int, most: int) -> list[tuple[str, Entry]]:
        if not positions:
            time.sleep(block_ms / 1000)
            return []
        cycler_of = {keys.readings(cycler): cycler for cycler in positions}
        reply = self.client.xread(
            {keys.readings(cycler): f"{n}-0" for cycler, n in positions.items()},
            count=most,
            block=min(block_ms, LONGEST_BLOCK_MS) if block_ms else None,
        )
        found = []
        for key, listed in entries(reply):
            expected = positions[cycler_of[key]]
            for entry_id, fields in listed:
                expected += 1
                entry = _entry(entry_id, fields)
                if entry.n != expected:
                    raise Gap(cycler_of[key], expected, entry.n)
                found.append((cycler_of[key], entry))
        if not found:
            self._nothing_was_forgotten(positions)
        return found

    def _nothing_was_forgotten(self, positions: Mapping[str, int]) -> None:
        """A reader that is ahead of the stream would wait for ever: its Redis was emptied or set back."""
        for cycler, last in self.lasts(tuple(positions)).items():
            if 0 < last < positions[cycler]:
                raise Gap(cycler, positions[cycler] + 1, last)


def _entry(entry_id: bytes, fields: Mapping[bytes, Any]) -> Entry:
    return Entry(n=number(entry_id), payload=fields[b"b"], received=float(fields[b"t"]), rows=int(fields[b"r"]))
