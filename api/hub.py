"""One reader of the watcher's frames for all viewers of this web worker.

A thread reads every frame from Redis once, as bytes that no one changes, and wakes the viewers. So fifty viewers
cost Redis what one does. It also takes the pulse of the monitor, which must be seen when no frames come.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

from api.packed_events import packed_event
from data_access.lab import Lab, StoreAway

FRAMES_HELD = 600  # for viewers that are a little behind; the others read Redis themselves
BLOCK_MS = 500
AWAY_SECONDS = 1.0  # until Redis is asked again
PULSE_SECONDS = 2.0
FIRST_PULSE_SECONDS = 3.0
LATE_SECONDS = 5.0
DEAD_SECONDS = 10.0


@dataclass(frozen=True)
class Event:
    """An event for every viewer, as it is and as it goes to those who take gzip: packed when the first one asks."""

    id: str
    plain: bytes

    @cached_property
    def packed(self) -> bytes:
        return packed_event(self.plain)


@dataclass(frozen=True)
class Pulse:
    """How the monitor is, as every viewer is told."""

    at: float = 0.0
    monitor: str = "dead"  # live | late | dead
    monitor_age: float | None = None
    redis: bool = False

    @cached_property
    def event(self) -> Event:
        return told("pulse", self.facts())

    def facts(self) -> dict[str, Any]:
        """The pulse as JSON values."""
        return {"t": self.at, "monitor": self.monitor, "monitor_age": self.monitor_age, "redis": self.redis}


def monitor_state(age: float | None) -> str:
    """How a process is that said of itself ``age`` seconds ago that it lives, None: that never did."""
    if age is None or age > DEAD_SECONDS:
        return "dead"
    return "live" if age <= LATE_SECONDS else "late"


class FrameHub:
    """The frames since a moment ago, and the pulse. The thread starts with the first viewer, after any fork."""

    def __init__(self, lab: Lab, clock: Callable[[], float] = time.time) -> None:
        self.lab, self.clock = lab, clock
        self.changed = threading.Condition()
        self.pulse = Pulse()
        self.pulses = 0  # how many pulses there were: a viewer tells each once
        self.viewers = 0
        self.floor = "0-0"  # after this id every frame is held
        self._frames: deque[Event] = deque()
        self._full: Event | None = None
        self._watch_at: float | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read, if nobody has begun yet."""
        with self.changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
                self._thread.start()

    def first_pulse(self) -> Pulse:
        """The pulse, once it was taken: before that nothing is known of the monitor."""
        with self.changed:
            self.changed.wait_for(lambda: self.pulses or self.closed, timeout=FIRST_PULSE_SECONDS)
            return self.pulse

    def close(self) -> None:
        """End the reader and with it every viewer."""
        self._ended.set()
        with self.changed:
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5)

    @property
    def newest(self) -> str:
        """The id of the newest frame held, "" when none came yet."""
        return self._frames[-1].id if self._frames else ""

    @property
    def closed(self) -> bool:
        return self._ended.is_set()

    def after(self, frame_id: str) -> list[Event]:
        """The events after a frame, oldest first; from Redis for who is further behind than what is held."""
        with self.changed:
            if order(frame_id) >= order(self.floor):
                newer = takewhile(lambda one: order(one.id) > order(frame_id), reversed(self._frames))
                return list(newer)[::-1]
        return [event(one, body) for one, body in self.lab.live.frames_after(frame_id, 0)]

    def full(self) -> Event | None:
        """The newest full frame, made an event once for all who begin with it."""
        found = self.lab.live.full_frame()
        if found is None:
            return None
        with self.changed:
            if self._full is None or self._full.id != found[0]:
                self._full = event(*found)
            return self._full

    def _run(self) -> None:
        last = ""
        while not self._ended.is_set():
            try:
                self._watch_at = self.lab.live.beats().get("watch", {}).get("at")
                self._take_pulse(redis=True)
                if not last:
                    full = self.lab.live.full_frame()
                    last = full[0] if full else "0-0"
                    self._hold([], last)
                frames = self.lab.live.frames_after(last, BLOCK_MS)
            except StoreAway:
                self._take_pulse(redis=False)
                self._ended.wait(AWAY_SECONDS)
                continue
            last = frames[-1][0] if frames else last
            self._hold([event(one, body) for one, body in frames], None)

    def _hold(self, frames: list[Event], floor: str | None) -> None:
        with self.changed:
            self.floor = floor or self.floor
            self._frames.extend(frames)
            while len(self._frames) > FRAMES_HELD:
                self.floor = self._frames.popleft().id
            if frames:
                self.changed.notify_all()

    def _take_pulse(self, *, redis: bool) -> None:
        now = self.clock()
        age = None if self._watch_at is None else max(0.0, round(now - self._watch_at, 1))
        pulse = Pulse(round(now, 3), monitor_state(age), age, redis)
        news = (pulse.monitor, pulse.redis) != (self.pulse.monitor, self.pulse.redis)
        if news or not self.pulses or now - self.pulse.at >= PULSE_SECONDS or now < self.pulse.at:
            with self.changed:
                self.pulse, self.pulses = pulse, self.pulses + 1
                self.changed.notify_all()


def event(frame_id: str, body: bytes) -> Event:
    """A frame as a server-sent event."""
    return Event(frame_id, b"id: " + frame_id.encode() + b"\nevent: frame\ndata: " + body + b"\n\n")


def told(name: str, facts: dict[str, Any]) -> Event:
    """A named event of JSON, without an id: it is no part of what can be replayed."""
    return Event("", f"event: {name}\ndata: {json.dumps(facts, separators=(',', ':'))}\n\n".encode())


def order(frame_id: str) -> tuple[int, int]:
    """The place of a frame among the others."""
    head, _, tail = frame_id.partition("-")
    return int(head), int(tail or 0)
