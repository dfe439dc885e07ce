"""docs/retrieve.md says what is true: every piece of code on it is run against a running server and its archive."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from api.access import Access
from data_access.lab import Lab, Published, connect
from monitor import record
from tests.api.conftest import TOPOLOGY
from tests.data_access.builders import batch, cycle
from tests.data_access.object_stores import ObjectStore

PAGE = (Path(__file__).parents[2] / "docs" / "retrieve.md").read_text()
TEST, CHANNEL = "2017-05-12_CH07", "arbin-1-02"
ARCHIVED, TAIL = 90, 10  # readings
ROWS = ARCHIVED + TAIL


def blocks(language: str, *, remote: bool = False, **meant: str) -> list[str]:
    """The code of the page in a language, with what is meant in place of what it says."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    named = {"arbin-1-07": CHANNEL, "chamber-a": "a", "http://127.0.0.1:8050": meant.get("lab", "")}
    places = {"var/archive": meant.get("archive", ""), "s3://bucket/folder": meant.get("archive", "")}
    chosen = [code for code in found if ("s3://" in code) == remote]
    for said, means in {**named, **places}.items():
        chosen = [code.replace(said, means) for code in chosen]
    return chosen


def fill(lab: Lab, now: float) -> None:
    """A test of a hundred readings, one a second, all but the last ten archived, and two finished cycles."""
    times = [now - ROWS + n for n in range(ROWS)]
    lab.live.ingest(batch(times[:ARCHIVED], CHANNEL, test=TEST), received=now, source="test")
    ran = {n: {"start_unix_time_second": times[30 * n - 30], "end_unix_time_second": times[30 * n - 1]} for n in (1, 2)}
    cycles = [cycle(n, TEST, channel=CHANNEL, **facts) for n, facts in ran.items()]
    lab.live.publish(Published(now=now, cycles=cycles))
    record.flush(lab, now)
    lab.live.ingest(batch(times[ARCHIVED:], CHANNEL, test=TEST), received=now, source="test")


@pytest.fixture
def served(lab: Lab, serve: Callable[[Access], Flask]) -> Iterator[str]:
    """The address of a running lab."""
    fill(lab, float(round(time.time())) - 1)
    server = make_server("127.0.0.1", 0, serve(Access()), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def printed(code: list[str], folder: Path, environment: dict[str, str] | None = None) -> list[list[int]]:
    """The numbers that each piece of code printed, run one after the other as a reader would."""
    script = folder / "page.py"
    script.write_text("\n".join(code))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, done.stderr
    return [[int(number) for number in line.split()] for line in done.stdout.splitlines()]


def test_all_python_code_of_the_page_runs(lab: Lab, served: str, tmp_path: Path) -> None:
    told = printed(blocks("python", lab=served, archive=lab.archive.url), tmp_path)
    whole, one, channel, fleet, as_json, as_arrow, stored, hours, one_stored, means = told
    assert whole == [ROWS, 2]
    assert one == one_stored == [30]
    assert channel == [ROWS, ROWS]
    assert fleet[0] == 2
    assert 2 <= fleet[1] <= 3  # a hundred seconds are two or three minutes
    assert as_json == as_arrow == [ROWS]
    assert stored == [2]
    assert hours in ([1], [2])
    assert means == [1]


def test_the_command_lines_of_the_page_run(served: str) -> None:
    (command,) = blocks("sh", lab=served)
    if shutil.which("curl") is None:  # the address is what must be right
        with urllib.request.urlopen(shlex.split(command)[-1], timeout=60) as answer:
            told = answer.read().decode()
    else:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=True)
        told = done.stdout
    assert len(told.splitlines()) == 1 + ROWS


def test_the_code_for_an_object_store_runs(redis_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore(tmp_path)
    store.start()
    try:
        store.make_bucket("cells")
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        lab = connect(redis_url=None, home=redis_home, archive_url="s3://cells/archive", topology=TOPOLOGY)
        lab.live.client.flushall()
        fill(lab, float(round(time.time())) - 1)
        lab.live.client.close()
        told = printed(blocks("python", remote=True, archive="s3://cells/archive"), tmp_path, store.environment)
    finally:
        store.stop()
    assert told == [[2, 1, ARCHIVED]]
