"""What watchers remember: the snapshot of every part of the lab, with the stream positions it stands at.

The cyclers are divided into parts, ``1-of-2`` and ``2-of-2``, each watched by one process. When the division is
changed, the snapshots of the earlier one stay until every new part has its own: who begins a part takes from all
of them what stands furthest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_access import keys
from data_access.connection import Part, at_redis, text

ALONE = "1-of-1"  # the part that is the whole lab
UNDIVIDED = "snapshot"  # where the memory lay before there were parts


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The memory of a watcher. ``positions``: cycler -> last entry it has folded."""

    part: str
    memory: bytes
    positions: Mapping[str, int]
    journal: int  # the last entry of the journal it has heard


@dataclass(frozen=True)
class Heard:
    """The last entry of the journal that the watcher of each cycler has heard, and that every watcher has."""

    cyclers: Mapping[str, int]
    first: int

    def of(self, cycler: str) -> int:
        """Up to where an alert of the cycler has everything that people said."""
        return self.cyclers.get(cycler, self.first)


class Snapshots(Part):
    """The memories of the watchers, as they were last kept."""

    @at_redis
    def begin_division(self, part: str) -> None:
        """From now on the cyclers are divided as this part says; watchers of another division are refused."""
        self.client.hset(keys.lab("counters"), "division", part[part.index("-of-") :])

    @at_redis
    def save_watch(self, snapshot: bytes, positions: Mapping[str, Any], part: str = ALONE) -> None:
        """Keeps a watcher's memory with the stream positions it stands at."""
        with self.client.pipeline(transaction=True) as pipe:
            pipe.hset(keys.lab("watch"), part, snapshot)
            pipe.hset(keys.lab("watch-positions"), part, json.dumps(positions))
            pipe.execute()

    @at_redis
    def load_watches(self) -> list[Snapshot]:
        """Every memory that is kept, also of an earlier division."""
        memories = {text(part): told for part, told in self.client.hgetall(keys.lab("watch")).items()}
        positions = self._positions()
        if UNDIVIDED in memories:
            positions[UNDIVIDED] = json.loads(memories["positions"])
        return [
            Snapshot(
                part=part,
                memory=memories[part],
                positions={cycler: int(n) for cycler, n in told.items() if cycler != "journal"},
                journal=int(told.get("journal", 0)),
            )
            for part, told in sorted(positions.items())
            if part in memories
        ]

    @at_redis
    def watch_positions(self) -> dict[str, int]:
        """Where in the stream of every cycler its watcher stands, as it would go on from its snapshot."""
        return {cycler: n for cycler, (n, _journal) in self._furthest().items()}

    @at_redis
    def heard(self) -> Heard:
        """How much of the journal the watchers have heard."""
        told = self._positions()
        first = min((int(one.get("journal", 0)) for one in told.values()), default=0)
        return Heard({cycler: journal for cycler, (_n, journal) in self._furthest(told).items()}, first)

    def _furthest(self, told: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for one in (self._positions() if told is None else told).values():
            for cycler, n in one.items():
                if cycler != "journal":
                    found[cycler] = max((int(n), int(one.get("journal", 0))), found.get(cycler, (-1, 0)))
        return found

    def _positions(self) -> dict[str, dict[str, Any]]:
        found = self.client.hgetall(keys.lab("watch-positions"))
        return {text(part): json.loads(told) for part, told in found.items()}
