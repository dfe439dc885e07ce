"""Receivers, and notifiers beside real stores."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cycling.routing import Routing
from cycling.types import Notice, Severity
from data_access.lab import Lab, Published
from monitor import notify
from monitor.notify import Outgoing
from monitor.senders import senders
from tests.monitor.notices.receiver import Receiver

ROOT = Path(__file__).parents[3]
SECRET = "a-very-secret-word"


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    """Starts receivers; they end with the test."""
    started: list[Receiver] = []

    def start() -> Receiver:
        started.append(Receiver().up())
        return started[-1]

    yield start
    for one in started:
        one.down()


@pytest.fixture
def receiver(receivers: Callable[[], Receiver]) -> Receiver:
    return receivers()


def notice(name: str = "n1", **facts: Any) -> Notice:
    usual: dict[str, Any] = {
        "id": name,
        "sent_at": time.time(),
        "alert": f"alert-of-{name}",
        "severity": Severity.P2,
        "reason": "opened",
        "text": f"arbin-1-01: Contact lost ({name}).",
        "channel_count": 1,
        "kind": "contact-lost",
        "scope": "channel:arbin-1-01",
        "channels": ("arbin-1-01",),
        "opened_at": 1.8e9,
    }
    return Notice(**{**usual, **facts})


def publish(lab: Lab, *notices: Notice, **more: Any) -> None:
    lab.live.publish(Published(now=time.time(), notices=notices, **more))


def waited(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())


def with_routing(lab: Lab, routing: Routing) -> Lab:
    """The same stores of a lab with other routes."""
    return replace(lab, topology=replace(lab.topology, routing=routing))


class Running:
    """Notifiers in threads."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self, lab: Lab, outgoing: Outgoing, clock: Callable[[], float] = time.time) -> None:
        thread = threading.Thread(target=notify.run, args=(lab, self.stop, clock, outgoing))
        thread.start()
        self.threads.append(thread)
        waited(lambda: "notify" in lab.live.beats())

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.stop.clear()
        self.threads.clear()


@pytest.fixture
def running() -> Iterator[Running]:
    found = Running()
    yield found
    found.end()


def to_webhook(receiver: Receiver, **notify: str) -> Outgoing:
    """The webhook at a receiver, and addresses behind variables."""
    addresses = {name: tuple(urls.split()) for name, urls in notify.items()}
    return Outgoing(senders=senders(receiver.url, SECRET, addresses), address="https://lab.example.org")


Process = subprocess.Popen[bytes]


@pytest.fixture
def processes(lab: Lab, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts ``python -m monitor notify`` on the stores of the test."""
    started: list[Process] = []
    file = tmp_path / "lab.toml"
    file.write_text('[lab]\nname = "T"\n\n[[cyclers]]\nid = "arbin-1"\nchannels = 2\n')

    def start(log: Path, **more: str) -> Process:
        environment = {
            **os.environ,
            "CELLWATCH_HOME": str(lab.home),
            "CELLWATCH_LAB": str(file),
            "CELLWATCH_REDIS_URL": f"unix://{lab.live.where}",
            "CELLWATCH_ARCHIVE_URL": str(tmp_path / "archive"),
            **more,
        }
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "notify"], cwd=ROOT, env=environment, stdout=out, stderr=out
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
