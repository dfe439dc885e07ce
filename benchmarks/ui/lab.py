"""A lab of 1000 channels as it really runs, and who POSTs its readings: all of them every second, or a part."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.notice_lab import free_port
from data_access import processes

PROJECT = Path(__file__).resolve().parents[2]
CYCLERS, EACH = 20, 50
CHANNELS = tuple(f"bench-{cycler}-{slot:02d}" for cycler in range(1, CYCLERS + 1) for slot in range(1, EACH + 1))
READY_SECONDS = 90.0
HEAD = '[lab]\nname = "Bench"\n\n[[chambers]]\nid = "chamber-{0}"\nsetpoint_celsius = 25.0\n'
CYCLER = '\n[[cyclers]]\nid = "bench-{0}"\nchannels = {1}\nchamber = "chamber-1"\npoll_seconds = 30.0\n'
TEST = '\n[[tests]]\nchannel = "{0}"\ntest = "{0}-a"\ncell = "cell-{0}"\nbatch = "bench"\n'


class BenchLab:
    """The lab. ``share`` is the part of its channels that report in a second, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.home, self.port = folder / "data", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.share, self.spread = 1.0, False
        self.begun, self.turn = time.time(), 0
        text = HEAD.format(1) + "".join(CYCLER.format(n, EACH) for n in range(1, CYCLERS + 1))
        (folder / "lab.toml").write_text(text + "".join(TEST.format(channel) for channel in CHANNELS))
        own = {
            "CELLWATCH_LAB": str(folder / "lab.toml"),
            "CELLWATCH_HOME": str(self.home),
            "CELLWATCH_PORT": str(self.port),
        }
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CELLWATCH_")} | own
        with (folder / "run.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"], cwd=PROJECT, env=environ, stdout=log, stderr=log
            )
        self.ended = threading.Event()
        self.feeder = threading.Thread(target=self._feed, daemon=True)

    def begin(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if time.monotonic() > end:
                raise RuntimeError(
                    f"The lab is not ready after {READY_SECONDS:g} s; see {self.home.parent / 'run.log'}."
                )
            time.sleep(0.3)
        self.feeder.start()

    def end(self) -> None:
        self.ended.set()
        if self.feeder.is_alive():
            self.feeder.join()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def post(self, channels: Sequence[str]) -> float:
        """One reading of each; says the moment of the readings, which is that of the request too."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return self._post(line, channels)
        finally:
            line.close()

    def pid(self, name: str) -> int:
        return int(processes.read(self.home)[name]["pid"])

    def web_worker(self) -> int:
        """The process that answers; gunicorn's first one only looks after it."""
        children = Path(f"/proc/{self.pid('web')}/task/{self.pid('web')}/children").read_text().split()
        return int(children[0])

    def _feed(self) -> None:
        """All that report in a second in one POST, or each cycler's own at a moment of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        due = time.monotonic()
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            for n, some in enumerate(self._reporting()):
                wait = due + n / CYCLERS - time.monotonic() if self.spread else 0.0
                if some and not self.ended.wait(max(0.0, wait)):
                    self._post(line, some)
            due = max(due + 1.0, time.monotonic())
        line.close()

    def _reporting(self) -> list[list[str]]:
        every = round(1 / self.share)
        self.turn += 1
        some = [channel for n, channel in enumerate(CHANNELS) if n % every == self.turn % every]
        if not self.spread:
            return [some]
        return [[channel for channel in some if channel.split("-")[1] == str(n)] for n in range(1, CYCLERS + 1)]

    def _post(self, line: http.client.HTTPConnection, channels: Sequence[str]) -> float:
        now = time.time()
        body = json.dumps({"readings": [self._row(channel, now) for channel in channels]}).encode()
        line.request("POST", "/api/v1/readings", body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        told = answer.read()
        if answer.status != 202 or json.loads(told)["rejected"]:
            raise RuntimeError(f"The lab answers {answer.status} to readings: {told[:300]!r}")
        return now

    def _row(self, channel: str, now: float) -> dict[str, Any]:
        return {
            "channel": channel,
            "test": f"{channel}-a",
            "unix_time_second": now,
            "test_time_second": now - self.begun + 100.0,
            "voltage_volt": 3.7 + random.gauss(0, 0.005),
            "current_ampere": 1.0 + random.gauss(0, 0.005),
            "surface_temperature_celsius": 26.0 + random.gauss(0, 0.2),
            "ambient_temperature_celsius": 25.0 + random.gauss(0, 0.2),
            "cycle_count": 1,
            "step_count": 1,
            "step_type": "CC_CHG",
        }

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
def bench_lab(folder: Path) -> Iterator[BenchLab]:
    """The lab, with every channel known, while the block runs."""
    running = BenchLab(folder)
    try:
        running.begin()
        time.sleep(8.0)
        yield running
    finally:
        running.end()


def cpu_seconds(pid: int, thread: int | None = None) -> float:
    """What a process, or one thread of it, has used of the processor so far."""
    fields = (
        Path(f"/proc/{pid}/stat" if thread is None else f"/proc/{pid}/task/{thread}/stat")
        .read_text()
        .rpartition(")")[2]
        .split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """What a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
