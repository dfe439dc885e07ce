"""The outbox: notices wait here, on disk, until they are told. And what processes say of themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cycling.types import Notice
from data_access import keys
from data_access.connection import Part, at_redis, text
from data_access.snapshots import ALONE

NOTICES_KEPT = 30 * 86_400.0


class Outbox(Part):
    """Notices and whether they were told."""

    @at_redis
    def notices(self, limit: int = 200) -> list[Notice]:
        """The newest notices, told or not, newest first."""
        found = [Notice.from_json(json.loads(told)) for told in self.client.hvals(keys.lab("notices"))]
        return sorted(found, key=lambda notice: (-notice.sent_at, notice.id))[:limit]

    @at_redis
    def take_notices(self) -> list[Notice]:
        """The notices nobody has told yet, oldest first. They stay until ``mark_told``."""
        waiting = sorted(self.client.smembers(keys.lab("outbox")))
        told = self.client.hmget(keys.lab("notices"), waiting) if waiting else []
        found = [Notice.from_json(json.loads(one)) for one in told if one is not None]
        return sorted(found, key=lambda notice: (notice.sent_at, notice.id))

    @at_redis
    def mark_told(self, notice_id: str) -> None:
        """The notice has reached its people."""
        self.client.srem(keys.lab("outbox"), notice_id)

    @at_redis
    def forget_notices(self, now: float) -> int:
        """Drops notices that were told long ago, and to whom they were told."""
        waiting = {notice.id for notice in self.take_notices()}
        waiting |= {text(field).rpartition("|")[0] for field in self.client.hkeys(keys.lab("deliveries"))}
        old = [
            notice.id
            for notice in self.notices(limit=10**9)
            if notice.sent_at < now - NOTICES_KEPT and notice.id not in waiting
        ]
        if not old:
            return 0
        told = [field for field in self.client.hkeys(keys.lab("delivered")) if text(field).rpartition("|")[0] in {*old}]
        if told:
            self.client.hdel(keys.lab("delivered"), *told)
        return int(self.client.hdel(keys.lab("notices"), *old))


class Beats(Part):
    """Heartbeats of the processes, and what a feed wants to find again after a restart."""

    @at_redis
    def beat(self, process: str, info: Mapping[str, Any], now: float, part: str = ALONE) -> None:
        """Says that a process lives, and what it has to say; of several of a kind, for its part of the lab."""
        name = process if part == ALONE else f"{process}-{part}"
        which = {} if part == ALONE else {"kind": process, "part": part}
        told = {"pid": os.getpid(), **info, **which, "at": now}
        self.client.hset(keys.lab("beats"), name, json.dumps(told))

    @at_redis
    def beats(self) -> dict[str, dict[str, Any]]:
        """The last heartbeat of every process. Where several of a kind share the lab, also that of the kind, as old
        as its oldest part; it is left out while a part has never been heard of."""
        found = self.client.hgetall(keys.lab("beats"))
        return with_kinds({text(process): json.loads(told) for process, told in found.items()})

    @at_redis
    def save_feed(self, name: str, told: Any) -> None:
        """Keeps what a feed wants to find again: its place in a file, its cell's state."""
        self.client.hset(keys.lab("feeds"), name, json.dumps(told))

    @at_redis
    def load_feed(self, name: str) -> Any | None:
        """What the feed kept, None when it kept nothing."""
        told = self.client.hget(keys.lab("feeds"), name)
        return None if told is None else json.loads(told)


def with_kinds(beats: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The heartbeats of the newest division of every kind of process, and those of the kinds put together."""
    by_kind: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, told in beats.items():
        by_kind.setdefault(told.get("kind", name), {})[told.get("part", ALONE)] = told
    found: dict[str, dict[str, Any]] = {}
    for kind, parts in by_kind.items():
        newest = max(parts, key=lambda part: float(parts[part]["at"]))
        count = int(newest.partition("-of-")[2])
        if count == 1:
            found[kind] = dict(parts[newest])
            continue
        there = [f"{place}-of-{count}" for place in range(1, count + 1) if f"{place}-of-{count}" in parts]
        if len(there) == count:
            found[kind] = _together([parts[part] for part in there])
        found |= {f"{kind}-{part}": dict(parts[part]) for part in there}
    return found


def _together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the parts say as one: as old as the oldest, as late as the latest, with the sums and all that is wrong."""
    whole = dict(min(parts, key=lambda told: float(told["at"])))
    for name, put in SUMMED.items():
        known = [told[name] for told in parts if told.get(name) is not None]
        if known:
            whole[name] = put(known)
    return whole | {"parts": len(parts)}


def _first(said: Sequence[Any]) -> Any:
    return said[0]


SUMMED: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    **dict.fromkeys(("rows", "commits", "lag_entries"), sum),
    **dict.fromkeys(("lag_second", "last_commit_at", "readings_at", "memory_share"), max),
    **dict.fromkeys(("since", "room_second", "disk_free_byte"), min),
    "gaps": lambda listed: [gap for some in listed for gap in some],
    **dict.fromkeys(("error", "away"), _first),
}


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the readings' Redis is. ``durable`` is False when it may forget what it has acknowledged, ``whole`` when a
    node of a cluster is missing. Of a cluster, the memory is that of the node which has the least room."""

    ok: bool
    detail: str
    durable: bool
    used_memory: int
    max_memory: int
    whole: bool = True
