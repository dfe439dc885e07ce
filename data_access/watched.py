"""What the watcher tells: states, frames, alerts, cycles, notices and its snapshot, published in one step."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import orjson

from cycling.types import Alert, ChannelState, Cycle, Notice
from data_access import keys
from data_access.connection import LONGEST_BLOCK_MS, Part, at_redis, entries, number, text

FRAMES_KEPT = 900  # seconds; a page that comes back later gets a full frame
ALERTS_KEPT = 7 * 86_400.0  # closed alerts in Redis; the archive has them all


@dataclass(frozen=True, kw_only=True)
class Published:
    """What one round of the watcher found. ``states`` are those of all channels, ``alerts`` what changed.

    With ``snapshot`` (and the stream positions it stands at) the watcher's own memory moves in the same step.
    """

    now: float
    states: Sequence[ChannelState] = ()
    frame: bytes = b""
    full_frame: bytes = b""
    alerts: Sequence[Alert] = ()
    cycles: Sequence[Cycle] = ()
    notices: Sequence[Notice] = ()
    snapshot: bytes = b""
    positions: dict[str, Any] | None = None


class Outputs(Protocol):
    """What publishing asks of the archive."""

    def output_position(self, table: str) -> int:
        """The last entry of the output stream ``table`` that the archive has."""


class Watched(Part):
    """The watcher's results: written by it alone, read by the app and by record."""

    outputs: Outputs

    @at_redis
    def publish(self, told: Published) -> str:
        """Stores all of it or nothing; says the id of the frame, "" when there was none. May be repeated."""
        answer = self._publish(told, ("", ""))
        if text(answer[0]) == "start":
            answer = self._publish(
                told, (self.outputs.output_position("cycles"), self.outputs.output_position("alerts"))
            )
        return text(answer[1])

    def _publish(self, told: Published, start: tuple[Any, Any]) -> Any:
        names = (
            *("counters", "latest", "full", "frames", "alerts"),
            *("notices", "outbox", "watch", "out:cycles", "out:alerts"),
        )
        alerts = [(alert.id, json.dumps(alert.to_json(), default=str)) for alert in told.alerts]
        notices = [(notice.id, json.dumps(notice.to_json())) for notice in told.notices]
        return self.script("publish")(
            keys=[keys.lab(name) for name in names],
            args=[
                *start,
                _packed(orjson.dumps([state.to_json() for state in told.states])) if told.states else "",
                *(_packed(told.frame), _packed(told.full_frame), FRAMES_KEPT),
                json.dumps([asdict(cycle) for cycle in told.cycles]) if told.cycles else "",
                json.dumps([json.loads(one) for _, one in alerts]) if alerts else "",
                *(told.snapshot, json.dumps(told.positions or {}), len(alerts)),
                *(part for pair in alerts for part in pair),
                *(part for pair in notices for part in pair),
            ],
        )

    @at_redis
    def states(self) -> list[ChannelState]:
        """The newest state of every channel."""
        packed = self.client.get(keys.lab("latest"))
        return [ChannelState(**state) for state in orjson.loads(zlib.decompress(packed))] if packed else []

    @at_redis
    def watched_alerts(self) -> list[Alert]:
        """Every open alert and those closed in the last days, as the watcher left them."""
        return [Alert.from_json(json.loads(told)) for told in self.client.hvals(keys.lab("alerts"))]

    @at_redis
    def forget_alerts(self, now: float) -> int:
        """Drops alerts that closed long ago; the archive has them."""
        old = [
            alert.id
            for alert in self.watched_alerts()
            if alert.closed_at is not None and alert.closed_at < now - ALERTS_KEPT
        ]
        return int(self.client.hdel(keys.lab("alerts"), *old)) if old else 0

    @at_redis
    def give_back_alerts(self, alerts: Iterable[Alert]) -> None:
        """Puts alerts back that an emptied Redis forgot; what it has stays."""
        for alert in alerts:
            self.client.hsetnx(keys.lab("alerts"), alert.id, json.dumps(alert.to_json(), default=str))

    @at_redis
    def frames_after(self, frame_id: str, block_ms: int) -> list[tuple[str, bytes]]:
        """The frames after one, oldest first; waits for the first of them. ``$`` waits for the next one."""
        reply = self.client.xread(
            {keys.lab("frames"): frame_id}, count=100, block=min(block_ms, LONGEST_BLOCK_MS) or None
        )
        return [(text(one), zlib.decompress(fields[b"b"])) for _, found in entries(reply) for one, fields in found]

    @at_redis
    def has_frame(self, frame_id: str) -> bool:
        """Whether the frames after this one are all still there; a stranger's id is not."""
        head, dash, tail = frame_id.partition("-")
        if not (dash and frame_id.isascii() and head.isdigit() and tail.isdigit() and len(frame_id) < 40):
            return False
        return bool(self.client.xrange(keys.lab("frames"), frame_id, frame_id, count=1))

    @at_redis
    def full_frame(self) -> tuple[str, bytes] | None:
        """The newest full frame and the id of the frame it belongs to; the frames after it say the rest."""
        frame_id, body = self.client.hmget(keys.lab("full"), "id", "b")
        return (text(frame_id), zlib.decompress(body)) if frame_id else None

    @at_redis
    def save_watch(self, snapshot: bytes, positions: dict[str, Any]) -> None:
        """Keeps the watcher's memory with the stream positions it stands at."""
        told = {"snapshot": snapshot, "positions": json.dumps(positions)}
        self.client.hset(keys.lab("watch"), mapping=told)

    @at_redis
    def load_watch(self) -> tuple[bytes, dict[str, Any]] | None:
        """The watcher's memory as it was last kept."""
        snapshot, positions = self.client.hmget(keys.lab("watch"), "snapshot", "positions")
        return (snapshot, json.loads(positions)) if snapshot is not None else None

    @at_redis
    def watch_positions(self) -> dict[str, Any]:
        """Where in the streams the watcher stands."""
        return dict(json.loads(self.client.hget(keys.lab("watch"), "positions") or b"{}"))

    @at_redis
    def outputs_after(self, table: str, n: int, most: int = 1000) -> list[tuple[int, list[dict[str, Any]]]]:
        """Cycles or alerts published after entry ``n`` of their stream, by entry."""
        found = self.client.xrange(keys.lab(f"out:{table}"), f"{n + 1}-0", "+", count=most)
        return [(number(one), json.loads(fields[b"b"])) for one, fields in found]

    @at_redis
    def trim_outputs(self, table: str, upto: int) -> None:
        """Drops entries that are committed."""
        self.client.xtrim(keys.lab(f"out:{table}"), minid=f"{upto + 1}-0", approximate=False)


def _packed(body: bytes) -> bytes:
    """What is written anew every second for every channel: packed, or the log of Redis outgrows the readings."""
    return zlib.compress(body, level=1) if body else b""
