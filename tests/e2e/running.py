"""A small lab as it really runs: both servers, the monitor, the web app, each a process of its own."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_access import begun, embedded

PROJECT = Path(__file__).resolve().parents[2]
GUNICORN = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--no-control-socket"]
GUNICORN += ["--graceful-timeout", "1"]
PATIENCE = 60.0  # for a machine that does other things too

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

LAB = """
[lab]
name = "Play lab"
timezone = "Europe/Zurich"

[[chambers]]
id = "chamber-a"
setpoint_celsius = 25.0

[[cyclers]]
id = "play-1"
channels = 6
chamber = "chamber-a"
poll_seconds = 1.0

[[tests]]
channel = "play-1-01"
test = "play-one"
cell = "cell-1"
batch = "plays"
voltage_min_volt = 2.0
voltage_max_volt = 3.6
nominal_capacity_ah = 1.1

[[tests]]
channel = "play-1-02"
test = "play-two"
cell = "<img src=x onerror=alert(1)>"
batch = "<b>batch</b>"
voltage_max_volt = 3.6
"""


class RunningLab:
    """Start it, let readings come, freeze a process, and end everything."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (home / "lab.toml").write_text(LAB, "utf-8")
        self.environment = os.environ | {
            "CELLWATCH_LAB": str(home / "lab.toml"),
            "CELLWATCH_HOME": str(home / "data"),
            "CELLWATCH_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @contextmanager
    def another_web(self, **environment: str) -> Iterator[str]:
        """One more web app of this lab, in another environment; says its address."""
        port = free_port()
        command = [*GUNICORN, "--threads", "16", "-b", f"127.0.0.1:{port}", "app:serve()"]
        name = f"web-{port}"
        self._start(name, command, CELLWATCH_PORT=str(port), **environment)
        until(lambda: _listens(port), "the other web app to listen")
        yield f"http://127.0.0.1:{port}"
        ended = self.processes.pop(name)
        ended.terminate()
        ended.wait(timeout=15)

    def start(self) -> None:
        data = (self.home / "data").resolve()
        (data / "archive").mkdir(parents=True, exist_ok=True)
        begun.begin(data, str(data / "archive"))
        self._start("readings", embedded.server_command(data))
        self._start("cache", embedded.cache_command(data))
        embedded.wait_ready(embedded.socket_path(data))
        embedded.wait_ready(embedded.cache_socket(data))
        for name in ("record", "watch", "notify"):
            self._start(name, [sys.executable, "-m", "monitor", name])
        self.start_web()

    def start_web(self, application: str = "app:serve()") -> None:
        self._start("web", [*GUNICORN, "--threads", "48", "-b", f"127.0.0.1:{self.port}", application])
        until(lambda: self.get("/healthz") is not None, "the web app to answer")

    def end_web(self) -> None:
        self.processes["web"].terminate()
        self.processes["web"].wait(timeout=20)

    def stop(self) -> None:
        for name in self.processes:
            self.go_on(name)
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def freeze(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        if self.processes[name].poll() is None:
            self.processes[name].send_signal(signal.SIGCONT)

    def freeze_web(self) -> None:
        """The web server and its workers: a stopped machine answers nothing and closes nothing."""
        os.killpg(self.processes["web"].pid, signal.SIGSTOP)

    def go_on_web(self) -> None:
        os.killpg(self.processes["web"].pid, signal.SIGCONT)

    def get(self, path: str) -> Any:
        """The JSON of a route, its text where it is none, or None while nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                body = answer.read()
        except (urllib.error.URLError, OSError):
            return None
        try:
            return json.loads(body)
        except ValueError:
            return body.decode()

    def post(self, readings: list[dict[str, Any]]) -> Any:
        """Readings over HTTP, as a program of the lab sends them; None while nobody takes them."""
        return self.send("/api/v1/readings", {"readings": readings})

    def send(self, path: str, body: dict[str, Any]) -> Any:
        """What a POST is answered; None while nobody takes it."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return None

    def _start(self, name: str, command: list[str], **environment: str) -> None:
        log = (self.home / f"{name}.log").open("wb")
        with log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_the_tests,
            )


class Cycler(threading.Thread):
    """The PC of a cycler: sends a reading of each of its channels every half second until it is ended."""

    EVERY = 0.5

    def __init__(self, lab: RunningLab) -> None:
        super().__init__(daemon=True)
        self.lab, self.ended, self.rows = lab, threading.Event(), 0
        self.channels = ["play-1-01", "play-1-02", "play-1-03", "constructor", "__proto__"]
        self.tests = {"play-1-01": "play-one", "play-1-02": "play-two"}
        self.says: dict[str, dict[str, Any]] = {}  # what a channel reports otherwise
        self.quiet: set[str] = set()

    def run(self) -> None:
        while not self.ended.wait(self.EVERY):
            now = time.time()
            self.rows += 1
            rows = [self._row(name, now) for name in self.channels if name not in self.quiet]
            if rows:
                self.lab.post(rows)

    def end(self) -> None:
        self.ended.set()
        self.join()

    def _row(self, channel: str, now: float) -> dict[str, Any]:
        wiggle = 0.001 * (self.rows % 7)
        row = {
            "channel": channel,
            "test": self.tests.get(channel),
            "unix_time_second": now,
            "test_time_second": self.rows * self.EVERY,
            "voltage_volt": 3.3 + wiggle,
            "current_ampere": 1.1 + wiggle,
            "cycle_count": 1,
            "step_count": 1,
            "step_type": "CC_CHG",
            "surface_temperature_celsius": 26.0 + wiggle,
            "ambient_temperature_celsius": 25.0 + wiggle,
            "record_index": self.rows,
        }
        return row | self.says.get(channel, {})


def _end_with_the_tests() -> None:
    """In the child: end when the tests are killed and cannot end it themselves (Linux)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends one that is frozen too


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"Waited {seconds:g} s in vain for {what}.")
        time.sleep(0.1)
