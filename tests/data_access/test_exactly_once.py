"""Exactly once: two recorders, killed recorders, and readers beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from data_access.archive import Part
from data_access.errors import Fenced
from data_access.lab import Lab
from monitor import record
from tests.conftest import Server
from tests.data_access.builders import NOW, RECORDER, another, archived, batch
from tests.data_access.builders import send_seconds as send


def test_nothing_is_lost_or_doubled_when_recorders_are_killed(lab: Lab, valkey: Server) -> None:
    command = [sys.executable, "-c", RECORDER, valkey.url, str(lab.home), lab.archive.url]
    root = Path(__file__).parents[2]
    random = np.random.default_rng(7)
    sent = 0
    running = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for kill in range(5):
            victim = running[0]
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            end = time.monotonic() + 0.3 + float(random.random()) * 0.3
            while time.monotonic() < end:
                send(lab, sent, 20, f"arbin-{1 + kill % 2}-01")
                sent += 20
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
            victim.stdout.close()
            again = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE)
            running = [*running[1:], again]
    finally:
        for process in running:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    before = len(archived(lab))
    record.flush(lab, NOW)
    assert before > 0
    assert archived(lab) == list(range(sent))


def test_the_join_at_the_committed_position_shows_every_reading_once(lab: Lab) -> None:
    """While one thread sends and records, readers see a whole number of batches, each once."""
    stop = threading.Event()

    def work() -> None:
        for second in range(0, 400, 10):
            send(lab, second, 10)
            if second % 30 == 0:
                record.flush(lab, NOW)
        stop.set()

    worker = threading.Thread(target=work)
    worker.start()
    looks = []
    while not stop.is_set():
        found = [
            second - NOW
            for part in lab.history.readings(channel="arbin-1-01", columns=["unix_time_second"])[1]
            for second in part.column(0).to_pylist()
        ]
        assert found == list(range(len(found)))
        assert len(found) % 10 == 0
        looks.append(len(found))
    worker.join()
    assert looks == sorted(looks)


def test_of_two_recorders_with_the_same_entries_the_second_is_refused(lab: Lab) -> None:
    send(lab)
    record.flush(lab, NOW)
    part = Part(cycler="arbin-1", after=1, upto=2, readings=batch([NOW + 1]))
    first, second = another(lab), another(lab)
    first.archive.position("arbin-1")
    second.archive.position("arbin-1")
    first.archive.append_readings([part])
    with pytest.raises(Fenced):
        second.archive.append_readings([part])
    assert second.archive.position("arbin-1") == 2
    assert archived(lab) == [0, 1]


def test_a_commit_that_starts_elsewhere_than_the_table_stands_is_refused(lab: Lab) -> None:
    with pytest.raises(Fenced, match="stands at 0, not at 5"):
        lab.archive.append_readings([Part(cycler="arbin-1", after=5, upto=6, readings=batch([NOW]))])
