"""Stream to table beside its peers: ``python -m benchmarks.stream_to_table``.

The same readings go (a) from Redis streams through ``record`` into the archive, (b) as rows ready in memory through
bare ``write_deltalake``, in commits of the same size, and (c) as line protocol ready in memory into InfluxDB 1.x,
which Debian has: it is fetched and unpacked into a folder of this run, listens on loopback and is stopped after.
Everything in one run on one machine: read the ratios.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from benchmarks.ingest_record import CHANNELS, CYCLERS, START, lab_of_this_size, readings
from cycling.readings import Batch, concat
from data_access import codec, shapes
from data_access.lab import Lab
from monitor import record
from monitor.moving import MOST_ROWS

HOUR = 3600  # seconds of 1008 channels at 1 Hz: 15 commits of a recorder that catches up
TURNS = count(1)
AN_ENTRY = {60: HOUR, 10: 960, 1: 240}  # seconds of readings that a feed sends at once, and of how long
INFLUX_SECONDS = 30  # InfluxDB takes as long for these as the others do for all
LINES = {"5000 lines a request, as its makers recommend": 5000, "48 lines a request": CHANNELS}
FIELDS = (
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
    "test_time_second",
    "charging_capacity_ah",
    "discharging_capacity_ah",
)
COUNTERS = ("cycle_count", "step_count", "step_id", "record_index")


def main() -> int:
    with lab_of_this_size() as lab:
        rng = np.random.default_rng(1)
        seconds = [[readings(cycler, second, rng) for cycler in lab.topology.cyclers] for second in range(HOUR)]
        bare = rows_of(seconds) / of_write_deltalake(seconds)
        print(f"{rows_of(seconds)} readings of {CYCLERS * CHANNELS} channels, from where they lie to disk:")
        print(f"  write_deltalake, ready in memory     {bare / 1e6:6.2f} M readings/s")
        found: dict[int, float] = {}
        for together, long in AN_ENTRY.items():
            waiting = seconds[:long]
            ours = found[together] = rows_of(waiting) / of_record(lab, waiting, together)
            print(
                f"  record, {CHANNELS * together:4d} readings an entry, {long:4d} s   {ours / 1e6:6.2f} M readings/s, "
                f"{ours / bare:.2f} x write_deltalake"
            )
        for (told, each), ours in zip(LINES.items(), (max(found.values()), found[1]), strict=True):
            influx = of_influx(seconds[:INFLUX_SECONDS], each)
            if influx is not None:
                print(f"  InfluxDB 1.x, {told}: {influx / 1e6:6.3f} M readings/s; record {ours / influx:.0f} x")
    return 0


def rows_of(seconds: list[list[Batch]]) -> int:
    return len(seconds) * CYCLERS * CHANNELS


def of_record(lab: Lab, seconds: list[list[Batch]], together: int) -> float:
    """Seconds to archive everything that waits, in as many commits as that takes; best of three."""
    found = []
    for _ in range(3):
        late = START + (HOUR + 1000.0) * next(TURNS)
        for first in range(0, len(seconds), together):
            for cycler in range(CYCLERS):
                moved = concat(second[cycler] for second in seconds[first : first + together])
                times = moved.numbers("unix_time_second") - START + late
                lab.live.ingest(moved.with_columns(unix_time_second=times), received=late, source="bench")
        started = time.perf_counter()
        while record.flush(lab, late).rows:
            continue
        found.append(time.perf_counter() - started)
    return min(found)


def of_write_deltalake(seconds: list[list[Batch]]) -> float:
    """Seconds to write the same rows, ready in memory, in commits as large as those of ``record``; best of three."""
    each = MOST_ROWS // (CYCLERS * CHANNELS)
    ready = []
    for first in range(0, len(seconds), each):
        some = [codec.to_arrow(batch) for second in seconds[first : first + each] for batch in second]
        ready.append(shapes.dated(shapes.shaped([pa.Table.from_batches(some)], {})))
    found = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            table = DeltaTable.create(folder, shapes.READINGS, partition_by=["date"])
            started = time.perf_counter()
            for rows in ready:
                write_deltalake(table, rows, mode="append", writer_properties=shapes.properties())
            found.append(time.perf_counter() - started)
    return min(found)


def of_influx(seconds: list[list[Batch]], each: int) -> float | None:
    """Readings a second into InfluxDB, so many a request; None where Debian's package cannot be had."""
    binary = shutil.which("influxd")
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = Path(binary) if binary else unpacked(Path(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"  InfluxDB cannot be fetched here ({error}); it needs Debian's apt-get.")
            return None
        bodies = [body for second in seconds for body in lines(second, each)]
        rows = sum(len(batch) for second in seconds for batch in second)
        with influxd(found, Path(folder)) as line:
            started = time.perf_counter()
            for body in bodies:
                asked(line, "POST", "/write?db=lab&precision=s", body)
            seconds_taken = time.perf_counter() - started
            told = json.loads(asked(line, "GET", "/query?db=lab&q=select%20count(voltage_volt)%20from%20readings"))
            counted = told["results"][0]["series"][0]["values"][0][1]
            if counted != rows:
                raise RuntimeError(f"InfluxDB has {counted} of {rows} readings: the comparison is worth nothing.")
    return rows / seconds_taken


def lines(second: list[Batch], each: int) -> Iterator[bytes]:
    """One second of all channels as line protocol, so many readings a request."""
    told = []
    for batch in second:
        columns = [(name, batch.numbers(name), "") for name in FIELDS]
        columns += [(name, batch.numbers(name), "i") for name in COUNTERS]
        times = batch.numbers("unix_time_second")
        for row, channel in enumerate(batch.texts("channel")):
            values = ",".join(
                f"{name}={int(value[row]) if mark else value[row]}{mark}" for name, value, mark in columns
            )
            told.append(f"readings,channel={channel} {values} {int(times[row])}")
    for start in range(0, len(told), each):
        yield "\n".join(told[start : start + each]).encode()


def unpacked(folder: Path) -> Path:
    """The server out of Debian's package, without installing it."""
    subprocess.run(["apt-get", "download", "-qq", "influxdb"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    [package] = folder.glob("influxdb_*.deb")
    subprocess.run(["dpkg", "-x", package, folder / "package"], check=True)
    return folder / "package" / "usr" / "bin" / "influxd"


@contextmanager
def influxd(binary: Path, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """A running server with an empty database ``lab``; stopped at the end."""
    port, rpc = 28086, 28088
    settings = folder / "influxdb.conf"
    settings.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n'
    )
    server = subprocess.Popen([binary, "-config", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for _ in range(100):  # until it listens
            try:
                asked(line, "GET", "/ping")
            except OSError:
                line.close()
                time.sleep(0.1)
            else:
                break
        asked(line, "POST", "/query?q=create%20database%20lab")
        yield line
    finally:
        line.close()
        server.terminate()
        server.wait()


def asked(line: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    line.request(method, path, body)
    answer = line.getresponse()
    told = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"InfluxDB answers {answer.status} to {method} {path}: {told[:200]!r}")
    return told


if __name__ == "__main__":
    sys.exit(main())
