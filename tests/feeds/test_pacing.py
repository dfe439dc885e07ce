"""The demo lab feeding a real store."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cycling.topology import Topology
from data_access.lab import Lab
from feeds.pacing import NAME, run_demo
from supervisor import wait_until
from tests.feeds.build import PROJECT, demo_topology


@pytest.fixture
def topology() -> Topology:
    return demo_topology()


@contextmanager
def feeding(lab: Lab) -> Iterator[threading.Thread]:
    """The demo lab in a thread of its own, told to end at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=run_demo, args=(lab, stop))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()


def seconds_told(lab: Lab, cycler: str) -> list[float]:
    return sorted(set(lab.live.tail(cycler, 0).numbers("unix_time_second").tolist()))


def test_it_reports_every_second_and_says_that_it_lives(lab: Lab) -> None:
    with feeding(lab):
        assert wait_until(lambda: len(seconds_told(lab, "sim-2")) >= 3, 20)
    assert "feeds" in lab.live.beats()
    assert lab.live.quarantined() == []
    for cycler, channels in (("bench-1", 12), ("sim-1", 18), ("sim-2", 18)):
        batch = lab.live.tail(cycler, 0)
        assert len(batch) == channels * len(seconds_told(lab, cycler))
        assert (batch.numbers("unix_time_second") % 1 == 0).all()


def test_a_second_start_goes_on_where_the_first_ended(lab: Lab) -> None:
    with feeding(lab):
        assert wait_until(lambda: len(seconds_told(lab, "bench-1")) >= 2, 20)
    ended = lab.live.load_feed(NAME)
    assert ended["running"] is False
    before = len(seconds_told(lab, "bench-1"))
    with feeding(lab):
        assert wait_until(lambda: len(seconds_told(lab, "bench-1")) > before, 20)
    for cycler in ("bench-1", "sim-1", "sim-2"):
        batch = lab.live.tail(cycler, 0)
        rows = list(zip(batch.texts("channel"), batch.texts("test"), batch.numbers("record_index"), strict=True))
        assert len(set(rows)) == len(rows)


def test_anything_but_demo_is_told_how_to_use_it() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "feeds", "dmo"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert told.stderr.startswith("Usage: python -m feeds demo")
