"""A receiver of webhooks that can be gone for a while, and remembers when it was told what."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Received:
    """One notice that something began: when its body was there (monotonic seconds), which channels it names, and how
    many it says there are."""

    at: float
    channels: frozenset[str]
    count: int


class Receiver:
    """``begun`` reads a body: the channels of which it says that something began, and their number."""

    def __init__(self, begun: Callable[[Any], tuple[Iterable[str], int]]) -> None:
        self.received: list[Received] = []
        self._begun, self._came = begun, threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        """Listens, always on the port it had first."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer._take(time.monotonic(), json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_said: Any) -> None:
                """Says nothing: the answers of the benchmark stand alone."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """From now on nobody listens there."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def naming(self, channels: Iterable[str], after: float, most: float) -> list[Received]:
        """The notices after a moment, as soon as together they name all of the channels, or when time is up."""
        wanted, end = set(channels), time.monotonic() + most
        with self._came:
            while True:
                found = [one for one in self.received if one.at >= after and one.channels & wanted]
                left = end - time.monotonic()
                if left <= 0 or wanted <= frozenset[str]().union(*(one.channels for one in found)):
                    return found
                self._came.wait(left)

    def _take(self, at: float, body: Any) -> None:
        channels, count = self._begun(body)
        with self._came:
            self.received.append(Received(at=at, channels=frozenset(channels), count=count))
            self._came.notify_all()
