"""Builders that say only what matters to a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cycling.readings import COLUMNS, Batch
from cycling.types import Alert, Cycle, Notice, Severity
from data_access.archive import Wanted
from data_access.lab import Lab, connect

NOW = 1_800_000_000.0
# A recorder in a process of its own, in a hurry. Arguments: Redis, the lab's home, the archive.
RECORDER = """
import sys, threading, time
from pathlib import Path
from cycling.topology import Cycler, Topology, places_of
from data_access.lab import connect
from monitor import record
cyclers = (Cycler(id="arbin-1", channels=2), Cycler(id="arbin-2", channels=2))
topology = Topology(cyclers=cyclers, places=places_of(cyclers, {}))
lab = connect(redis_url=sys.argv[1], home=Path(sys.argv[2]), archive_url=sys.argv[3], topology=topology)
print("ready", flush=True)
record.run(lab, threading.Event(), time.time, flush_seconds=0.02)
"""


def batch(times: Sequence[float], channel: str = "arbin-1-01", **columns: Any) -> Batch:
    """Readings of one channel at these times; a scalar column holds for every row."""
    rows = len(times)
    given: dict[str, Any] = {
        "channel": channel,
        "unix_time_second": times,
        "voltage_volt": 3.7,
        "current_ampere": 1.0,
        **columns,
    }
    arrays = {}
    for name, values in given.items():
        listed = [values] * rows if isinstance(values, str | int | float) or values is None else list(values)
        said = name in COLUMNS and COLUMNS[name].kind == "string"
        text = said or any(isinstance(value, str) for value in listed)
        arrays[name] = np.array(listed, dtype=object if text else np.float64)
    return Batch(arrays)


def seconds(count: int, start: float = NOW) -> list[float]:
    """So many times, one a second."""
    return [start + second for second in range(count)]


def cycle(count: int = 1, test: str = "cell-a", **facts: Any) -> Cycle:
    numbers = {name: 1.0 for name, kind in Cycle.__annotations__.items() if kind == "float"}
    named = {"channel": "arbin-1-01", "test": test, "cycle_count": count, "kind": "regular"}
    return Cycle(**{**numbers, **named, **facts})


def alert(alert_id: str = "a1", **facts: Any) -> Alert:
    given: dict[str, Any] = {
        "kind": "contact-lost",
        "severity": Severity.P2,
        "scope": "channel:arbin-1-01",
        "channels": ("arbin-1-01",),
        "test": "cell-a",
        "opened_at": NOW,
        "message": "The current is gone.",
    }
    return Alert(**{"id": alert_id, **given, **facts})


def notice(notice_id: str = "n1", **facts: Any) -> Notice:
    given: dict[str, Any] = {
        "sent_at": NOW,
        "alert": "a1",
        "severity": Severity.P2,
        "reason": "opened",
        "text": "The current is gone.",
        "channel_count": 1,
    }
    return Notice(**{"id": notice_id, **given, **facts})


def send(lab: Lab, rows: Batch, received: float = NOW) -> tuple[int, list[int]]:
    """Ingests; says how many rows were accepted, and which were refused."""
    told = lab.live.ingest(rows, received=received, source="test")
    return told.accepted, [rejection.index for rejection in told.rejected]


def stored(lab: Lab, cycler: str = "arbin-1") -> Batch:
    """Everything in a cycler's stream."""
    return lab.live.tail(cycler, 0)


def archived(lab: Lab) -> list[float]:
    """The times of every archived reading, in seconds after NOW."""
    found = lab.archive.readings(Wanted(), ["unix_time_second"])
    return [float(second) - NOW for second in found.column(0).to_pylist()]


def another(lab: Lab) -> Lab:
    """The same lab as another process sees it."""
    return connect(
        redis_url=f"unix://{lab.live.where}",
        home=lab.home,
        archive_url=lab.archive.url,
        topology=lab.topology,
    )


def send_seconds(lab: Lab, second: int = 0, rows: int = 1, channel: str = "arbin-1-01", **columns: object) -> None:
    """Ingests so many rows, one a second, from a second after NOW."""
    readings = batch(seconds(rows, NOW + second), channel, **columns)
    lab.live.ingest(readings, received=NOW + second, source="test")
