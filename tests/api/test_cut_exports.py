"""An export that fails on the way: nobody may take what came for the whole."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from pyarrow import parquet

from cycling.readings import Batch
from data_access.archive import Part
from data_access.lab import Lab

DAY = 86_400.0
DAYS, ROWS = 9, 30_000  # in each; together more than is looked at before the first row is sent
WEB = """
from pathlib import Path
from flask import Flask
import api.routes
from data_access.lab import connect, install
from tests.api.conftest import TOPOLOGY
def app(home, archive):
    lab = connect(redis_url=None, home=Path(home), archive_url=archive, topology=TOPOLOGY)
    server = Flask("test")
    install(server, lab, "unix://" + lab.live.where)
    api.routes.register(server, lab, "1.2.3")
    return server
"""


@pytest.fixture
def last_file(lab: Lab) -> Path:
    """The data file of the last of the days of the test ``long``."""
    lab.tests.put("long", {"channel": "arbin-1-01"}, "ada", time.time(), "api")
    for day in range(DAYS):
        rows = Batch(
            {
                "channel": np.full(ROWS, "arbin-1-01", dtype=object),
                "test": np.full(ROWS, "long", dtype=object),
                "unix_time_second": DAY * (20_000 + day) + np.arange(ROWS),
                "voltage_volt": np.random.default_rng(day).random(ROWS),
                "current_ampere": np.ones(ROWS),
            }
        )
        lab.archive.append_readings([Part(cycler="arbin-1", after=day, upto=day + 1, readings=rows)])
    [*_, last] = sorted((Path(lab.archive.url) / "readings").rglob("*.parquet"))
    return last


def damage(file: Path, column: str) -> None:
    """Overwrites the values of a column and leaves everything else, so that it shows only when they are read."""
    group = parquet.read_metadata(file).row_group(0)
    [chunk] = [one for one in map(group.column, range(group.num_columns)) if one.path_in_schema == column]
    content = bytearray(file.read_bytes())
    start = chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    file.write_bytes(content)


def listens(port: int) -> bool:
    with socket.socket() as line:
        return not line.connect_ex(("127.0.0.1", port))


@pytest.fixture
def port(lab: Lab, tmp_path: Path) -> Iterator[int]:
    """Where the lab is served as ``make run`` serves it."""
    (tmp_path / "web.py").write_text(WEB)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    app = f"web:app({str(Path(lab.live.where).parent.parent)!r}, {lab.archive.url!r})"
    options = ["-k", "gthread", "--threads", "4", "--no-control-socket", "--pythonpath", str(tmp_path)]
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{number}", app]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=log, stderr=log)
    while not listens(number):
        assert server.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.02)
    yield number
    server.terminate()
    server.wait(timeout=10)


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "arrow"])
def test_an_export_that_breaks_off_is_seen_by_its_client(last_file: Path, port: int, kind: str) -> None:
    damage(last_file, "voltage_volt")
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", f"/api/v1/tests/long/readings?format={kind}")
    answer = line.getresponse()
    assert answer.status == 200, answer.read()
    with pytest.raises(http.client.IncompleteRead) as cut:
        answer.read()
    assert len(cut.value.partial) > 100_000, "what is whole was on its way"
    line.close()


def test_an_export_whose_first_rows_cannot_be_read_is_refused_with_the_file(
    client: FlaskClient, last_file: Path
) -> None:
    damage(last_file, "voltage_volt")
    answer = client.get(f"/api/v1/tests/long/readings?format=csv&from={DAY * (20_000 + DAYS - 1)}")
    assert answer.status_code == 503
    assert answer.json is not None
    assert last_file.name in answer.json["error"]
    assert client.get(f"/api/v1/tests/long/readings?format=csv&to={DAY * 20_001}").status_code == 200
