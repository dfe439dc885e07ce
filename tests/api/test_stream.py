"""The stream of frames, over a real connection."""

from __future__ import annotations

import http.client
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

import run
import settings
from api.access import Access
from api.hub import FRAMES_HELD, FrameHub, monitor_state
from api.stream import HUB, MOST_VIEWERS
from cycling.frames import SCHEMA
from data_access.lab import Lab, Published

Event = dict[str, str]


@pytest.fixture
def app(serve: Callable[[Access], Flask]) -> Flask:
    return serve(Access())


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    hub: FrameHub = app.extensions[HUB]
    hub.close()
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


class Viewer:
    """Someone who follows the stream."""

    def __init__(self, port: int, last_event_id: str = "", path: str = "/api/v1/stream") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def next(self, kind: str) -> Event:
        """The next event of a kind; others are passed over."""
        event: Event = {}
        while True:
            got = self.response.readline()
            assert got, f"the stream ended before any event {kind!r}"
            line = got.decode().rstrip("\n")
            if not line:
                if event.get("event") == kind:
                    return event
                event = {}
            elif not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    def frame(self) -> tuple[str, Any]:
        event = self.next("frame")
        return event["id"], json.loads(event["data"])["n"]


def publish(lab: Lab, n: int, full: bool = True) -> str:
    """The watcher's n-th frame."""
    frame, whole = json.dumps({"n": n}).encode(), json.dumps({"n": n, "full": True}).encode()
    return lab.live.publish(Published(now=time.time(), frame=frame, full_frame=whole if full else b""))


def test_a_viewer_gets_everything_first_and_then_every_change(port: int, lab: Lab) -> None:
    first = publish(lab, 1)
    with closing(Viewer(port)) as viewer:
        assert viewer.response.getheader("Content-Type", "").startswith("text/event-stream")
        assert viewer.response.getheader("X-Accel-Buffering") == "no"
        hello = json.loads(viewer.next("hello")["data"])
        assert (hello["version"], hello["schema"]) == ("1.2.3", SCHEMA)
        assert hello["t"] == pytest.approx(time.time(), abs=60)
        event = viewer.next("frame")
        assert (event["id"], json.loads(event["data"])) == (first, {"n": 1, "full": True})
        for n in (2, 3):
            frame_id = publish(lab, n)
            assert viewer.frame() == (frame_id, n)


def test_whoever_comes_back_gets_what_was_missed_and_nothing_twice(port: int, lab: Lab) -> None:
    ids = [publish(lab, n) for n in range(1, 6)]
    with closing(Viewer(port, ids[1])) as viewer:
        assert [viewer.frame() for _ in range(3)] == [(ids[2], 3), (ids[3], 4), (ids[4], 5)]
        frame_id = publish(lab, 6)
        assert viewer.frame() == (frame_id, 6)


def test_whoever_was_away_for_longer_than_a_page_of_frames_misses_none(port: int, lab: Lab) -> None:
    ids = [publish(lab, n) for n in range(FRAMES_HELD + 130)]
    with closing(Viewer(port, ids[0])) as viewer:
        assert [viewer.frame()[1] for _ in ids[1:]] == list(range(1, len(ids)))


@pytest.mark.parametrize("stranger", ["1-0", "9999999999999-0", "nonsense", "0", "$"])
def test_whoever_brings_an_unknown_id_gets_everything(port: int, lab: Lab, stranger: str) -> None:
    newest = publish(lab, 7)
    with closing(Viewer(port, stranger)) as viewer:
        assert viewer.frame() == (newest, 7)


def test_all_viewers_are_told_the_same(port: int, lab: Lab, app: Flask) -> None:
    publish(lab, 1)
    hub: FrameHub = app.extensions[HUB]
    with closing(Viewer(port)) as one, closing(Viewer(port)) as other:
        assert one.frame() == other.frame()
        assert hub.viewers == 2
        publish(lab, 2)
        assert one.frame() == other.frame()


def test_before_the_first_frame_the_viewer_waits_and_is_told_how_the_monitor_is(port: int, lab: Lab) -> None:
    with closing(Viewer(port)) as viewer:
        for kind in ("hello", "pulse"):
            told = json.loads(viewer.next(kind)["data"])
            assert (told["monitor"], told["monitor_age"], told["redis"]) == ("dead", None, True)
        lab.live.beat("watch", {}, time.time())
        pulse = json.loads(viewer.next("pulse")["data"])
        assert (pulse["monitor"], pulse["redis"]) == ("live", True)
        publish(lab, 1)
        assert viewer.frame()[1] == 1


def test_who_takes_gzip_gets_the_same_packed_while_it_goes_on(port: int, lab: Lab) -> None:
    publish(lab, 1)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request("GET", "/api/v1/stream", headers={"Accept-Encoding": "gzip, br"})
    answer = line.getresponse()
    assert (answer.getheader("Content-Encoding"), answer.getheader("Vary")) == ("gzip", "Accept-Encoding")
    unpacker, told = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    for n in (1, 2, 3):
        end = time.monotonic() + 20
        while b'{"n": %d' % n not in told and time.monotonic() < end:
            told += unpacker.decompress(answer.read1())
        publish(lab, n + 1)
    line.close()
    assert told.startswith(b"retry: 1000\n\nevent: hello\ndata: ")
    assert b'{"n": 1, "full": true}' in told
    assert b'{"n": 3}' in told


def test_a_stream_goes_on_where_its_address_says(port: int, lab: Lab) -> None:
    ids = [publish(lab, n) for n in range(1, 4)]
    with closing(Viewer(port, path=f"/api/v1/stream?after={ids[0]}")) as viewer:
        assert [viewer.frame() for _ in range(2)] == [(ids[1], 2), (ids[2], 3)]


def test_one_viewer_more_than_there_is_room_for_is_asked_to_come_back(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.stream.MOST_VIEWERS", 1)
    with closing(Viewer(port)) as first:
        first.next("hello")
        with closing(Viewer(port)) as second:
            assert (second.response.status, second.response.getheader("Retry-After")) == (503, "10")
            assert "1 viewers are here already" in second.response.read().decode()


def test_the_web_server_has_threads_for_all_viewers_and_for_everybody_else() -> None:
    assert run.WEB_THREADS == 2 * MOST_VIEWERS + 16
    assert str(run.WEB_THREADS) in run.web_command(settings.load({}))


def test_viewers_who_leave_are_forgotten(port: int, lab: Lab, app: Flask) -> None:
    hub: FrameHub = app.extensions[HUB]
    with closing(Viewer(port)) as viewer:
        viewer.next("hello")
        assert hub.viewers == 1
    end = time.monotonic() + 20
    while hub.viewers and time.monotonic() < end:
        lab.live.beat("watch", {}, time.time())
        time.sleep(0.05)
    assert hub.viewers == 0


@pytest.mark.parametrize(
    ("age", "word"), [(0, "live"), (5, "live"), (5.1, "late"), (10, "late"), (10.1, "dead"), (None, "dead")]
)
def test_a_monitor_is_live_late_or_dead_by_its_age(age: float | None, word: str) -> None:
    assert monitor_state(age) == word
