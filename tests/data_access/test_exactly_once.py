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
from data_access.delta import CHECKPOINT_EVERY
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


def test_a_column_that_a_rival_adds_after_our_look_costs_one_more_round(lab: Lab) -> None:
    send(lab)
    record.flush(lab, NOW)
    first, second = another(lab), another(lab)
    for one in (first, second):
        assert one.archive.position("arbin-2") == 0
    ours = Part(cycler="arbin-2", after=0, upto=1, readings=batch([NOW + 2], "arbin-2-01"))
    prepared = second.archive.prepared([ours])
    first.archive.append_readings([Part(cycler="arbin-1", after=1, upto=2, readings=batch([NOW + 1], note="x"))])
    with pytest.raises(Fenced):
        second.archive.commit(prepared)
    assert second.archive.position("arbin-2") == 0
    second.archive.append_readings([ours])
    assert archived(lab) == [0, 1, 2]
    assert another(lab).archive.positions(["arbin-1", "arbin-2"]) == {"arbin-1": 2, "arbin-2": 1}


def test_a_commit_that_starts_elsewhere_than_the_table_stands_is_refused(lab: Lab) -> None:
    with pytest.raises(Fenced, match="stands at 0, not at 5"):
        lab.archive.append_readings([Part(cycler="arbin-1", after=5, upto=6, readings=batch([NOW]))])


def test_old_logs_go_with_a_checkpoint_and_not_before(lab: Lab) -> None:
    table = lab.archive.tables["journal"]
    table.configuration["delta.logRetentionDuration"] = "interval 0 days"
    log = Path(table.url) / "_delta_log"

    def say(n: int) -> None:
        entry = {"id": n, "at": NOW, "kind": "comment", "who": "ada", "data": {}}
        lab.archive.append_journal([entry], n - 1, n)

    for n in range(1, CHECKPOINT_EVERY):
        say(n)
    assert len(list(log.glob("*.json"))) == CHECKPOINT_EVERY
    say(CHECKPOINT_EVERY)
    assert len(list(log.glob("*.json"))) <= 2
    assert sorted(row["id"] for row in another(lab).archive.rows("journal")) == list(range(1, CHECKPOINT_EVERY + 1))
    assert another(lab).archive.output_position("journal") == CHECKPOINT_EVERY
