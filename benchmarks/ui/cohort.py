"""Fade of 1000 cells × 1000 cycles, from the archive to the drawn figure: ``python -m benchmarks.ui.cohort``.

Other numbers of cells and cycles may follow. A real archive of a million cycles and the real web app; each visit is a
new browser profile on loopback, and before each cold one the app's cache is emptied. Drawn means: the medians of all
three panels stand on the page. Beside it, in the same run, the bare library: one SVG trace per cell with every point.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.labs import lab_on
from benchmarks.pages import PROJECT, free_port, served
from benchmarks.synthetic import topology
from benchmarks.ui.cohort_data import BATCH, write
from benchmarks.ui.cohort_peer import bare_page
from data_access import embedded

VISITS = 5
ZOOMS = 9
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
LAB = '[lab]\nname = "Bench"\n[[cyclers]]\nid = "cycler-1"\nchannels = {cells}\n'
GRAPH = "document.querySelector('#cohort-figure .js-plotly-plot')"
DRAWN = f"Boolean({GRAPH} && {GRAPH}.querySelectorAll('.scatterlayer .trace path.js-line').length >= {{lines}})"
ZOOM = """(graph, range) => new Promise((done) => {
  const begin = performance.now();
  const painted = () => setTimeout(() => done(performance.now() - begin), 0);
  graph.once("plotly_afterplot", () => requestAnimationFrame(painted));
  window.Plotly.relayout(graph, { "xaxis.range": range });
})"""


@contextmanager
def app_of(home: Path, cells: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """The web app with its cache: its address, and what empties the cache."""
    (home / "lab.toml").write_text(LAB.format(cells=cells))
    port = free_port()
    environment = os.environ | {
        "CELLWATCH_LAB": str(home / "lab.toml"),
        "CELLWATCH_HOME": str(home),
        "CELLWATCH_ARCHIVE_URL": str(home / "archive"),
    }
    cache = subprocess.Popen(embedded.cache_command(home), stdout=subprocess.DEVNULL)
    embedded.wait_ready(embedded.cache_socket(home))
    web = ["-w", "1", "-k", "gthread", "--threads", "64", "--no-control-socket", "-b", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *web, "--chdir", str(PROJECT), "app:serve()"]
    base = f"http://127.0.0.1:{port}"
    try:
        with (
            redis.Redis(unix_socket_path=str(embedded.cache_socket(home))) as client,
            served(command, home, f"{base}/healthz", environment),
        ):
            yield base, lambda: client.flushall() and None
    finally:
        cache.terminate()
        cache.wait()


def drawn_after(page: Page, address: str, drawn: str) -> float:
    """Milliseconds from the start of a visit until the figure stands."""
    page.goto(address, wait_until="commit")
    end = time.monotonic() + 120
    while not page.evaluate(drawn):
        if time.monotonic() > end:
            raise TimeoutError(f"{address} was not drawn within 120 s")
        page.wait_for_timeout(10)
    elapsed: float = page.evaluate("window.drawn || performance.now()")
    return elapsed


def zooms(page: Page, graph: str, cycles: int) -> list[float]:
    """Milliseconds of zooms into ever other parts, until the browser has painted."""
    took = []
    for n in range(ZOOMS):
        low = 0.07 * n * cycles
        took.append(page.evaluate(f"(range) => ({ZOOM})({graph}, range)", [low, low + 0.3 * cycles]))
    return took


def visits(browser: Browser, address: str, drawn: str, before: Callable[[], None], count: int) -> list[float]:
    took = []
    for _ in range(count):
        before()
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        took.append(drawn_after(context.new_page(), address, drawn))
        context.close()
    return took


def zoomed(browser: Browser, address: str, drawn: str, graph: str, cycles: int) -> tuple[list[float], int]:
    """The zooms of one visit, and the bytes of what was sent for it without scripts and styles."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    sent: list[Any] = []
    page.on("requestfinished", lambda one: sent.append(one))
    drawn_after(page, address, drawn)
    size = sum(one.sizes()["responseBodySize"] for one in sent if one.resource_type in ("fetch", "xhr", "document"))
    took = zooms(page, graph, cycles)
    page.context.close()
    return took, size


def say(what: str, took: list[float]) -> float:
    middle = statistics.median(took)
    print(f"{what:52s} median {middle:7.0f} ms, {min(took):.0f} to {max(took):.0f}", flush=True)
    return middle


def main() -> None:
    cells, cycles = (int(text) for text in sys.argv[1:3]) if len(sys.argv) > 2 else (1000, 1000)
    home = Path(tempfile.mkdtemp(prefix="cellwatch-cohort-"))
    bands, lines = DRAWN.format(lines=3 * (3 + 8)), "window.drawn !== undefined"
    with lab_on(home, topology(cells)) as lab, sync_playwright() as playwright:
        begin = time.monotonic()
        print(f"{write(lab, cells, cycles)} cycles written in {time.monotonic() - begin:.1f} s", flush=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with app_of(home, cells) as (base, empty), bare_page(home / "bare", cells, cycles) as peer:
            batch = f"{base}/batches/{BATCH}"
            visits(browser, batch, bands, empty, 1)  # warms the server, not the browser and not the cache
            cold = say("bands, cold, cache empty", visits(browser, batch, bands, empty, VISITS))
            say("bands, cold browser, cache full", visits(browser, batch, bands, lambda: None, VISITS))
            say("every cell, cold, cache empty", visits(browser, f"{batch}?cells=all", bands, empty, VISITS))
            naive = say("1000 SVG traces, every point, cold", visits(browser, peer, lines, lambda: None, 3))
            took, size = zoomed(browser, batch, bands, GRAPH, cycles)
            near = say(f"zoom, bands ({size / 1000:.0f} kB of data)", took)
            took, size = zoomed(browser, f"{batch}?cells=all", bands, GRAPH, cycles)
            say(f"zoom, every cell ({size / 1000:.0f} kB of data)", took)
            took, size = zoomed(browser, peer, lines, "document.getElementById('graph')", cycles)
            far = say(f"zoom, 1000 SVG traces ({size / 1000:.0f} kB of data)", took)
            print(f"bands beside 1000 traces: {cold / naive:.2f} × to open, {near / far:.3f} × to zoom")
        browser.close()
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
