"""What the watcher tells: states, frames, alerts, cycles, notices and its snapshot, published in one step."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import orjson

from cycling.frames import together
from cycling.types import Alert, ChannelState, Cycle, Notice
from data_access import keys, leases
from data_access.connection import LONGEST_BLOCK_MS, Part, at_redis, entries, number, text
from data_access.errors import Fenced
from data_access.snapshots import ALONE

FRAMES_KEPT = 900  # seconds; a page that comes back later gets a full frame
ALERTS_KEPT = 7 * 86_400.0  # closed alerts in Redis; the archive has them all


@dataclass(frozen=True, kw_only=True)
class Published:
    """What one round of a watcher found. ``states`` are those of all its channels, ``alerts`` what changed.

    With ``snapshot`` (and the stream positions it stands at) the watcher's own memory moves in the same step.
    ``part`` is its part of the lab, ``token`` that of the lease under which it has it, ``facts`` what its part
    adds to the facts of the lab.
    """

    now: float
    part: str = ALONE
    token: str = ""
    facts: Mapping[str, Any] | None = None
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
    """The watchers' results, each written by the watcher of its part alone; read by the app and by record."""

    outputs: Outputs

    @at_redis
    def publish(self, told: Published) -> str:
        """Stores all of it or nothing; says the id of the frame, "" when there was none. May be repeated.

        Raises Fenced when the part is somebody else's by now.
        """
        answer = self._publish(told, ("", ""))
        if text(answer[0]) == "start":
            answer = self._publish(
                told, (self.outputs.output_position("cycles"), self.outputs.output_position("alerts"))
            )
        if text(answer[0]) == "fenced":
            raise Fenced(_refused(told.part, text(answer[1])))
        return text(answer[1])

    def _publish(self, told: Published, start: tuple[Any, Any]) -> Any:
        names = (
            *("counters", "states", "full", "frames", "alerts"),
            *("notices", "outbox", "watch", "out:cycles", "out:alerts"),
        )
        lease = f"watch-{told.part}"
        alerts = [(alert.id, json.dumps(alert.to_json(), default=str)) for alert in told.alerts]
        notices = [(notice.id, json.dumps(notice.to_json())) for notice in told.notices]
        return self.script("publish")(
            keys=[
                *(keys.lab(name) for name in names),
                *(leases.key(lease), keys.lab("facts"), keys.lab("watch-positions"), leases.last_key(lease)),
                keys.lab("outbox-bell"),
            ],
            args=[
                *start,
                _packed(orjson.dumps([state.to_json() for state in told.states])) if told.states else "",
                *(_packed(told.frame), _packed(told.full_frame), FRAMES_KEPT),
                json.dumps([asdict(cycle) for cycle in told.cycles]) if told.cycles else "",
                json.dumps([json.loads(one) for _, one in alerts]) if alerts else "",
                *(told.snapshot, json.dumps(told.positions or {}), told.part, told.token),
                *("" if told.facts is None else orjson.dumps(told.facts), len(alerts)),
                *(part for pair in alerts for part in pair),
                *(part for pair in notices for part in pair),
            ],
        )

    @at_redis
    def states(self) -> list[ChannelState]:
        """The newest state of every channel."""
        parts = sorted(self.client.hgetall(keys.lab("states")).items())
        return [ChannelState(**state) for _, packed in parts for state in orjson.loads(zlib.decompress(packed))]

    @at_redis
    def facts_of_others(self, part: str) -> list[dict[str, Any]]:
        """What the other parts last added to the facts of the lab."""
        found = self.client.hgetall(keys.lab("facts"))
        return [orjson.loads(told) for name, told in sorted(found.items()) if text(name) != part]

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
        """The newest full frame and the id of the frame it belongs to; the frames after it say the rest.

        Of several parts, their full frames as one: it stands where the oldest of them does, because what the
        frames after that tell again does no harm.
        """
        kept = {text(name): told for name, told in self.client.hgetall(keys.lab("full")).items()}
        parts = sorted(name.partition(":")[2] for name in kept if name.startswith("id:"))
        if not parts:
            return None
        bodies = [zlib.decompress(kept[f"b:{part}"]) for part in parts]
        oldest = min((text(kept[f"id:{part}"]) for part in parts), key=_order)
        return oldest, bodies[0] if len(bodies) == 1 else together(bodies)

    @at_redis
    def outputs_after(self, table: str, n: int, most: int = 1000) -> list[tuple[int, list[dict[str, Any]]]]:
        """Cycles or alerts published after entry ``n`` of their stream, by entry."""
        found = self.client.xrange(keys.lab(f"out:{table}"), f"{n + 1}-0", "+", count=most)
        return [(number(one), json.loads(fields[b"b"])) for one, fields in found]

    @at_redis
    def trim_outputs(self, table: str, upto: int) -> None:
        """Drops entries that are committed."""
        self.client.xtrim(keys.lab(f"out:{table}"), minid=f"{upto + 1}-0", approximate=False)


def _refused(part: str, why: str) -> str:
    if why == "lease":
        return f"Another process watches part {part} of the lab by now."
    return f"The lab is no longer divided as part {part} says: give every watcher the same CELLWATCH_WATCHERS."


def _order(frame_id: str) -> tuple[int, int]:
    head, _, tail = frame_id.partition("-")
    return int(head), int(tail)


def _packed(body: bytes) -> bytes:
    """What is written anew every second for every channel: packed, or the log of Redis outgrows the readings."""
    return zlib.compress(body, level=1) if body else b""
