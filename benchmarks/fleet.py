"""The whole archive at once: one scan of every file, and the watch over every reading, with and without Dask.

Run with ``python -m benchmarks.fleet [FOLDER]``; without a folder (of ``benchmarks.synthetic``) an archive of 17
million rows is built. Beside two Dask workers stands one DuckDB process with all threads of the machine that answers
the same query over the same files, in turns; and for cycles and alerts one process that does it alone.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import synthetic
from cycling.topology import Topology
from data_access import fleet, fleet_summary
from data_access.archive import Archive
from monitor.executors import Executor, Here, cluster
from monitor.reprocess import Wish, reprocess, scanned

CHANNELS, DAYS, HERTZ = 200, 10, 0.1
FOLDED_DAYS = 3
WORKERS = 2
REPEATS = 3
FILES = ("alerts.json", "notices.json", "cycles.parquet", "summary.parquet")


@contextmanager
def dask(folder: Path) -> Iterator[str]:
    """The address of a scheduler with two worker processes of one thread each, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    own = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(folder))
    commands = [("scheduler", "--host", "127.0.0.1", "--port", port), *[("worker", address, *own)] * WORKERS]
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", *command, "--no-dashboard"], stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextmanager
def ready(address: str) -> Iterator[Executor]:
    """The cluster once all its workers are there and know the code."""
    from distributed import Client

    with Client(address, timeout=30, set_as_default=False) as client:
        client.wait_for_workers(WORKERS, timeout=60)
    with cluster(address) as executor:
        list(executor.run(abs, range(WORKERS)))
        yield executor


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def scan_beside(archive: Archive, executor: Executor) -> None:
    """The summary of every cycle, in turns; the best of each counts, as other work on the machine only adds."""
    files = fleet.plan(archive)
    rows = sum(file.rows for file in files.files)
    bare, parted = [], []
    for _ in range(REPEATS):
        bare.append(seconds(lambda: fleet_summary.whole([fleet_summary.part(files)], files.schema)))
        parted.append(seconds(lambda: scanned(files, executor)))
    one, two = min(bare), min(parted)
    print(f"scan of {rows / 1e6:.1f} M rows, one DuckDB process      {one:6.2f} s  {rows / one / 1e6:5.1f} M rows/s")
    print(f"the same, Dask with {WORKERS} workers                {two:6.2f} s  {one / two:5.2f} × one process")


def fold_beside(archive: Archive, executor: Executor, folder: Path) -> None:
    """Cycles and alerts of the first days by the whole command, in turns, and whether the files are the same."""
    until = synthetic.START + FOLDED_DAYS * synthetic.DAY - 1
    wish = Wish(topology=Topology(), detectors={}, until=until)
    rows = sum(file.rows for file in fleet.plan(archive, until=until).files)
    here, there = folder / "here", folder / "dask"

    def quiet(_line: str) -> None:
        return None

    alone, parted = [], []
    for _ in range(REPEATS):
        alone.append(seconds(lambda: reprocess(archive, wish, here, Here(), quiet)))
        parted.append(seconds(lambda: reprocess(archive, wish, there, executor, quiet)))
    one, two = min(alone), min(parted)
    same = all((here / name).read_bytes() == (there / name).read_bytes() for name in FILES)
    print(
        f"cycles and alerts of {rows / 1e6:.1f} M rows, one process    {one:6.2f} s  {rows / one / 1e3:5.0f} k rows/s"
    )
    print(f"the same, Dask with {WORKERS} workers                {two:6.2f} s  {one / two:5.2f} × one process")
    print(f"files the same to the byte: {'yes' if same else 'NO'}")


def main() -> None:
    """Prints what was measured."""
    with tempfile.TemporaryDirectory(prefix="cellwatch-bench-") as name:
        folder = Path(name)
        stored = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "archive"
        if not stored.exists():
            synthetic.build(stored, channels=CHANNELS, days=DAYS, hertz=HERTZ)
        archive = Archive(str(stored))
        began = time.perf_counter()
        with dask(folder) as address, ready(address) as executor:
            print(f"start of a Dask scheduler and {WORKERS} workers       {time.perf_counter() - began:6.2f} s")
            scan_beside(archive, executor)
            fold_beside(archive, executor, folder)


if __name__ == "__main__":
    main()
