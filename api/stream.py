"""GET /stream: what changed on the wall, as server-sent events."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, request

from api.answers import Refused
from api.hub import Event, FrameHub, order, told
from api.packed_events import HEAD
from cycling.frames import SCHEMA
from data_access.lab import StoreAway

stream = Blueprint("stream", __name__)

HUB = "cellwatch-hub"
VERSION = "cellwatch-version"
HEARTBEAT_SECONDS = 5.0
RETRY = Event("", b"retry: 1000\n\n")
STILL_HERE = Event("", b": still here\n\n")
MOST_VIEWERS = 200  # each holds a thread of the web server, and the API needs some too


def hub() -> FrameHub:
    """The hub of the app that handles the current request."""
    found: FrameHub = current_app.extensions[HUB]
    return found


@stream.get("/stream")
def get_stream() -> Response:
    frames = hub()
    if frames.viewers >= MOST_VIEWERS:
        raise Refused(503, f"{MOST_VIEWERS} viewers are here already; try again later.", {"Retry-After": "10"})
    frames.start()
    packs = request.accept_encodings["gzip"] > 0
    place = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    events = _events(frames, place, current_app.extensions[VERSION])
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept-Encoding"}
    if packs:
        headers["Content-Encoding"] = "gzip"
    body = _packed(events) if packs else (one.plain for one in events)
    return Response(body, mimetype="text/event-stream", headers=headers)


def _packed(events: Iterator[Event]) -> Iterator[bytes]:
    yield HEAD
    for one in events:
        yield one.packed


def _events(frames: FrameHub, place: str, version: str) -> Iterator[Event]:
    """Everything one viewer is told. It ends when the viewer has gone, which shows at the next event."""
    with frames.changed:
        frames.viewers += 1
    try:
        facts = frames.first_pulse().facts() | {"t": round(frames.clock(), 3)}
        yield RETRY
        yield told("hello", {"version": version, "schema": SCHEMA, **facts})
        yield from _Viewer(frames, place).events()
    finally:
        with frames.changed:
            frames.viewers -= 1


class _Viewer:
    """What one viewer has been told."""

    def __init__(self, frames: FrameHub, last_event_id: str) -> None:
        self.frames, self.last_event_id = frames, last_event_id
        self.place = ""  # the last frame told, "" before the first
        self.pulses = 0
        self.beat_at = time.monotonic()

    def events(self) -> Iterator[Event]:
        while not self.frames.closed:
            try:
                yield from self._new_frames()
            except StoreAway:  # told by the pulse; the frames go on when Redis is back
                time.sleep(1.0)
            if self.frames.pulses != self.pulses:
                self.pulses = self.frames.pulses
                yield self.frames.pulse.event
            if time.monotonic() - self.beat_at >= HEARTBEAT_SECONDS:
                self.beat_at = time.monotonic()
                yield STILL_HERE
            with self.frames.changed:
                self.frames.changed.wait_for(self._has_news, timeout=1.0)

    def _new_frames(self) -> Iterator[Event]:
        if not self.place:
            yield from self._beginning()
        for one in self.frames.after(self.place) if self.place else ():
            yield one
            self.place = one.id

    def _beginning(self) -> Iterator[Event]:
        """Where a viewer goes on: after the frame it had, else with everything there is."""
        if self.last_event_id and self.frames.lab.live.has_frame(self.last_event_id):
            self.place = self.last_event_id
            return
        full = self.frames.full()
        if full:
            yield full
            self.place = full.id

    def _has_news(self) -> bool:
        frames = self.frames
        behind = bool(self.place and frames.newest) and order(frames.newest) > order(self.place)
        return behind or frames.pulses != self.pulses or frames.closed
