"""Plays on the wall: a fault comes and goes, a channel falls silent, the monitor stops and is back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.running import Cycler, RunningLab

pytestmark = pytest.mark.browser


def test_every_channel_stands_on_the_wall_with_its_numbers_and_units(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    tile = page.locator('.tile[data-channel="play-1-01"]')
    expect(tile).to_have_attribute("data-state", "charging")
    expect(tile).to_contain_text(re.compile(r"3\.30\d\sV"))
    expect(tile).to_contain_text(re.compile(r"\+1\.1\d\sA"))
    expect(tile).to_contain_text(re.compile(r"26\.0\s°C"))
    expect(page.locator(".tile[data-channel]")).to_have_count(len(cycler.channels))
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(page.locator("body")).to_have_attribute("data-monitor", "live")


def test_the_newest_reading_moves_on(page: Page) -> None:
    page.goto("/wall")
    body = page.locator("body")
    expect(body).to_have_attribute("data-newest", re.compile(r"\d+"))
    before = body.get_attribute("data-newest") or ""
    expect(body).not_to_have_attribute("data-newest", before)


def test_a_fault_appears_with_what_to_do_and_clears(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    tile = page.locator('.tile[data-channel="play-1-02"]')
    expect(tile).to_have_attribute("data-severity", "")
    cycler.says["play-1-02"] = {"voltage_volt": 3.75}
    cause = page.locator('.cause[data-kind="over-voltage"]')
    expect(cause).to_contain_text("play-1-02")
    expect(cause).to_contain_text("nobody yet")
    expect(cause).to_have_attribute("data-severity", "P1")
    expect(tile).to_have_attribute("data-severity", "P1")
    expect(tile).to_contain_text("P1")
    cycler.says.clear()
    over: dict[str, str | float | bool] = {"state": "open", "channel": "play-1-02"}
    waited(lambda: any(alert["cleared_at"] for alert in asked(page, over)))
    expect(cause).to_have_count(1)  # danger stays until somebody has acknowledged it
    for alert in asked(page, over):
        assert page.request.post(f"/api/v1/alerts/{alert['id']}/acknowledge").ok
    expect(cause).to_have_count(0)
    expect(tile).to_have_attribute("data-severity", "")


def asked(page: Page, query: dict[str, str | float | bool]) -> list[dict[str, Any]]:
    """The alerts as the API tells them."""
    alerts: list[dict[str, Any]] = page.request.get("/api/v1/alerts", params=query).json()["alerts"]
    return alerts


def waited(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not there():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_silent_channel_never_looks_healthy(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    tile = page.locator('.tile[data-channel="play-1-03"]')
    expect(tile).to_have_attribute("data-state", "charging")
    cycler.quiet.add("play-1-03")
    expect(tile).to_have_attribute("data-state", "silent")
    expect(tile).to_contain_text(re.compile(r"silent [\d.]+\ss"))
    hatched = tile.evaluate("tile => getComputedStyle(tile).backgroundImage")
    assert "repeating-linear-gradient" in hatched
    cycler.quiet.clear()
    expect(tile).to_have_attribute("data-state", "charging")


def test_a_frozen_monitor_is_named_in_words_and_recovers_by_itself(page: Page, lab: RunningLab) -> None:
    page.goto("/wall")
    body, banner = page.locator("body"), page.locator("#banner")
    expect(body).to_have_attribute("data-monitor", "live")
    expect(banner).to_be_hidden()
    lab.freeze("watch")
    try:
        expect(body).to_have_attribute("data-monitor", "dead")
        expect(banner).to_contain_text(re.compile(r"The monitor has not answered for \d+\ss: values are old\."))
        expect(body).to_have_attribute("data-link", "live")
    finally:
        lab.go_on("watch")
    expect(body).to_have_attribute("data-monitor", "live")
    expect(banner).to_be_hidden()


def test_a_frozen_server_is_noticed_without_an_error_event_and_recovers(page: Page, lab: RunningLab) -> None:
    page.goto("/")
    body, banner = page.locator("body"), page.locator("#banner")
    expect(body).to_have_attribute("data-link", "live")
    lab.freeze_web()
    try:
        expect(body).to_have_attribute("data-link", "reconnecting")
        expect(banner).to_contain_text("no word from the server")
        expect(body).to_have_attribute("data-link", "lost")
        expect(banner).to_contain_text("values are old")
    finally:
        lab.go_on_web()
    expect(body).to_have_attribute("data-link", "live")
    expect(banner).to_be_hidden()


def test_a_page_that_hears_nothing_from_the_beginning_says_so_in_words(page: Page) -> None:
    page.route("**/api/v1/stream*", lambda _never_answered: None)
    page.goto("/")
    expect(page.locator("#banner")).to_contain_text("Reconnecting: no word from the server")
    expect(page.locator("#now h1")).to_have_text("Not known whether all is well")


def test_the_names_of_causes_are_read_from_afar(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    cycler.says["play-1-02"] = {"voltage_volt": 3.75}
    name = page.locator(".cause-name").first
    expect(name).to_be_visible()
    assert float(name.evaluate("name => parseFloat(getComputedStyle(name).fontSize)")) >= 42


def test_the_wall_comes_back_after_visiting_another_page(page: Page, cycler: Cycler) -> None:
    page.goto("/wall")
    page.locator('.tile[data-channel="play-1-01"]').click()
    expect(page).to_have_url(re.compile("/channels/play-1-01$"))
    page.go_back()
    expect(page.locator(".tile[data-channel]")).to_have_count(len(cycler.channels))


def test_hostile_names_are_text(page: Page, complaints: list[str]) -> None:
    page.goto("/wall")
    for name in ("constructor", "__proto__"):
        expect(page.locator(f'.tile[data-channel="{name}"]')).to_have_attribute("data-state", "charging")
    page.goto("/channels/play-1-02")
    expect(page.locator("#channel-live")).to_contain_text("<img src=x onerror=alert(1)>")
    page.goto("/tests")
    expect(page.locator("#tests")).to_contain_text("<b>batch</b>")
    expect(page.locator("#tests td b, #tests td img")).to_have_count(0)
    assert complaints == []


def test_a_second_tab_shares_the_stream_of_the_first(page: Page) -> None:
    page.goto("/wall")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    second = page.context.new_page()
    streams: list[str] = []
    second.on("request", lambda sent: streams.append(sent.url) if "/api/v1/stream" in sent.url else None)
    second.goto("/wall")
    expect(second.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")
    expect(second.locator("body")).to_have_attribute("data-link", "live")
    assert streams == []
    before = second.locator("body").get_attribute("data-newest") or ""
    with second.expect_request("**/api/v1/stream*"):  # it may follow the closing at once
        page.close()
    expect(second.locator("body")).not_to_have_attribute("data-newest", before)
