"""The outbox: notices wait here, on disk, until they are told. And what processes say of themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cycling.types import Notice
from data_access import keys
from data_access.connection import Part, at_redis, text

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
        """Drops notices that were told long ago."""
        waiting = {notice.id for notice in self.take_notices()}
        old = [
            notice.id
            for notice in self.notices(limit=10**9)
            if notice.sent_at < now - NOTICES_KEPT and notice.id not in waiting
        ]
        return int(self.client.hdel(keys.lab("notices"), *old)) if old else 0


class Beats(Part):
    """Heartbeats of the processes, and what a feed wants to find again after a restart."""

    @at_redis
    def beat(self, process: str, info: Mapping[str, Any], now: float) -> None:
        """Says that a process lives, and what it has to say."""
        told = {"pid": os.getpid(), **info, "at": now}
        self.client.hset(keys.lab("beats"), process, json.dumps(told))

    @at_redis
    def beats(self) -> dict[str, dict[str, Any]]:
        """The last heartbeat of every process."""
        found = self.client.hgetall(keys.lab("beats"))
        return {text(process): json.loads(told) for process, told in found.items()}

    @at_redis
    def save_feed(self, name: str, told: Any) -> None:
        """Keeps what a feed wants to find again: its place in a file, its cell's state."""
        self.client.hset(keys.lab("feeds"), name, json.dumps(told))

    @at_redis
    def load_feed(self, name: str) -> Any | None:
        """What the feed kept, None when it kept nothing."""
        told = self.client.hget(keys.lab("feeds"), name)
        return None if told is None else json.loads(told)


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the readings' Redis is. ``durable`` is False when it may forget what it has acknowledged."""

    ok: bool
    detail: str
    durable: bool
    used_memory: int
    max_memory: int
