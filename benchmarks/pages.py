"""How soon a page is usable, cold, with the 48 channels of the demo lab: ``python -m benchmarks.pages``.

Each visit is a new browser profile on loopback. Usable means: every channel stands on the page with a live value.
The peer is a bare Dash page of one heading, served by the same gunicorn in the same run.
"""

from __future__ import annotations

import os
import shutil
import signal
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

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
VISITS = 7
BARE = """
import dash
app = dash.Dash("bare", serve_locally=True)
app.layout = dash.html.H1("bare", id="bare")
server = app.server
"""
USABLE = {
    "/wall": "document.querySelectorAll('.tile[data-channel][data-unix-time]').length >= 48",
    "/": "document.body.dataset.link === 'live' && /48 of 48/.test(document.body.innerText)",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(command: list[str], folder: Path, url: str, environment: dict[str, str]) -> Iterator[None]:
    """A server while the block runs; it is ended by its id."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(url, timeout=2).close()
                break
            except OSError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def visit(browser: Browser, url: str, usable: str) -> float:
    """Milliseconds from the start of a cold visit until the page is usable."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    while not page.evaluate(usable):  # not wait_for_function: the page's content policy forbids it
        page.wait_for_timeout(10)
    elapsed: float = page.evaluate("performance.now()")
    context.close()
    return elapsed


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="cellwatch-bench-"))
    port, bare_port = free_port(), free_port()
    (home / "bare.py").write_text(BARE)
    (home / "bare").mkdir()
    environment = os.environ | {"CELLWATCH_HOME": str(home / "var"), "CELLWATCH_PORT": str(port)}
    gunicorn = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", "16", "--no-control-socket"]
    bare = [*gunicorn, "--bind", f"127.0.0.1:{bare_port}", "--chdir", str(home), "bare:server"]
    base, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bare_port}"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with (
        served([sys.executable, str(PROJECT / "run.py")], home, f"{base}/healthz", environment),
        served(bare, home / "bare", peer, dict(os.environ)),
        sync_playwright() as playwright,
    ):
        time.sleep(5)  # every channel has reported by then
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        visit(browser, base + "/wall", USABLE["/wall"])  # warms the server, not the browser
        visit(browser, peer, "document.getElementById('bare') !== null")
        bare_ms = [visit(browser, peer, "document.getElementById('bare') !== null") for _ in range(VISITS)]
        middle = statistics.median(bare_ms)
        sys.stdout.write(f"{'bare Dash page':16s} median {middle:6.0f} ms, {min(bare_ms):.0f} to {max(bare_ms):.0f}\n")
        for path, usable in USABLE.items():
            took = [visit(browser, base + path, usable) for _ in range(VISITS)]
            typical = statistics.median(took)
            sys.stdout.write(
                f"{path:16s} median {typical:6.0f} ms, {min(took):.0f} to {max(took):.0f}, "
                f"{typical / middle:.2f} × bare\n"
            )
        browser.close()
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
