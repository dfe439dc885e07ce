"""A real HTTP receiver in a thread, that behaves as it is told to."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request: when it came, its headers and its body."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Listens on a port of its own. ``status`` is what it answers; ``wait`` how long it takes to, in seconds."""

    status: int = 200
    wait: float = 0.0
    location: str = ""
    refuses: str = ""  # a text: messages that hold it are refused with 400
    took: list[Got] = field(default_factory=list)  # answered with 2xx
    tried: list[Got] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/s3cr3t-p4th"

    @property
    def ids(self) -> list[str]:
        """The ids of the messages it took, in order."""
        return [got.json["id"] for got in self.took]

    def up(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                got = Got(time.time(), self.path, dict(self.headers.items()), body)
                receiver.tried.append(got)
                time.sleep(receiver.wait)
                refused = receiver.refuses and receiver.refuses.encode() in body
                status = 400 if refused else receiver.status
                if 200 <= status < 300:
                    receiver.took.append(got)
                self.send_response(status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever went away meanwhile is no fault of the receiver."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def down(self) -> None:
        """Nobody listens any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
