"""A channel of ten million readings in a real browser: ``python -m benchmarks.ui.channel [FOLDER]``.

Builds 116 days of one channel at 1 Hz with the lab's own tables and compaction, opens the channel's page cold, and
zooms as a reader does; beside each window the min-max question that somebody would ask bare DuckDB over the same
files. Windows are never asked twice, so nothing comes from the app's cache. Everything in one run: read the ratios.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import synthetic
from benchmarks.archive import FIGURE, bare, compact
from benchmarks.labs import lab_on
from benchmarks.pages import free_port, served
from data_access import embedded
from data_access.lab import Lab
from data_access.wanted import Wanted

DAYS, DAY = 116, 86_400.0
CHANNEL, TEST = "cycler-1-01", "2027-01_cycler-1-01"
VISITS, ZOOMS = 7, 40
WIDTHS = (600.0, DAYS * DAY / 2)  # seconds, the narrowest and the widest zoom
STRETCHES = 500  # of the figure, for DuckDB
PLOT = "document.querySelector('#channel-trace .js-plotly-plot')"
DRAWN = f"({PLOT}?.data?.[0]?.x?.length ?? 0) > 300 && {PLOT}.querySelector('.scatterlayer path') !== null"
ZOOM = f"""([from, to]) => new Promise((done) => {{
  const plot = {PLOT}, meta = plot.layout.meta, began = performance.now();
  const drawn = () => requestAnimationFrame(() => done(performance.now() - began));
  const look = () => (plot.layout.meta.drawn !== meta.drawn ? drawn() : requestAnimationFrame(look));
  const edges = [from, to].map((edge) => 1000 * (edge + meta.offset_second));
  window.Plotly.relayout(plot, {{ "xaxis.range": edges }});
  look();
}})"""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
KINDS = (("  up to 6 h", 0.0, 6 * 3600.0), ("  up to 3 days", 6 * 3600.0, 3 * DAY), ("  more", 3 * DAY, 1e9))


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        start = math.floor(time.time() / DAY - DAYS - 1) * DAY
        if not (home / "archive").exists():
            rows = synthetic.build(home / "archive", channels=1, days=DAYS, hertz=1.0, start=start)
            compact(home, lambda: None)
            (home / "start").write_text(str(start))
            print(f"built {rows / 1e6:.1f} M readings of {CHANNEL}")
        start = float((home / "start").read_text())
        with lab_on(home, synthetic.topology(1)) as lab, web(home) as url, sync_playwright() as playwright:
            describe(url)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            visits(browser, url, lab, start)
            zooms(browser, url, lab, start)
            browser.close()
    return 0


@contextmanager
def web(home: Path) -> Iterator[str]:
    """The web app on this archive, with its cache."""
    port = free_port()
    lab_file = home / "lab.toml"
    lab_file.write_text('[lab]\nname = "Benchmark"\n\n[[cyclers]]\nid = "cycler-1"\nchannels = 1\n')
    environment = os.environ | {"CELLWATCH_HOME": str(home), "CELLWATCH_LAB": str(lab_file)}
    cache = subprocess.Popen(embedded.cache_command(home), stdout=subprocess.DEVNULL)
    gunicorn = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", "16", "--no-control-socket"]
    project = Path(__file__).resolve().parents[2]
    command = [*gunicorn, "--chdir", str(project), "--bind", f"127.0.0.1:{port}", "app:serve()"]
    try:
        embedded.wait_ready(embedded.cache_socket(home))
        with served(command, home, f"http://127.0.0.1:{port}/healthz", environment):
            yield f"http://127.0.0.1:{port}"
    finally:
        cache.terminate()
        cache.wait()


def describe(url: str) -> None:
    """Says which channel the test ran on, as lab.toml or a feed would."""
    body = json.dumps({"channel": CHANNEL, "cell": "cell-1", "nominal_capacity_ah": 1.1}).encode()
    request = urllib.request.Request(f"{url}/api/v1/tests/{TEST}", body, method="PUT")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=30).close()


def visits(browser: Browser, url: str, lab: Lab, start: float) -> None:
    """Cold visits of the whole life: a new browser profile each, and a window nobody asked for before."""
    took, peers = [], []
    for turn in range(VISITS + 1):
        begin, end = start + 60.0 * turn, start + DAYS * DAY
        page = opened(browser, url, begin, end)
        elapsed = page.evaluate("performance.now()")
        points = page.evaluate(f"{PLOT}.data[0].x.length")
        page.context.close()
        if turn:  # the first warms the server, not the browser
            took.append(elapsed)
            peers.append(duck(lab, begin, end))
    said = f"median {statistics.median(took):6.0f} ms, {min(took):.0f} to {max(took):.0f}, {points} points"
    peer = statistics.median(peers)
    print(f"opens cold, {DAYS} days    {said}; bare DuckDB's min-max alone {peer:.0f} ms")


def zooms(browser: Browser, url: str, lab: Lab, start: float) -> None:
    """Zooms into windows of every width, anywhere; until the new figure stands."""
    rng = np.random.default_rng(5)
    page = opened(browser, url, start, start + DAYS * DAY - 30)
    took: list[float] = []
    peers: list[float] = []
    widths = np.exp(rng.uniform(*np.log(WIDTHS), ZOOMS))
    for width in widths.tolist():
        begin = start + float(rng.uniform(0, DAYS * DAY - width))
        took.append(float(page.evaluate(ZOOM, [begin, begin + width])))
        peers.append(duck(lab, begin, begin + width))
        page.wait_for_timeout(100)
    page.context.close()
    report("zooms, 10 min to 58 days", took, peers)
    for name, low, high in KINDS:
        rows = np.flatnonzero((widths >= low) & (widths < high))
        report(name, [took[row] for row in rows], [peers[row] for row in rows])


def report(name: str, took: list[float], peers: list[float]) -> None:
    p95 = float(np.percentile(took, 95))
    print(
        f"{name:26s} p50 {statistics.median(took):6.0f} ms, p95 {p95:6.0f} ms ({len(took)}); "
        f"bare DuckDB's min-max alone p50 {statistics.median(peers):.0f} ms"
    )


def opened(browser: Browser, url: str, start: float, end: float) -> Page:
    """The channel's page in a new profile, once the traces stand."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.goto(f"{url}/channels/{CHANNEL}?from={start:.0f}&to={end:.0f}", wait_until="commit")
    while not page.evaluate(DRAWN):  # not wait_for_function: the page's content policy forbids it
        page.wait_for_timeout(10)
    return page


def duck(lab: Lab, start: float, end: float) -> float:
    """Milliseconds of the min-max question over the pruned files."""
    wanted = Wanted(channels=[CHANNEL], start=start, end=end)
    ask = bare(lab, wanted, f"SELECT floor(unix_time_second / {(end - start) / STRETCHES}) AS s, {FIGURE}", "s")
    ask()
    began = time.perf_counter()
    ask()
    return 1e3 * (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
