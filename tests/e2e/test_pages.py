"""Plays on the other pages: a channel's traces grow, an alert is acknowledged, every page opens clean."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.running import Cycler, RunningLab

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/wall",
    "/alerts",
    "/alerts?days=7",
    "/tests",
    "/compare",
    "/health",
    "/channels/play-1-01",
    "/no/such/page",
)


def test_an_alert_is_acknowledged_from_the_first_page(page: Page, cycler: Cycler) -> None:
    page.goto("/")
    cycler.says["play-1-01"] = {"voltage_volt": 3.8}
    card = page.locator('.card[data-kind="over-voltage"]').filter(has_text="play-1-01")
    expect(card).to_contain_text("nobody has acknowledged it yet")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text("acknowledged by")
    expect(card.get_by_role("button", name="Acknowledge")).to_have_count(0)
    cycler.says.clear()
    expect(card).to_have_count(0)


def test_a_shelved_alert_no_longer_calls_but_is_listed(page: Page, cycler: Cycler) -> None:
    page.goto("/")
    cycler.says["play-1-02"] = {"voltage_volt": 3.8}
    card = page.locator('.card[data-kind="over-voltage"]').filter(has_text="play-1-02")
    card.get_by_label("Shelve").select_option("60")
    expect(card).to_have_count(0)
    page.goto("/alerts?show=shelved")
    expect(page.locator('.card[data-kind="over-voltage"]')).to_contain_text("shelved for 59")


def test_the_history_of_a_channel_is_found_by_its_address(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-03"] = {"surface_temperature_celsius": 1372.0}
    page.goto("/alerts?channel=play-1-03")
    card = page.locator('.card[data-kind="thermocouple-open"]')
    expect(card).to_have_count(1)
    cycler.says.clear()
    expect(card).to_have_count(0)
    page.get_by_role("link", name="History").click()
    expect(page).to_have_url(re.compile(r"show=history"))
    expect(card.first).to_contain_text("lasted")


def test_how_good_the_alerts_are_opens_by_keyboard(page: Page) -> None:
    page.goto("/alerts")
    summary = page.locator("#quality-summary")
    expect(summary).to_contain_text(re.compile(r"^\d+ alerts? in the "))
    figures = page.get_by_role("region", name=re.compile("^Figures of the "))
    expect(figures).to_be_hidden()
    summary.focus()
    page.keyboard.press("Enter")
    row = figures.get_by_role("row").filter(has_text="Alerts a day, on average")
    expect(row).to_contain_text("at most 150, never above 300")
    page.get_by_role("link", name="24 h").click()
    expect(page).to_have_url(re.compile(r"/alerts\?days=1$"))
    expect(figures).to_be_visible()


def test_every_open_alert_is_in_one_list(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-02"] = {"surface_temperature_celsius": 1372.0}
    page.goto("/alerts?channel=play-1-02")
    expect(page.locator('.card[data-kind="thermocouple-open"]')).to_have_count(1)
    names = page.get_by_role("navigation", name="Which alerts").get_by_role("link")
    words = [re.sub(r" \d+$", "", said) for said in names.all_inner_texts()]
    assert words == ["Active", "Acknowledged", "Shelved", "Explained or planned", "Out of service", "History"]
    counts = [int(found[0]) for said in names.all_inner_texts() if (found := re.findall(r"\d+$", said))]
    assert sum(counts) == 1
    cycler.says.clear()


def test_the_first_page_says_how_it_knows_that_all_is_well(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#now h1")).to_have_text(re.compile(r"^All is well"))
    words = page.locator("#now .how").first
    expect(words).to_contain_text(re.compile(r"\d of \d channels answered, newest reading [\d.]+\ss old"))


def test_every_page_opens_by_its_address_without_complaints(page: Page, complaints: list[str]) -> None:
    for path in PAGES:
        page.goto(path)
        expect(page.locator("#main")).to_be_visible()
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        expect(page.locator("#status-newest")).to_contain_text("newest reading")
        assert complaints == [], path


def test_one_can_walk_through_all_pages_of_the_navigation(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    for name, address in (("Alerts", "/alerts"), ("Tests", "/tests"), ("Compare", "/compare"), ("Health", "/health")):
        page.locator("#shell nav").get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_url(re.compile(f"{address}$"))
        expect(page.locator("#main")).to_contain_text(name)
    assert complaints == []


def test_a_phone_never_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        page.goto(path)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        expect(page.locator("#main")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_light_is_the_readers_choice_and_is_kept(page: Page) -> None:
    page.goto("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.locator("#theme-toggle").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")


def test_the_marks_of_one_channel_agree_everywhere_on_a_page(page: Page, cycler: Cycler) -> None:
    cycler.says["play-1-01"] = {"voltage_volt": 3.8}
    page.goto("/channels/play-1-01")
    expect(page.locator('.card[data-kind="over-voltage"]').first).to_be_visible()
    expect(page.locator('[data-channel="play-1-01"]').first).to_have_attribute("data-severity", "P1")
    marks = page.locator('[data-channel="play-1-01"]').evaluate_all(
        "all => all.map(e => [e.dataset.state, e.dataset.severity, Boolean(Number(e.dataset.unixTime))].join())"
    )
    assert len(marks) >= 2
    assert set(marks) == {"charging,P1,true"}


def test_a_batch_shows_its_tests(page: Page, lab: RunningLab) -> None:
    page.goto("/batches/plays")
    expect(page.locator("#cohort-table")).to_contain_text("play-one")
    page.goto("/batches/nobody")
    expect(page.locator("#main")).to_contain_text("No test belongs to this batch")


def test_rows_that_could_not_be_taken_are_listed_with_the_reason(page: Page, lab: RunningLab) -> None:
    lab.post([{"channel": "play-1-01", "unix_time_second": 1.0, "voltage_volt": "<b>n/a</b>", "current_ampere": 0}])
    page.goto("/health")
    table = page.locator("#health-quarantine")
    expect(table).to_contain_text("voltage_volt")
    expect(table).to_contain_text("<b>n/a</b>")
