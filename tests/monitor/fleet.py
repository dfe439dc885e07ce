"""A small fleet in a real archive, the command that reprocesses it, and a real Dask cluster on this machine."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from cycling.readings import Batch
from data_access.archive import Archive, Part
from monitor.__main__ import main
from tests.cycling.build import cell, in_discharge, spoil, together

ROOT = Path(__file__).parents[2]
FILES = ("alerts.json", "notices.json", "cycles.parquet", "summary.parquet")
LAB = """
[lab]
name = "Fleet"

[[cyclers]]
id = "sim-1"
channels = 3

[[cyclers]]
id = "sim-2"
channels = 3

[[cyclers]]
id = "sim-3"
channels = 2

[[tests]]
channel = "sim-1-01"
test = "sim-1-01-a"
nominal_capacity_ah = 2.0
voltage_max_volt = 4.2
"""


def readings() -> list[Batch]:
    """Ten channels over a day and more, in order of arrival in four deliveries: on sim-1 a contact is lost, sim-2
    falls silent for good, a channel of sim-3 is sent late by an hour, two channels are not in lab.toml."""
    lost = channel("sim-1-01")
    parts = [spoil(lost, in_discharge(lost, rows=12), current_ampere=0.0, voltage_volt=0.25)]
    parts += [channel(name) for name in ("sim-1-02", "sim-1-03", "sim-3-01", "stray-1", "stray-2")]
    parts += [channel(name).take(slice(0, 2000)) for name in ("sim-2-01", "sim-2-02", "sim-2-03")]
    parts += [channel("sim-3-02", late=3600.0)]
    merged = together(*parts)
    merged = merged.take(np.argsort(merged.numbers("arrival_time_second"), kind="stable"))
    cuts = np.linspace(0, len(merged), 5).astype(int)
    return [merged.take(slice(begin, end)) for begin, end in pairwise(cuts)]


def channel(name: str, late: float = 0.0) -> Batch:
    """A healthy cell's readings as the archive keeps them, each arrived a moment after it was measured."""
    batch = cell(9, channel=name, test=f"{name}-a", seed=len(name) + ord(name[-1]))
    small = ("voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius")
    kept = {column: batch.numbers(column).astype(np.float32).astype(np.float64) for column in small}
    return batch.with_columns(**kept, arrival_time_second=batch.numbers("unix_time_second") + 0.5 + late)


def archived(folder: Path, deliveries: list[Batch]) -> Archive:
    """The deliveries in an archive, a commit each."""
    archive = Archive(str(folder))
    for place, batch in enumerate(deliveries):
        archive.append_readings([Part(cycler="sim-1", after=place, upto=place + 1, readings=batch)])
    return archive


def as_file(path: Path, deliveries: list[Batch]) -> Path:
    """The same rows as a file that can be replayed."""
    pd.concat([pd.DataFrame(dict(batch.columns)) for batch in deliveries]).to_parquet(path, index=False)
    return path


def environment(home: Path) -> dict[str, str]:
    """A lab whose home this is, with its lab.toml and archive."""
    own = {"CELLWATCH_HOME": str(home), "CELLWATCH_LAB": str(home / "lab.toml")}
    return {name: value for name, value in os.environ.items() if not name.startswith("CELLWATCH_")} | own


def command(out: Path, *options: object) -> list[str]:
    return [sys.executable, "-m", "monitor", "reprocess", "--out", str(out), *map(str, options)]


Done = subprocess.CompletedProcess[str]


def reprocessed(home: Path, out: Path, *options: object) -> Done:
    """The command as a user runs it, inside this process."""
    return called(home, command(out, *options))


def called(home: Path, given: list[str]) -> Done:
    """``python -m monitor …`` inside this process."""
    said, trouble = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environment(home), clear=True), redirect_stdout(said), redirect_stderr(trouble):
        code = main(given[3:])
    return Done(given, code, said.getvalue(), trouble.getvalue())


def reprocessed_on(cluster: Cluster, home: Path, out: Path) -> Done:
    """The command on a cluster, as a process of its own."""
    given = command(out, "--dask", cluster.address)
    return subprocess.run(given, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=False)


def contents(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in FILES}


class Cluster:
    """A Dask scheduler and workers, each a process of its own on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workers = folder, list[subprocess.Popen[bytes]]()
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", ROOT, "scheduler", "--host", "127.0.0.1", "--port", port)

    def start_worker(self, project: Path = ROOT) -> subprocess.Popen[bytes]:
        """One more worker, of the code in ``project``; it is not ready yet."""
        own = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(self.folder))
        self.workers.append(self._start(f"worker-{len(self.workers)}", project, "worker", self.address, *own))
        return self.workers[-1]

    def wait_for_workers(self) -> None:
        """Until every worker has said that the scheduler knows it."""
        for place, worker in enumerate(self.workers):
            while "Registered to" not in (said := self._log(f"worker-{place}").read_text()):
                assert worker.poll() is None, said
                time.sleep(0.02)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _start(self, name: str, project: Path, *arguments: str) -> subprocess.Popen[bytes]:
        dask = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        with self._log(name).open("wb") as log:
            return subprocess.Popen(dask, cwd=project, stdout=subprocess.DEVNULL, stderr=log)


@contextmanager
def running_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """The cluster, running while the block runs."""
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.start_worker()
        cluster.wait_for_workers()
        yield cluster
    finally:
        cluster.end()
