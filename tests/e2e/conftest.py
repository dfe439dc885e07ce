"""One small lab for the plays of a file, a real Chromium, and a page that listens for errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.running import Cycler, RunningLab, until

expect.set_options(timeout=20_000)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium where there is one, else the one Playwright has installed."""
    installed = shutil.which("chromium")
    return {"args": ARGUMENTS} | ({"executable_path": installed} if installed else {})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = RunningLab(tmp_path_factory.mktemp("play"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def cycler(lab: RunningLab) -> Iterator[Cycler]:
    """A cycler PC that reports; when it is there its channels are known."""
    pc = Cycler(lab)
    pc.start()
    try:
        until(lambda: len(channels(lab)) >= len(pc.channels), "the channels to be known")
        yield pc
    finally:
        pc.end()


def channels(lab: RunningLab) -> list[dict[str, Any]]:
    found = lab.get("/api/v1/channels")
    return found["channels"] if isinstance(found, dict) else []


def is_complaint(said: ConsoleMessage) -> bool:
    """Whether something is wrong with the page. What the server refuses is said in the page; the browser repeats it."""
    refused = "Failed to load resource: the server responded with a status of"
    return said.type == "error" and not said.text.startswith((f"{refused} 400", f"{refused} 503"))


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has to complain of: errors of scripts, of the network and of the content policy."""
    return []


@pytest.fixture
def page(browser: Browser, lab: RunningLab, cycler: Cycler, complaints: list[str]) -> Iterator[Page]:
    """A wall-sized page of the running lab."""
    context = browser.new_context(base_url=lab.url, viewport={"width": 1920, "height": 1080}, color_scheme="dark")
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    opened.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    cycler.says.clear()
    cycler.quiet.clear()
    put_to_rest(lab)
    context.close()


def put_to_rest(lab: RunningLab) -> None:
    """Nothing of a play is left to the next one: what was wrong is over, and danger is acknowledged."""

    def over() -> bool:
        alerts = lab.get("/api/v1/alerts")["alerts"]
        for alert in [alert for alert in alerts if alert["cleared_at"]]:
            lab.send(f"/api/v1/alerts/{alert['id']}/acknowledge", {})
        return not [alert for alert in alerts if alert["severity"] in ("P1", "P2")]

    until(over, "what was wrong to be over")
