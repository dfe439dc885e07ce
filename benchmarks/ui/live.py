"""From a reading that is POSTed to the tile that shows it: ``python -m benchmarks.ui.live [--minutes 15]``.

1000 channels at 1 Hz beside a real browser: how soon a tile changes, how large the frames are and what they cost the
page's main thread, when all channels report every second and when 5 % do; what 50 and 200 viewers cost the server and
how late they are told; with ``--minutes`` how the browser's heap and the web server's memory drift.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.ui.lab import CHANNELS, BenchLab, bench_lab, cpu_seconds, memory_mb

MARKER = "bench-7-25"
PROBE_MS = 30_000
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# Notes when each frame came, how long it was, and when the marker's tile changed.
SPY = """
window.frames_seen = [];
window.EventSource = class extends EventSource {
  addEventListener(kind, listener) {
    super.addEventListener(kind, kind !== "frame" ? listener : (event) => {
      window.frames_seen.push([parseInt(event.lastEventId), event.data.length, Date.now()]);
      listener(event);
    });
  }
};
"""
WATCH = """channel => {
  window.moved = [];
  const tile = document.querySelector(`[data-channel="${channel}"]`);
  const note = () => window.moved.push([Number(tile.dataset.unixTime), Date.now(), window.frames_seen.at(-1)[0]]);
  new MutationObserver(note).observe(tile, { attributes: true, attributeFilter: ["data-unix-time"] });
}"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ui.live")
    parser.add_argument("--minutes", type=float, default=0.0, help="of watching how memory drifts")
    parser.add_argument("--steps", type=int, default=60, help="readings timed, of each kind")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cellwatch-bench-") as folder, bench_lab(Path(folder)) as lab:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
            page = opened(browser, lab)
            for name, share, spread in (
                ("all in one POST a second", 1.0, False),
                ("20 cyclers, each at a moment of its own", 1.0, True),
                ("5 % in one POST a second", 0.05, False),
            ):
                lab.share, lab.spread = share, spread
                page.wait_for_timeout(3000)
                say(f"{name}: {soon(lab, page, given.steps)}")
                say(f"{name}: {main_thread(lab, page)}")
            lab.share = 1.0
            if given.minutes:
                page.close()
                say(drift(lab, browser, given.minutes))
            browser.close()
        time.sleep(3.0)
        for spread in (False, True):
            lab.spread = spread
            say(viewers(lab, (0, 50, 200)))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def opened(browser: Browser, lab: BenchLab) -> Page:
    """The wall with all of its channels."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, color_scheme="dark").new_page()
    page.add_init_script(SPY)
    page.goto(f"{lab.url}/wall")
    while page.evaluate("document.querySelectorAll('[data-channel][data-unix-time]').length") < len(CHANNELS):
        page.wait_for_timeout(200)
    return page


def soon(lab: BenchLab, page: Page, steps: int) -> str:
    """From the POST of one more reading of the marker, at any moment of the second, until its tile shows it; and from
    the moment the watcher published a frame until the tile shows what is in it."""
    page.evaluate(WATCH, MARKER)
    posted = []
    for _ in range(steps):
        page.wait_for_timeout(1000 * random.uniform(0.2, 0.6))
        posted.append(lab.post([MARKER]))
    page.wait_for_timeout(1500)
    moved = page.evaluate("window.moved")
    shown = [min((at for moment, at, _ in moved if moment >= post), default=None) for post in posted]
    took = [at - 1000 * post for at, post in zip(shown, posted, strict=True) if at is not None]
    drawn = [at - published for _, at, published in moved]
    return (
        f"POST to tile {spans(took)}, {steps - len(took)} of {steps} not seen; frame published to tile {spans(drawn)}"
    )


def main_thread(lab: BenchLab, page: Page, seconds: float = 20.0) -> str:
    """What the page's main thread does in a second, how large and how many the frames are."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    watch, pid = lab.pid("watch"), lab.web_worker()
    drawing = renderer(page)
    before, cpu, web, main = busy(cdp), cpu_seconds(watch), cpu_seconds(pid), cpu_seconds(drawing, drawing)
    page.evaluate("window.frames_seen.length = 0")
    page.wait_for_timeout(1000 * seconds)
    used, sizes = busy(cdp) - before, [size for _, size, _ in page.evaluate("window.frames_seen")]
    cdp.detach()
    return (
        f"main thread {1000 * (cpu_seconds(drawing, drawing) - main) / seconds:.0f} ms of a core a second, busy for "
        f"{1000 * used / seconds:.0f}; {len(sizes) / seconds:.1f} frames a second of "
        f"{statistics.median(sizes) / 1000:.2f} kB, the largest {max(sizes) / 1000:.2f}, "
        f"{sum(sizes) / seconds / 1000:.2f} kB a second; watch {100 * (cpu_seconds(watch) - cpu) / seconds:.1f} % of a "
        f"core, web {100 * (cpu_seconds(pid) - web) / seconds:.1f} %"
    )


