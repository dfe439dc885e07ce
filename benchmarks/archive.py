"""The archive beside bare DuckDB: ``python -m benchmarks.archive [FOLDER [CHANNELS DAYS HERTZ]]``.

Builds 52 million readings (200 channels × 30 days × 0.1 Hz) and a year of one channel at 1 Hz, compacts both as a lab
does, and asks what people ask. FOLDER keeps the archives for the next run. Everything in one run: read the ratios.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks import synthetic
from benchmarks.labs import lab_on
from data_access.archive import Archive
from data_access.compactor import Compactor
from data_access.lab import Lab
from data_access.traced import TRACED
from data_access.wanted import Wanted

DAY = 86_400.0
POINTS = 2000
TURNS = 9
FIGURE = ", ".join(f"{of}({name})" for name in TRACED for of in ("min", "max"))  # what a trace shows, for DuckDB
EXPORTED = 10_000_000  # readings
PORT = 28_051


def main() -> int:
    folder, *sizes = sys.argv[1:] or [""]
    channels, days, hertz = (int(sizes[0]), int(sizes[1]), float(sizes[2])) if sizes else (200, 30, 0.1)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(folder or scratch)
        lab_home, year_home = home / f"lab-{channels}-{days}-{hertz}", home / f"year-{days}"
        if not (lab_home / "archive").exists():
            rows = synthetic.build(lab_home / "archive", channels=channels, days=days, hertz=hertz)
            print(f"built {rows / 1e6:.1f} M readings")
            compaction_beside_readers(lab_home, channels, days)
        sizes_beside_hand_sorted(lab_home, Path(scratch) / "bare", channels, days, hertz)
        with lab_on(lab_home, synthetic.topology(channels)) as lab:
            questions(lab, channels, days)
        if not (year_home / "archive").exists():
            synthetic.build(year_home / "archive", channels=1, days=days * 365 // 30, hertz=1.0)
            compact(year_home, lambda: None)
        with lab_on(year_home, synthetic.topology(1)) as lab:
            a_year(lab)
            exports(lab, year_home)
    return 0


def compaction_beside_readers(home: Path, channels: int, days: int) -> None:
    """How long a reader waits while the whole archive is sorted, and while nothing happens."""
    with lab_on(home, synthetic.topology(channels)) as lab:
        rng = np.random.default_rng(1)
        ids = lab.topology.cyclers[0].channel_ids

        def ask() -> None:
            start = synthetic.START + DAY * float(rng.integers(0, days))
            whole(lab.history.readings(channel=str(rng.choice(ids)), start=start, end=start + DAY))

        ask()
        quiet = waits(ask, 20.0)
        began = time.perf_counter()
        worker = multiprocessing.get_context("spawn").Process(target=_compact, args=(str(home),))
        worker.start()
        busy: list[float] = []
        while worker.is_alive():
            busy += waits(ask, 0.5)
        worker.join()
        took = time.perf_counter() - began
        rows = sum(file.rows or 0 for file in lab.archive.tables["readings"].inventory().files)
    low, high = np.percentile(quiet, 95), np.percentile(busy, 95)
    print(f"compaction        {rows / took / 1e6:6.2f} M readings/s sorted, with their minutes, beside a reader")
    print(f"reader p95        {high * 1e3:6.1f} ms while compacting, {low * 1e3:.1f} ms quiet: {high / low:.2f} x")


def _compact(home: str) -> None:
    os.nice(10)  # as the process of the lab does
    compact(Path(home), lambda: None)


def compact(home: Path, beside: Callable[[], None]) -> None:
    """Everything that is due, long after the last reading."""
    compactor = Compactor(Archive(str(home / "archive")), home / "scratch")
    now = time.time() + 400 * DAY
    while jobs := list(compactor.due(now)):
        for job in jobs:
            compactor.do(job, now, lambda rows: beside())


def sizes_beside_hand_sorted(home: Path, scratch: Path, channels: int, days: int, hertz: float) -> None:
    """The bytes of a reading, beside Parquet that is sorted and packed by hand."""
    files = Archive(str(home / "archive")).tables["readings"].inventory().files
    rows, stored = sum(file.rows or 0 for file in files), sum(file.size for file in files)
    few = min(days, 3)
    packed = synthetic.bare(scratch, channels=channels, days=few, hertz=hertz) * days / few
    print(f"bytes a reading   {stored / rows:6.1f}, by hand {packed / rows:.1f}: {stored / packed:.2f} x")


def questions(lab: Lab, channels: int, days: int) -> None:
    """What people ask, beside bare DuckDB on the same files with the same pruning."""
    ids = lab.topology.cyclers[0].channel_ids
    channel, end = ids[len(ids) // 2], synthetic.START + days * DAY
    life = Wanted(channels=[channel])
    last = Wanted(channels=[channel], start=end - DAY, end=end)
    week = Wanted(channels=list(ids[:48]), start=end - 7 * DAY, end=end)
    traced = f"SELECT floor(unix_time_second / {days * DAY / POINTS * 2}) AS s, {FIGURE}"
    beside("one channel's life", lambda: lab.history.trace(channel, None, None, POINTS), bare(lab, life, traced, "s"))
    beside("last 24 h, raw", lambda: whole(lab.history.recent(channel, end)), bare(lab, last, "SELECT *", ""))
    means = "SELECT channel, floor(unix_time_second / 60) AS m, avg(voltage_volt), avg(current_ampere), "
    means += "avg(surface_temperature_celsius), avg(ambient_temperature_celsius)"
    beside(
        "48 channels, a week of minutes",
        lambda: lab.history.means(ids[:48], end - 7 * DAY, end),
        bare(lab, week, means, "channel, m"),
    )
    cycle = "SELECT *"
    one = Wanted(channels=[channel], test=f"2027-01_{channel}", start=end - 4 * 3600, end=end - 2 * 3600)
    beside(
        "two hours of one test",
        lambda: whole(lab.history.readings(test=one.test, channel=channel, start=one.start, end=one.end)),
        bare(lab, one, cycle, ""),
    )


def a_year(lab: Lab) -> None:
    """A year of one channel at 1 Hz as a figure, beside the scan of its readings."""
    channel = lab.topology.cyclers[0].channel_ids[0]
    scan = bare(lab, Wanted(channels=[channel]), f"SELECT floor(unix_time_second / 31536) AS s, {FIGURE}", "s")
    beside("a year at 1 Hz", lambda: lab.history.trace(channel, None, None, POINTS), scan)


def bare(lab: Lab, wanted: Wanted, select: str, group: str) -> Callable[[], Any]:
    """The question as somebody would ask DuckDB who knows which files to look at."""
    database = duckdb.connect(":memory:")
    condition, values = wanted.condition()
    grouped = f" GROUP BY {group}" if group else ""

    def ask() -> Any:
        files = lab.archive.tables["readings"].snapshot(files=wanted.pruning()).files
        listed = ", ".join(f"'{name}'" for name in files)
        query = f"{select} FROM read_parquet([{listed}], hive_partitioning = false) WHERE {condition}{grouped}"
        return database.sql(query, params=values).to_arrow_table()

    return ask


def beside(name: str, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
    ours(), theirs()  # both warm
    took, peer = best(ours), best(theirs)
    print(f"{name:31s} {took * 1e3:8.1f} ms, bare DuckDB {peer * 1e3:8.1f} ms: {took / peer:.2f} x")


def exports(lab: Lab, home: Path) -> None:
    """How much a web worker grows while it sends ten million readings."""
    test = f"2027-01_{lab.topology.cyclers[0].channel_ids[0]}"
    lab.tests.began({test: {"channel": lab.topology.cyclers[0].channel_ids[0]}})
    end = synthetic.START + EXPORTED
    for kind in ("parquet", "arrow", "csv", "json"):
        with web(home) as pid:
            fetched(f"/api/v1/tests/{test}/readings?format={kind}&to={synthetic.START + 100_000}", lambda: None)
            before, most = memory(pid), [0]

            def look(pid: int = pid, most: list[int] = most) -> None:
                most[0] = max(most[0], memory(pid))

            began = time.perf_counter()
            sent = fetched(f"/api/v1/tests/{test}/readings?format={kind}&to={end - 1}", look)
            took = time.perf_counter() - began
            print(
                f"export, {kind:8s} {EXPORTED / took / 1e6:5.2f} M readings/s, {sent / 1e6:7.0f} MB sent, "
                f"the worker grew by {(most[0] - before) / 1e6:.0f} MB"
            )


@contextmanager
def web(home: Path) -> Iterator[int]:
    """A web server on this archive; its worker's process id."""
    environment = {**os.environ, "CELLWATCH_HOME": str(home), "CELLWATCH_LAB": str(_lab_file(home))}
    arguments = ["-w", "1", "-k", "gthread", "--threads", "4", "--no-control-socket", "--bind", f"127.0.0.1:{PORT}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments, "app:serve()"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                fetched("/healthz", lambda: None)
                break
            except OSError:
                time.sleep(0.1)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        yield int(children[0])
    finally:
        server.terminate()
        server.wait()


def _lab_file(home: Path) -> Path:
    path = home / "lab.toml"
    path.write_text('[lab]\nname = "Benchmark"\n\n[[cyclers]]\nid = "cycler-1"\nchannels = 1\n')
    return path


def fetched(path: str, look: Callable[[], None]) -> int:
    """The bytes of an answer, thrown away as they come."""
    line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=600)
    line.request("GET", path)
    answer = line.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {answer.read(300)!r}")
    sent, looked = 0, 0.0
    while part := answer.read(1 << 20):
        sent += len(part)
        if time.monotonic() - looked > 0.1:
            look()
            looked = time.monotonic()
    line.close()
    return sent


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def whole(answer: tuple[Any, Any]) -> Any:
    schema, batches = answer
    return pa.Table.from_batches(list(batches), schema)


def best(ask: Callable[[], Any]) -> float:
    return min(waits(ask, 0.0, TURNS))


def waits(ask: Callable[[], Any], seconds: float, least: int = 1) -> Sequence[float]:
    """How long each of several questions took, asked for so many seconds."""
    found, end = [], time.perf_counter() + seconds
    while len(found) < least or time.perf_counter() < end:
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


if __name__ == "__main__":
    sys.exit(main())
