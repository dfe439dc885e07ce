"""Plays on the first sight of a page: it is live before Dash has come, and goes on as the same page when it has."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

DASH = re.compile("/_dash-component-suites/")
TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return ids.filter((id, place) => ids.indexOf(id) !== place);
}"""
WATCH_FOR_TWICE = f"""(() => {{
  window.twice = [];
  const look = () => {{ window.twice.push(...({TWICE})()); requestAnimationFrame(look); }};
  requestAnimationFrame(look);
}})()"""


@pytest.fixture
def held(page: Page) -> threading.Event:
    """Dash's scripts wait until this is set."""
    free = threading.Event()
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if free.is_set():
            route.continue_()
        else:
            waiting.append(route)

    page.route(DASH, hold)
    free.waiting = waiting  # type: ignore[attr-defined]
    return free


def let(page: Page, held: threading.Event) -> None:
    held.set()
    for route in held.waiting:  # type: ignore[attr-defined]
        route.continue_()


@pytest.mark.parametrize(("path", "sign"), [("/wall", "#wall .tile[data-channel]"), ("/", "#now h1")])
def test_a_page_is_live_before_dash_and_stays_the_same_page_after(
    page: Page, held: threading.Event, path: str, sign: str
) -> None:
    page.add_init_script(WATCH_FOR_TWICE)
    page.goto(path, wait_until="commit")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    first = page.locator(sign).first
    expect(first).to_be_visible()
    first.evaluate("(node) => { node.mine = true; }")
    assert page.locator("#react-entry-point main").count() == 0
    expect(page.get_by_text("Loading...")).to_be_hidden()
    let(page, held)
    expect(page.locator("#react-entry-point main")).to_have_count(1)
    expect(page.locator("#early")).to_have_count(0)
    assert page.locator(sign).first.evaluate("(node) => node.mine === true")
    newest = page.locator("body").get_attribute("data-newest") or ""
    expect(page.locator("body")).not_to_have_attribute("data-newest", newest)
    assert page.evaluate("window.twice") == []
    page.evaluate("window.cellwatch.go('/health')")
    expect(page.locator("h1")).to_have_text("Health")
    page.go_back()
    expect(page.locator(sign).first).to_be_visible()


def test_a_link_that_has_the_focus_keeps_it(page: Page, held: threading.Event) -> None:
    page.goto("/", wait_until="commit")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    alerts = page.locator("#shell nav").get_by_role("link", name="Alerts")
    alerts.focus()
    let(page, held)
    expect(page.locator("#react-entry-point #main")).to_be_visible()
    expect(alerts).to_be_focused()


def test_whoever_goes_on_to_another_page_at_once_gets_that_one(page: Page, held: threading.Event) -> None:
    page.goto("/wall", wait_until="commit")
    expect(page.locator("#wall .tile[data-channel]").first).to_be_visible()
    page.evaluate("history.replaceState({}, '', '/alerts')")  # as a link would do while Dash is on its way
    let(page, held)
    expect(page.locator("h1")).to_have_text("Alerts")
    expect(page.locator("#wall")).to_have_count(0)


def test_a_page_without_dash_still_shows_what_is_live(page: Page) -> None:
    page.route(DASH, lambda route: route.abort())
    page.goto("/wall", wait_until="commit")
    tile = page.locator("#wall .tile[data-channel]").first
    expect(tile).to_have_attribute("data-unix-time", re.compile(r"\d"))
    shown = tile.get_attribute("data-unix-time") or ""
    expect(tile).not_to_have_attribute("data-unix-time", shown)


def test_the_wall_is_drawn_from_its_document_before_the_stream_answers(page: Page) -> None:
    streams: list[Route] = []
    page.route("**/api/v1/stream*", lambda route: streams.append(route))
    page.goto("/wall", wait_until="commit")
    tile = page.locator("#wall .tile[data-channel='play-1-01']")
    expect(tile).to_contain_text("3.30")
    expect(page.locator("body")).to_have_attribute("data-link", "reconnecting")  # nothing is called live before it is
    expect(page.locator("#react-entry-point main")).to_have_count(1)  # Dash does not wait for ever
    shown = tile.get_attribute("data-unix-time") or ""
    assert "?after=" in streams[0].request.url  # it goes on after what the document told
    for route in streams:
        route.continue_()
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(tile).not_to_have_attribute("data-unix-time", shown)
    assert page.evaluate("document.getElementById('first-frame')") is None


def test_what_was_is_not_drawn_over_by_what_is(page: Page) -> None:
    page.goto("/wall")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    answer = page.request.get(f"/wall?at={page.evaluate('Date.now() / 1000 - 5')}")
    assert "first-frame" not in answer.text()
    assert 'id="early"' in answer.text()
