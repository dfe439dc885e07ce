"""Plays on a server that comes back: nobody stands at a wall to press a key."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import newer
from tests.e2e.running import RunningLab, until

pytestmark = pytest.mark.browser
BACK_SECONDS = 10.0
AWAY_SECONDS = 600.0 if "CELLWATCH_SOAK" in os.environ else 1.0
MARKED = "window.kept === true"  # as long as the page is the one that was opened


@pytest.fixture
def released(lab: RunningLab) -> Iterator[None]:
    """Whatever a play has done, the next one finds the server of this version."""
    yield
    lab.end_web()
    lab.start_web()


def keep(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.evaluate("window.kept = true")


def gone(page: Page) -> bool:
    """Whether another page has taken its place; while one does there is nothing to ask."""
    return not page.evaluate(MARKED)


@pytest.mark.timeout(AWAY_SECONDS + 120)
def test_a_page_is_live_again_soon_after_the_server_is(page: Page, lab: RunningLab) -> None:
    keep(page, "/wall")
    lab.end_web()
    expect(page.locator("body")).to_have_attribute("data-link", "lost")
    expect(page.locator("#banner")).to_contain_text("values are old")
    page.wait_for_timeout(1000 * AWAY_SECONDS)
    assert page.locator("body").get_attribute("data-link") == "lost"
    lab.start_web()
    back = time.monotonic()
    expect(page.locator("body")).to_have_attribute("data-link", "live", timeout=1000 * BACK_SECONDS)
    before = float(page.locator("body").get_attribute("data-newest") or 0)
    until(lambda: float(page.locator("body").get_attribute("data-newest") or 0) > before, "a reading that is new")
    assert time.monotonic() - back < BACK_SECONDS
    assert not gone(page)  # by itself: neither a hand nor a reload


@pytest.mark.usefixtures("released")
def test_a_wall_loads_itself_anew_when_a_new_version_answers(page: Page, lab: RunningLab) -> None:
    keep(page, "/wall")
    lab.end_web()
    lab.start_web("tests.e2e.newer:serve()")
    expect(page.locator("body")).to_have_attribute("data-version", newer.VERSION)
    expect(page.locator("#shell")).to_have_attribute("data-version", newer.VERSION)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    assert gone(page)
    page.evaluate("window.kept = true")
    page.wait_for_timeout(3000)
    assert not gone(page)  # once is enough
