"""A real S3 server of the tests: in a process of its own, to be paused, and to be told whom it believes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "secret-of-the-lab"}
NOBODY = 1_000_000_000  # so many requests are believed whoever sends them


class ObjectStore:
    """Reached at ``url``; what it is asked stands line by line in the file ``log``."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "requests.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the processes of a lab are told."""
        return {**KEYS, "AWS_ENDPOINT_URL": self.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "eu-central-1"}

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def make_bucket(self, name: str) -> None:
        self._ask("PUT", f"/{name}")

    def believe(self, whom: int) -> None:
        """After so many more requests only keys that it knows are believed, and it knows none."""
        self._ask("POST", "/moto-api/reset-auth", str(whom).encode())

    def asked(self) -> list[str]:
        """The requests that it has answered so far."""
        return [line for line in self.log.read_text().splitlines() if ' HTTP/1.1" ' in line]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and says nothing while the block runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/moto-api/")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def _ask(self, method: str, path: str, body: bytes | None = None) -> None:
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
