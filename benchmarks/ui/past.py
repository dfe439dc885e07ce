"""How soon the wall of a moment that has gone stands: ``python -m benchmarks.ui.past [CHANNELS]``.

A synthetic archive of two days, a reading of every channel each 20 s, and the web app in front of it. Measured: a cold
visit of ``/wall?at=…`` until every tile stands, the answer of ``/api/v1/past`` for one moment and for the 20 next
frames of a replay. The peer, in the same run on the same files: a bare DuckDB ``arg_max`` of one column.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import duckdb
from playwright.sync_api import sync_playwright

from benchmarks.pages import free_port, served, visit
from benchmarks.synthetic import DAY, build
from data_access import embedded

PROJECT = Path(__file__).resolve().parents[2]
HERTZ, DAYS, ROUNDS = 0.05, 2, 7
LAB = """
[lab]
name = "Past"
[[chambers]]
id = "chamber-1"
setpoint_celsius = 25.0
[[cyclers]]
id = "cycler-1"
channels = {channels}
chamber = "chamber-1"
poll_seconds = 20
"""


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def told(name: str, times: list[float], beside: float) -> None:
    middle = statistics.median(times)
    sys.stdout.write(
        f"{name:44s} median {1000 * middle:6.0f} ms, {1000 * min(times):.0f} to {1000 * max(times):.0f}, "
        f"{middle / beside:.1f} × peer\n"
    )


def main() -> None:
    channels = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    home = Path(tempfile.mkdtemp(prefix="cellwatch-past-"))
    start = (time.time() // DAY - DAYS) * DAY
    rows = build(home / "archive", channels=channels, days=DAYS, hertz=HERTZ, start=start)
    (home / "lab.toml").write_text(LAB.format(channels=channels))
    port = free_port()
    environment = os.environ | {
        "CELLWATCH_HOME": str(home),
        "CELLWATCH_LAB": str(home / "lab.toml"),
        "CELLWATCH_ARCHIVE_URL": str(home / "archive"),
        "CELLWATCH_PORT": str(port),
        "PYTHONPATH": str(PROJECT),
    }
    readings = subprocess.Popen(embedded.server_command(home), stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", "16", "--no-control-socket"]
    command = [*gunicorn, "--chdir", str(PROJECT), "--bind", f"127.0.0.1:{port}", "app:serve()"]
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    rng = random.Random(1)
    moments = [start + rng.uniform(0.2, DAYS) * DAY for _ in range(ROUNDS)]
    files = [str(path) for path in (home / "archive" / "readings").glob("date=*/*.parquet")]
    peer_query = f"SELECT channel, arg_max(voltage_volt, unix_time_second) FROM read_parquet({files}) "
    stand = f"document.querySelectorAll('.tile[data-channel][data-unix-time]').length >= {channels}"

    def peer(at: float) -> None:
        duckdb.connect().sql(f"{peer_query} WHERE unix_time_second <= {at} GROUP BY channel").fetchall()

    def get(path: str) -> None:
        urllib.request.urlopen(base + path, timeout=60).read()

    try:
        embedded.wait_ready(embedded.socket_path(home))
        with served(command, home, f"{base}/healthz", environment), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
            visit(browser, f"{base}/wall?at={moments[0]:.0f}", stand)  # warms the server, not the browser
            peers, ones, many, walls = [], [], [], []
            for at in moments:  # in turn, so that a busy machine is busy for all of them
                peers.append(seconds(lambda at=at: peer(at)))  # type: ignore[misc]
                ones.append(seconds(lambda at=at: get(f"/api/v1/past?at={at:.0f}")))  # type: ignore[misc]
                replay = f"/api/v1/past?from={at - 1200:.0f}&to={at:.0f}&step=60"
                many.append(seconds(lambda replay=replay: get(replay)))  # type: ignore[misc]
                walls.append(visit(browser, f"{base}/wall?at={at:.0f}", stand) / 1000)
            browser.close()
        beside = statistics.median(peers)
        sys.stdout.write(f"{channels} channels, {rows} rows in {len(files)} files\n")
        told("bare DuckDB arg_max of one column (peer)", peers, beside)
        told("GET /api/v1/past?at= (a full frame)", ones, beside)
        told("GET /api/v1/past, 20 frames of a replay ×60", many, beside)
        told("/wall?at= cold, until every tile stands", walls, beside)
    finally:
        readings.terminate()
        readings.wait(timeout=20)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
