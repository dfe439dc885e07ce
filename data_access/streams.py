"""The streams of readings: one for every cycler, ids 1, 2, 3, … without holes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from cycling.readings import Batch, concat
from data_access import codec, keys
from data_access.connection import LONGEST_BLOCK_MS, Part, at_redis, entries, number
from data_access.errors import Gap, StoreAway

KEPT_SECONDS = 3600.0  # of readings in Redis, archived or not
PAGE = 200  # entries fetched in one go
TRIMMED_AT_ONCE = 10_000  # entries; a call holds up everybody else on the server for some milliseconds
SHORTEST_BLOCK = 0.001  # seconds; Redis would wait for ever instead of less
POLL_SECONDS = 0.02  # between two looks where nobody can be waited at: a cluster's streams lie on several nodes


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
    def read(
        self,
        positions: Mapping[str, int],
        *,
        block_ms: int,
        most: int,
        away: MutableMapping[str, StoreAway] | None = None,
    ) -> list[tuple[str, int, Batch]]:
        """Up to ``most`` entries of each cycler after its position, in order; waits for the first one.

        Raises Gap when entries are missing: position 0 expects the stream from its very first entry. A cycler
        whose node of a cluster does not answer is noted in ``away`` and the others are read; without ``away``, or
        when no node answers, that is raised.
        """
        missed: dict[str, StoreAway] = {}
        found = self._read(positions, block_ms, most, missed)
        if away is not None:
            away.update(missed)
        elif missed:
            raise next(iter(missed.values()))
        return [(cycler, entry.n, codec.decode(entry.payload)) for cycler, entry in found]

    @at_redis
    def wait(self, positions: Mapping[str, int], seconds: float) -> None:
        """Until a cycler has an entry after its position, at most so long. In a cluster, whose streams lie on several
        nodes, nobody can be waited at and all of the time passes."""
        if self.is_cluster or not positions or seconds < SHORTEST_BLOCK:
            return time.sleep(max(seconds, 0.0))
        after = {keys.readings(cycler): f"{n}-0" for cycler, n in positions.items()}
        self.client.xread(after, count=1, block=min(int(seconds * 1000), LONGEST_BLOCK_MS))

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
        """``last`` of many cyclers in one round trip; without those whose node of a cluster is away."""

        def ask(client: Any, some: Sequence[str]) -> dict[str, int]:
            with client.pipeline(transaction=False) as pipe:
                for cycler in some:
                    pipe.hget(keys.intake(cycler), "n")
                return {cycler: int(n or 0) for cycler, n in zip(some, pipe.execute(), strict=True)}

        return self.ask_each({keys.intake(cycler): cycler for cycler in cyclers}, ask)[0]

    @at_redis
    def up_since(self, now: float) -> float:
        """Since when this server runs, of a cluster the youngest node that answers: before that nothing could
        arrive, and nobody can be blamed for silence."""
        ages = [float(told["uptime_in_seconds"]) for _where, told in self.told_by_each("server")]
        return now - min(ages)

    @at_redis
    def beginning(self, cycler: str) -> int:
        """The position from which everything that Redis still has can be read."""
        oldest = self.client.xrange(keys.readings(cycler), "-", "+", count=1)
        return number(oldest[0][0]) - 1 if oldest else self.last(cycler)

    @at_redis
    def trim(self, cycler: str, upto: int, now: float) -> int:
        """Drops entries up to ``upto`` that arrived more than an hour ago; says how many went."""
        dropped, last = 0, TRIMMED_AT_ONCE
        while last >= TRIMMED_AT_ONCE:
            args = [upto, now - KEPT_SECONDS, TRIMMED_AT_ONCE]
            last = int(self.script("trim")(keys=[keys.readings(cycler)], args=args))
            dropped += last
        return dropped

    def tail(self, cycler: str, after: int) -> Batch:
        """Every reading of a cycler after entry ``after`` as one batch."""
        return concat(codec.decode(entry.payload) for entry in self.entries_after(cycler, after))

    def entries_after(self, cycler: str, after: int) -> Iterator[Entry]:
        """Every entry of a cycler after entry ``after``, page by page."""
        while page := self.after(cycler, after):
            yield from page
            after = page[-1].n

    def _read(
        self, positions: Mapping[str, int], block_ms: int, most: int, away: dict[str, StoreAway]
    ) -> list[tuple[str, Entry]]:
        if not positions:
            time.sleep(block_ms / 1000)
            return []
        end = time.monotonic() + block_ms / 1000
        streams = {keys.readings(cycler): cycler for cycler in positions}
        while True:
            listed, missed = self.ask_each(streams, self._asks(positions, block_ms, most))
            if listed or time.monotonic() >= end or not self.is_cluster:
                break
            time.sleep(POLL_SECONDS)
        away.update(missed)
        found = []
        for cycler, some in listed.items():
            expected = positions[cycler]
            for entry_id, fields in some:
                expected += 1
                entry = _entry(entry_id, fields)
                if entry.n != expected:
                    raise Gap(cycler, expected, entry.n)
                found.append((cycler, entry))
        if not found:
            self._nothing_was_forgotten({cycler: n for cycler, n in positions.items() if cycler not in missed})
        return found

    def _asks(
        self, positions: Mapping[str, int], block_ms: int, most: int
    ) -> Callable[[Any, Sequence[str]], dict[str, Any]]:
        """How one server is asked for the new entries of some cyclers: in one command; a node of a cluster, which
        takes no command for several slots, in one round trip."""
        cycler_of = {keys.readings(cycler): cycler for cycler in positions}

        def ask(client: Any, cyclers: Sequence[str]) -> dict[str, Any]:
            after = {keys.readings(cycler): f"{positions[cycler]}-0" for cycler in cyclers}
            if not self.is_cluster:
                block = min(block_ms, LONGEST_BLOCK_MS) if block_ms else None
                replies = [client.xread(after, count=most, block=block)]
            else:
                with client.pipeline(transaction=False) as pipe:
                    for key, last in after.items():
                        pipe.xread({key: last}, count=most)
                    replies = pipe.execute()
            return {cycler_of[key]: listed for reply in replies for key, listed in entries(reply)}

        return ask

    def _nothing_was_forgotten(self, positions: Mapping[str, int]) -> None:
        """A reader that is ahead of the stream would wait for ever: its Redis was emptied or set back."""
        if not positions:
            return
        for cycler, last in self.lasts(tuple(positions)).items():
            if 0 < last < positions[cycler]:
                raise Gap(cycler, positions[cycler] + 1, last)


def _entry(entry_id: bytes, fields: Mapping[bytes, Any]) -> Entry:
    return Entry(n=number(entry_id), payload=fields[b"b"], received=float(fields[b"t"]), rows=int(fields[b"r"]))
