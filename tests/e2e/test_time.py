"""Plays in time: what was shows again, plays on, comes back to now, and is never taken for now."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser


def alerts(lab: RunningLab, kind: str) -> list[dict[str, Any]]:
    found = lab.get("/api/v1/alerts?state=open&channel=play-1-02") or {"alerts": []}
    return [alert for alert in found["alerts"] if alert["kind"] == kind]


def test_a_fault_that_is_over_shows_at_its_time_as_it_was_known_then(
    page: Page, cycler: Cycler, lab: RunningLab
) -> None:
    page.goto("/wall")
    cycler.says["play-1-02"] = {"voltage_volt": 3.75}
    until(lambda: bool(alerts(lab, "over-voltage")), "the fault to be found")
    time.sleep(1.2)
    (alert,) = alerts(lab, "over-voltage")
    unseen = time.time()
    time.sleep(1.2)
    lab.send(f"/api/v1/alerts/{alert['id']}/acknowledge", {"who": "Ada"})
    time.sleep(1.2)
    seen = time.time()
    time.sleep(0.5)
    cycler.says.clear()
    until(lambda: not alerts(lab, "over-voltage"), "the fault to be over")
    tile, cause = page.locator('.tile[data-channel="play-1-02"]'), page.locator('.cause[data-kind="over-voltage"]')
    expect(tile).to_have_attribute("data-severity", "")
    page.goto(f"/wall?at={unseen:.3f}")
    expect(tile).to_have_attribute("data-severity", "P1")
    expect(tile).to_contain_text(re.compile(r"3\.750\sV"))
    expect(cause).to_contain_text("nobody yet")
    expect(page.locator("body")).to_have_attribute("data-at", str(round(unseen)))
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(page.locator(".then-title")).to_contain_text(re.compile(r"^Shown: .*\d\d:\d\d:\d\d · not live$"))
    page.goto(f"/wall?at={seen:.3f}")
    expect(cause).to_contain_text("seen by Ada")
    page.goto(f"/?at={unseen:.3f}")
    expect(page.locator('.card[data-kind="over-voltage"]')).to_have_count(1)
    assert page.locator('.card[data-kind="over-voltage"] button').count() == 0  # nobody acknowledges what has gone
    expect(page.locator("#now .attention")).to_contain_text("are told of now only")
    expect(page.locator("#now .need")).to_have_count(0)
    page.get_by_role("button", name="Back to live").click()
    expect(page.locator('.card[data-kind="over-voltage"]')).to_have_count(0)
    assert "at=" not in page.url
    expect(page.locator("#now .attention")).not_to_contain_text("are told of now only")


def old_enough(lab: RunningLab, seconds: float) -> None:
    """Waits until the lab had readings so long ago."""
    until(lambda: lab.get(f"/api/v1/past?at={time.time() - seconds:.0f}") is not None, f"a lab of {seconds:g} s")


def test_a_replay_moves_stands_still_and_comes_to_now(page: Page, lab: RunningLab) -> None:
    old_enough(lab, 9)
    page.goto(f"/wall?at={time.time() - 8:.0f}")
    body = page.locator("body")
    expect(page.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")
    before = float(body.get_attribute("data-newest") or 0)
    page.get_by_label("How fast it plays").select_option("1")
    page.get_by_role("button", name="Play").click()
    until(lambda: float(body.get_attribute("data-newest") or 0) > before + 1, "the replay to move")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    still = body.get_attribute("data-at")
    assert time.strftime("at=%Y-%m-%dT%H:%M:", time.gmtime(int(still or 0))) in page.url
    time.sleep(1.5)
    assert body.get_attribute("data-at") == still
    page.get_by_label("How fast it plays").select_option("10")
    page.get_by_role("button", name="Play").click()
    expect(page).not_to_have_url(re.compile("at="))
    assert body.get_attribute("data-at") is None
    now = body.get_attribute("data-newest") or ""
    expect(body).not_to_have_attribute("data-newest", now)


def test_the_moment_goes_along_from_page_to_page(page: Page, lab: RunningLab) -> None:
    old_enough(lab, 6)
    page.goto(f"/wall?at={time.time() - 5:.0f}")
    page.locator('.tile[data-channel="play-1-01"]').click()
    expect(page).to_have_url(re.compile(r"/channels/play-1-01\?at=\d+$"))
    expect(page.locator(".then-title")).to_contain_text("not live")
    page.get_by_role("link", name="Tests", exact=True).click()
    page.get_by_label("Find").fill("play")  # a page that keeps its view in the address keeps the moment too
    expect(page).to_have_url(re.compile(r"/tests\?find=play&at=\d+$"))
    page.get_by_role("link", name="Alerts", exact=True).click()
    expect(page).to_have_url(re.compile(r"/alerts\?at=\d+$"))
    page.get_by_role("button", name="−1 h").click()
    expect(page).to_have_url(re.compile(r"/alerts\?at=\d{4}-\d\d-\d\dT"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/alerts\?at=\d+$"))
    page.get_by_role("button", name="Back to live").click()
    expect(page).to_have_url(re.compile(r"/alerts$"))
    expect(page.locator(".then")).to_be_hidden()
    page.get_by_role("link", name="Tests", exact=True).click()
    expect(page).to_have_url(re.compile(r"/tests$"))


def test_the_control_in_the_head_opens_the_past(page: Page) -> None:
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    live = page.locator(".time summary").first
    live.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="1 h ago").click()
    expect(page.locator(".then-title")).to_contain_text("This time cannot be shown")  # the lab is younger than that
    expect(page.locator(".then-note")).to_contain_text(re.compile("There is no reading of .* or before"))
    expect(live).to_be_hidden()


@pytest.mark.parametrize(
    ("at", "sentence"),
    [("yesterday", 'at="yesterday": expected a time such as 2026-11-20T03:00'), ("2099-01-01", "lies in the future")],
)
def test_a_time_that_cannot_be_shown_is_one_sentence_and_a_way_back(page: Page, at: str, sentence: str) -> None:
    page.goto(f"/wall?at={at}")
    expect(page.locator(".then-note")).to_contain_text(sentence)
    expect(page.locator(".tile[data-channel]")).to_have_count(0)  # nothing of now stands under it
    page.get_by_role("button", name="Back to live").click()
    expect(page.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")


def test_share_copies_the_address_that_shows_this_again(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/alerts?severity=P2")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    for choice, wanted in (("This page", r"/alerts\?severity=P2$"), ("This moment", r"severity=P2&at=\d{4}-.*Z$")):
        page.locator(".share summary").click()
        page.get_by_role("button", name=choice).click()
        expect(page.locator(".share-said")).to_have_text("copied")
        assert re.search(wanted, page.evaluate("navigator.clipboard.readText()"))
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")  # as over plain http
    page.locator(".share summary").click()
    page.get_by_role("button", name="This page").click()
    expect(page.locator(".share-said")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("/alerts?severity=P2")


def test_a_tab_that_shows_the_past_does_not_keep_others_from_now(page: Page, lab: RunningLab) -> None:
    old_enough(lab, 6)
    page.goto(f"/wall?at={time.time() - 5:.0f}")
    expect(page.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")
    second = page.context.new_page()
    second.goto("/wall")
    expect(second.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")
    before = second.locator("body").get_attribute("data-newest") or ""
    expect(second.locator("body")).not_to_have_attribute("data-newest", before)
    shown = page.locator("body").get_attribute("data-newest")
    assert float(shown or 0) < float(before)


def test_a_date_is_in_the_readers_language_and_the_labs_zone_with_utc_beside(browser: Browser, lab: RunningLab) -> None:
    context = browser.new_context(base_url=lab.url, locale="de-DE", timezone_id="America/New_York")
    opened = context.new_page()
    opened.goto("/")
    expect(opened.locator("body")).to_have_attribute("data-link", "live")
    until(lambda: bool(opened.evaluate("cellwatch.model.lab.timezone")), "the lab's zone to be known")
    said = opened.evaluate("cellwatch.words.when(1795143600).outerHTML")
    assert said == '<time datetime="2026-11-20T03:00:00Z" title="2026-11-20 03:00:00 UTC">20. Nov., 04:00</time>'
    context.close()
