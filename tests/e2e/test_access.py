"""From the lab network: a wall that can only look, a person who signs in by name, and the door itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import put_to_rest
from tests.e2e.running import Cycler, RunningLab

pytestmark = pytest.mark.browser

VIEW, OPERATE = "v" * 32, "o" * 32
ILL = "play-1-01"
PAGES = ("/", "/wall", "/alerts", "/tests", f"/channels/{ILL}", "/compare?tests=play-one,play-two", "/health")
ACTS = re.compile("Acknowledge|Shelve|Unshelve|service|Comment|Annotate|Save")
SIZES = ((1920, 1080), (1366, 768), (390, 844))


@pytest.fixture(scope="module")
def locked(lab: RunningLab, cycler: Cycler) -> Iterator[str]:
    """The address of a web app of the lab that asks who one is; something is wrong in the lab."""
    cycler.says[ILL] = {"voltage_volt": 3.8}
    with lab.another_web(CELLWATCH_VIEW_TOKEN=VIEW, CELLWATCH_OPERATOR_TOKEN=OPERATE) as url:
        yield url
    cycler.says.clear()
    put_to_rest(lab)


@pytest.fixture
def stranger(browser: Browser, locked: str) -> Iterator[Page]:
    context = browser.new_context(base_url=locked, viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_a_wall_link_looks_at_every_page_and_finds_nothing_to_press(stranger: Page) -> None:
    stranger.goto(f"/sign-in?token={VIEW}&next=/")
    expect(stranger).not_to_have_url(re.compile(VIEW))
    expect(stranger.locator('.card[data-kind="over-voltage"]').first).to_be_visible()
    for path in PAGES:
        stranger.goto(path)
        expect(stranger.locator("body")).to_have_attribute("data-link", "live")
        expect(stranger.locator("#main")).not_to_be_empty()
        pressed = stranger.locator("button, select, textarea").filter(has_text=ACTS)
        assert pressed.count() == 0, path
    answer = stranger.evaluate("fetch('/api/v1/alerts/x/acknowledge', { method: 'POST' }).then(told => told.status)")
    assert answer == 403


def test_a_person_signs_in_by_name_acknowledges_and_signs_out(stranger: Page) -> None:
    stranger.set_viewport_size({"width": 390, "height": 844})
    stranger.goto("/alerts")
    stranger.get_by_label("Token").fill("x" * 40)
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not known")
    stranger.get_by_label("Token").fill(OPERATE)
    stranger.get_by_label("Your name").fill("Ada Müller")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("link", name="You are: Ada Müller")).to_be_visible()
    stranger.goto("/")
    card = stranger.locator('.card[data-kind="over-voltage"]').first
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text("acknowledged by Ada Müller")
    stranger.get_by_role("link", name="You are: Ada Müller").click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("light", ["dark", "light"])
def test_the_door_looks_like_the_rest_and_is_easy_to_use(stranger: Page, light: str, tmp_path: Path) -> None:
    stranger.emulate_media(color_scheme=light)  # type: ignore[arg-type]
    shots = Path(os.environ.get("CELLWATCH_SHOTS", str(tmp_path)))
    for width, height in SIZES:
        stranger.set_viewport_size({"width": width, "height": height})
        stranger.goto("/sign-in")
        found = Axe().run(stranger).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert stranger.evaluate("document.documentElement.scrollWidth") <= width
        ground = stranger.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"dark": "rgb(31, 33, 36)", "light": "rgb(243, 244, 246)"}[light]
        stranger.screenshot(path=shots / f"sign-in-{width}-{light}.png")
