"""How soon `/wall` and `/` are useful with 1000 channels, and what goes over the wire: see ``main``.

Cold is a new browser profile, warm the next visit of the same one; useful means that a frame was painted in which every
channel stands on the wall with its reading, or the first page says how many answered. Beside it, in the same run, the
wall without gzip and the first page of the closest peer (benchmarks/ui/aurora.py), which shows an empty lab.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.ui import aurora
from benchmarks.ui.lab import CHANNELS, bench_lab
from benchmarks.ui.live import BROWSER, spans

VISITS = 5
PEER_VISITS = 3  # of many seconds each
USEFUL = {
    "/wall": f"document.querySelectorAll('[data-channel][data-unix-time]').length >= {len(CHANNELS)}",
    "/": f"document.body?.dataset.link === 'live' && document.body.textContent.includes('of {len(CHANNELS)} ')",
}
WATCH = """(() => {{
  const look = () => {{
    if (!({useful})) requestAnimationFrame(look);
    else setTimeout(() => {{ window.usefulAt = performance.now(); }}); // after this frame was painted
  }};
  requestAnimationFrame(look);
}})()"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="cellwatch-bench-") as folder,
        bench_lab(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        visits(browser, lab.url + "/wall", USEFUL["/wall"], 1)  # warms the server, not the browser
        for path, useful in USEFUL.items():
            told(path, visits(browser, lab.url + path, useful, VISITS))
        plain = {"Accept-Encoding": "identity"}
        told("/wall without gzip", visits(browser, lab.url + "/wall", USEFUL["/wall"], VISITS, plain))
        peer(browser, Path(folder) / "aurora")
        browser.close()


def peer(browser: Browser, folder: Path) -> None:
    """The closest peer's first page; where it cannot be had, why."""
    try:
        with aurora.aurora(folder) as url:
            visits(browser, url, aurora.USEFUL, 1)
            told(aurora.PACKAGE, visits(browser, url, aurora.USEFUL, PEER_VISITS))
    except aurora.Absent as absent:
        sys.stdout.write(f"{aurora.PACKAGE}: not here, {absent}\n")


def told(name: str, found: Sequence[tuple[float, float, float, float]]) -> None:
    cold, size, warm, again = zip(*found, strict=True)
    sys.stdout.write(
        f"{name}: cold {spans(cold)}, {statistics.median(size):.2f} MB; "
        f"warm {spans(warm)}, {statistics.median(again):.2f} MB\n"
    )
    sys.stdout.flush()


def visits(
    browser: Browser, url: str, useful: str, count: int, headers: dict[str, str] | None = None
) -> list[tuple[float, float, float, float]]:
    """For every new profile: ms and MB of the first visit, ms and MB of the second."""
    found = []
    for _ in range(count):
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, extra_http_headers=headers)
        found.append((*visit(context.new_page(), url, useful), *visit(context.new_page(), url, useful)))
        context.close()
    return found


def visit(page: Page, url: str, useful: str) -> tuple[float, float]:
    """Milliseconds until a page is useful, and MB over the wire until then."""
    sizes: list[float] = []
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")

    def received(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    cdp.on("Network.dataReceived", received)
    page.add_init_script(WATCH.format(useful=useful))
    page.goto(url, wait_until="commit")
    while not page.evaluate("window.usefulAt"):  # not wait_for_function: the page's content policy forbids it
        page.wait_for_timeout(50)
    took = float(page.evaluate("window.usefulAt"))
    page.close()
    return took, sum(sizes) / 1e6


if __name__ == "__main__":
    main()
