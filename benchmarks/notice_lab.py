"""A real lab of 1000 channels at 1 Hz for the benchmark of notices: run.py with a home, a port and a lab.toml of its
own, and a feeder that POSTs a reading of every channel every second, as a cycler's PC would."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_access import processes

PROJECT = Path(__file__).resolve().parent.parent
CYCLERS, EACH = 20, 50
CHANNELS = tuple(f"bench-{cycler}-{slot:02d}" for cycler in range(1, CYCLERS + 1) for slot in range(1, EACH + 1))
USUAL_VOLT, OVER_VOLT, LOST_VOLT = 3.7, 4.6, 0.0
WARM_SECONDS = 20.0  # a watch that has just begun knows no channel yet
LAB = """
[lab]
name = "Notices"

[detectors.over-voltage]
samples = 1

[detectors.contact-lost]
samples = 1
"""
CYCLER = (
    '\n[[cyclers]]\nid = "bench-{number}"\nchannels = {channels}\npower_circuit = "{circuit}"\npoll_seconds = 1.0\n'
)
TEST = '\n[[tests]]\nchannel = "{channel}"\ntest = "{channel}-a"\nvoltage_min_volt = 2.5\nvoltage_max_volt = 4.2\n'


def circuit_of(channel: str) -> str:
    """Half of the cyclers hang on each power circuit: 500 channels."""
    return "A" if int(channel.split("-")[1]) <= CYCLERS // 2 else "B"


def lab_toml() -> str:
    cyclers = [
        CYCLER.format(number=number, channels=EACH, circuit=circuit_of(f"bench-{number}-1"))
        for number in range(1, CYCLERS + 1)
    ]
    return LAB + "".join(cyclers) + "".join(TEST.format(channel=channel) for channel in CHANNELS)


def begun(body: Any) -> tuple[Iterable[str], int]:
    """The channels of a webhook of ours that says that something began or became worse."""
    began = body["reason"] in ("opened", "escalated")
    return (body["channels"], int(body["channel_count"])) if began else ((), 0)


class Ours:
    """The lab, running, with readings that come every second."""

    name = "Cellwatch"

    def __init__(self, home: Path, webhook: int) -> None:
        self.home, self.port = home / "data", free_port()
        (home / "lab.toml").write_text(lab_toml())
        own = {
            "CELLWATCH_LAB": str(home / "lab.toml"),
            "CELLWATCH_HOME": str(self.home),
            "CELLWATCH_PORT": str(self.port),
            "CELLWATCH_WEBHOOK_URL": f"http://127.0.0.1:{webhook}/",
        }
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CELLWATCH_")} | own
        with (home / "run.log").open("wb") as log:
            self.lab = subprocess.Popen(
                [sys.executable, "run.py"], cwd=PROJECT, env=environ, stdout=log, stderr=subprocess.STDOUT
            )
        self.faults: dict[str, dict[str, float]] = {}
        self.begun, self.killed = time.time(), 0
        self.ended = threading.Event()
        self.feeder = threading.Thread(target=self._feed, daemon=True)

    def begin(self) -> None:
        self._wait_until_ready()
        self.feeder.start()
        time.sleep(WARM_SECONDS)

    def over(self, channels: Sequence[str]) -> float:
        return self._post_with(channels, {"voltage_volt": OVER_VOLT})

    def lose(self, channels: Sequence[str]) -> float:
        return self._post_with(channels, {"voltage_volt": LOST_VOLT, "current_ampere": 0.0})

    def heal(self, channels: Sequence[str]) -> None:
        for channel in channels:
            self.faults.pop(channel, None)

    def kill_notifier(self) -> None:
        self.killed = int(processes.read(self.home)["notify"]["pid"])
        os.kill(self.killed, signal.SIGKILL)

    def restarted(self) -> float:
        """When the supervisor started it again (monotonic seconds)."""
        while True:
            told = processes.read(self.home)["notify"]
            if told["pid"] not in (None, self.killed):
                return time.monotonic() - (time.time() - float(told["started"]))
            time.sleep(0.01)

    def end(self) -> None:
        self.ended.set()
        if self.feeder.is_alive():
            self.feeder.join()
        self.lab.terminate()
        self.lab.wait(timeout=30)

    def _post_with(self, channels: Sequence[str], fault: dict[str, float]) -> float:
        """POSTs the reading that fulfils the rule, by itself; later ones show the same."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = self._rows(channels, fault)
        now = time.monotonic()
        self._post(line, body)
        self.faults.update(dict.fromkeys(channels, fault))
        line.close()
        return now

    def _feed(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        due = time.monotonic()
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1.0, time.monotonic())
            self._post(line, self._rows(CHANNELS, {}))
        line.close()

    def _rows(self, channels: Sequence[str], fault: dict[str, float]) -> bytes:
        now = time.time()
        return json.dumps({"readings": [self._row(channel, now, fault) for channel in channels]}).encode()

    def _row(self, channel: str, now: float, fault: dict[str, float]) -> dict[str, Any]:
        noise = random.gauss(0, 0.001)
        usual = {
            "channel": channel,
            "test": f"{channel}-a",
            "unix_time_second": now,
            "test_time_second": now - self.begun + 100.0,
            "voltage_volt": USUAL_VOLT + noise,
            "current_ampere": 1.0 + noise,
            "surface_temperature_celsius": 26.0 + noise,
            "ambient_temperature_celsius": 25.0 + noise,
            "cycle_count": 1,
            "step_count": 1,
            "step_type": "CC_CHG",
        }
        wrong = fault or self.faults.get(channel, {})
        return usual | {name: value + abs(noise) * 1e-3 for name, value in wrong.items()}

    def _post(self, line: http.client.HTTPConnection, body: bytes) -> None:
        line.request("POST", "/api/v1/readings", body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        told = answer.read()
        if answer.status != 202 or json.loads(told)["rejected"]:
            raise RuntimeError(f"The lab answers {answer.status} to readings: {told[:300]!r}")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + 60
        while not self._is_ready():
            if time.monotonic() > end:
                raise RuntimeError(f"The lab is not ready after 60 s; its words are in {self.home.parent / 'run.log'}.")
            time.sleep(0.2)

    def _is_ready(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except OSError:  # nobody listens yet
            return False
        finally:
            line.close()


@contextmanager
def our_lab(folder: Path, webhook: int) -> Iterator[Ours]:
    """The lab, while the block runs."""
    running = Ours(folder, webhook)
    try:
        running.begin()
        yield running
    finally:
        running.end()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
