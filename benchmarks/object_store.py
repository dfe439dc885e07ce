"""What a commit costs on an object store, beside the same commit on a disk: ``python -m benchmarks.object_store``.

The store is moto's S3 server on loopback, written in Python; a real one answers later and takes more at once. One
run, one machine: read the ratios.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import synthetic
from data_access import keys
from data_access.archive import Archive, Prepared
from data_access.delta import Cursor

ROWS = (1_000, 60_000, 250_000)
TURNS = 15
CYCLER = "cycler-1"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, store(Path(folder)) as url:
        local, remote = Archive(str(Path(folder) / "archive")), Archive(url)
        names = tuple(f"{CYCLER}-{number:04}" for number in range(1000))
        for rows in ROWS:
            day = synthetic.one_day(names[: max(rows // 1000, 1)], synthetic.START, 0, 1000 / 86_400).slice(0, rows)
            disk, away = [], []
            for _ in range(TURNS):  # in turns, so that both see the same machine
                disk.append(commit(local, day))
                away.append(commit(remote, day))
            took, beside = statistics.median(away), statistics.median(disk)
            told = f"object store {took * 1e3:5.0f} ms, disk {beside * 1e3:5.0f} ms: {took / beside:.1f} x"
            print(f"{rows:7d} rows: {told}")
    return 0


def commit(archive: Archive, rows: Any) -> float:
    """Seconds for one commit as a recorder makes it, with its stream position: on disk or in the store when it
    returns. Where the stream stands was asked before."""
    position = archive.position(CYCLER)
    cursor = Cursor(stream=keys.readings(CYCLER), after=position, upto=position + 1)
    prepared = Prepared(rows=rows, cursors=[cursor], columns=archive.tables["readings"].columns())
    began = time.perf_counter()
    archive.commit(prepared)
    return time.perf_counter() - began


@contextmanager
def store(folder: Path) -> Iterator[str]:
    """A running object store with one bucket; the address of an archive in it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    os.environ |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    arguments = ["-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "store.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{endpoint}/lab", method="PUT"), timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield "s3://lab/archive"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