def renderer(page: Page) -> int:
    """The process that draws the page: of those there are, the one with the most to do."""
    browser = page.context.browser
    assert browser is not None
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max((one["cpuTime"], int(one["id"])) for one in found if one["type"] == "renderer")[1]


def busy(cdp: Any) -> float:
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def drift(lab: BenchLab, browser: Browser, minutes: float) -> str:
    """Heap after collection, of a page on which nothing spies, and the server's memory, each with its Theil-Sen slope
    after the first third: what warms up, or stands there for a moment, is no drift. No script is sent to the page for
    it, as those would stay in the heap."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, color_scheme="dark").new_page()
    page.goto(f"{lab.url}/wall")
    cdp = page.context.new_cdp_session(page)
    cdp.send("HeapProfiler.enable")
    times, heaps, servers = [], [], []
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        page.wait_for_timeout(PROBE_MS)
        cdp.send("HeapProfiler.collectGarbage")
        times.append(time.monotonic() / 86_400)
        heaps.append(cdp.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
        servers.append(memory_mb(lab.web_worker()))
    warm = len(times) // 3
    slopes = [theil_sen(times[warm:], found[warm:]) for found in (heaps, servers)]
    return (
        f"{minutes:g} min: heap {course(heaps)} MB, {slopes[0]:+.1f} MB a day by its last two thirds; "
        f"web server {course(servers)} MB, {slopes[1]:+.1f} MB a day"
    )


def theil_sen(times: Sequence[float], values: Sequence[float]) -> float:
    """The median of the slopes between all pairs of points."""
    points = list(zip(times, values, strict=True))
    return statistics.median((y - v) / (x - u) for (u, v), (x, y) in itertools.combinations(points, 2))


def course(found: Sequence[float], steps: int = 6) -> str:
    """How a number went, in a few steps: a rise that ended is not one that goes on."""
    return " ".join(f"{found[i * (len(found) - 1) // steps]:.2f}" for i in range(steps + 1))


def viewers(lab: BenchLab, counts: Sequence[int], seconds: float = 15.0) -> str:
    """The share of a core that viewers cost the web server beside none, and how late they are told."""
    told, alone = [], 0.0
    for count in counts:
        command = [sys.executable, "-m", "benchmarks.ui.viewers", str(lab.port), str(count), str(seconds + 6)]
        crowd = subprocess.Popen(command, stdout=subprocess.PIPE)
        time.sleep(6.0)
        before = cpu_seconds(lab.web_worker())
        time.sleep(seconds)
        used = (cpu_seconds(lab.web_worker()) - before) / seconds
        output, _ = crowd.communicate(timeout=60)
        found = json.loads(output)
        alone = used if not count else alone
        if count:
            told.append(f"{count} viewers {100 * (used - alone):.1f} % of a core, told {spans(found['late_ms'])} late")
    kind = "each cycler at a moment of its own" if lab.spread else "one POST a second"
    return f"{kind}: web server alone {100 * alone:.1f} % of a core; {'; '.join(told)}"


def spans(milliseconds: Sequence[float]) -> str:
    """The median and the 95th percentile."""
    if not milliseconds:
        return "never"
    ordered = sorted(milliseconds)
    return f"p50 {ordered[len(ordered) // 2]:.0f} ms p95 {ordered[int(0.95 * (len(ordered) - 1))]:.0f} ms"


if __name__ == "__main__":
    main()
