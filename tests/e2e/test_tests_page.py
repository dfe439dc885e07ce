"""Plays on the list of tests: sort, filter, group, keep and share a view, take it away as a file, hostile names."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.faded import facts
from tests.e2e.running import RunningLab, until

pytestmark = pytest.mark.browser

HOSTILE = {
    "list-image": {"cell": "<img src=x onerror=alert(1)>", "batch": "list-odd"},
    "list-long": {"cell": "c" * 200, "batch": "list-odd"},
    "list-rtl": {"cell": "\u05ea\u05d0 \u202eabc", "batch": "list-odd"},
    "list-formula": {"cell": '=HYPERLINK("http://x","y")', "batch": "list-plain", "owner": "kim"},
    "list-plain": {"cell": "cell-9", "batch": "list-plain", "owner": "robin"},
}


@pytest.fixture(scope="module", autouse=True)
def listed(lab: RunningLab) -> None:
    for test, told in HOSTILE.items():
        facts(lab, test, **told)


def rows(page: Page) -> Locator:
    return page.locator("#tests .ag-center-cols-container .ag-row")


def shown(page: Page, name: str = "row.querySelector('[col-id=test] a')?.firstChild.data") -> list[str]:
    """The names of the tests on the page, from top to bottom; ``name`` says where a row has it."""
    found = page.evaluate(
        "() => [...document.querySelectorAll('#tests [role=row][row-index]')]"
        ".sort((a, b) => Number(a.getAttribute('row-index')) - Number(b.getAttribute('row-index')))"
        f".map(row => {name}).filter(Boolean)"
    )
    return list(found)


def opened(page: Page, address: str = "/tests") -> Page:
    page.goto(address)
    expect(page.locator("#tests .ag-root")).to_be_visible()
    expect(page.locator("#tests [role=status]").first).to_contain_text(re.compile(r"\d+ tests?, \d+ running"))
    return page


def test_the_list_says_what_runs_and_marks_its_channels(page: Page) -> None:
    opened(page, "/tests?find=play-one")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("running")
    link = rows(page).locator('[data-channel="play-1-01"]')
    expect(link).to_have_attribute("data-state", "charging")
    expect(link).to_have_attribute("data-unix-time", re.compile(r"^\d"))


def test_a_search_stands_in_the_address_and_keeps_the_cursor(page: Page) -> None:
    opened(page)
    page.get_by_label("Find").press_sequentially("list-pl", delay=60)
    until(lambda: shown(page) == ["list-formula", "list-plain"], "what fits (one by its batch)")
    expect(page).to_have_url(re.compile(r"/tests\?find=list-pl$"))
    expect(page.get_by_label("Find")).to_be_focused()
    expect(page.locator("#tests [role=status]").first).to_contain_text(re.compile(r"^2 of \d+ tests"))


def test_the_light_that_an_address_asks_for_stays(page: Page) -> None:
    opened(page, "/tests?theme=light")
    page.get_by_label("Find").press_sequentially("list-pl", delay=60)
    expect(page).to_have_url(re.compile(r"/tests\?find=list-pl&theme=light$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_sorting_by_a_head_stands_in_the_address_and_comes_back_from_it(page: Page) -> None:
    opened(page, "/tests?find=list-&cols=test,owner")
    head = page.get_by_role("columnheader", name="Test")
    for _ in range(2):
        head.locator(".ag-header-cell-text").click()
    expect(page).to_have_url(re.compile(r"sort=-test"))
    down = sorted(HOSTILE, reverse=True)
    until(lambda: shown(page) == down, "the order from z to a")
    page.reload()
    until(lambda: shown(page) == down, "the same view by its address")
    expect(page.get_by_role("columnheader", name="Owner")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Channel")).to_have_count(0)


def test_a_filter_by_address_and_one_by_hand_are_the_same(page: Page) -> None:
    opened(page, "/tests?f.batch=equals:list-odd&sort=test")
    until(lambda: shown(page) == ["list-image", "list-long", "list-rtl"], "the batch")
    page.evaluate(
        "cellwatch.testGrid.setFilterModel({ owner: { filterType: 'text', type: 'startsWith', filter: 'kim' } })"
    )
    expect(page).to_have_url(re.compile(r"\?sort=test&f\.owner=startsWith:kim$"))
    until(lambda: shown(page) == ["list-formula"], "the owner's")


def test_what_an_address_cannot_ask_for_is_said_in_words(page: Page) -> None:
    opened(page, "/tests?sort=weight&group=moon&f.soh=below:3&find=cell-9")
    said = page.locator("#tests .fault")
    for words in ("no column “weight”", "cannot be grouped by “moon”", "f.soh=below:3"):
        expect(said).to_contain_text(words)
    assert shown(page) == ["list-plain"]


def test_enter_follows_the_link_of_the_cell_that_the_keyboard_is_in(page: Page) -> None:
    opened(page, "/tests?find=list-&sort=test")
    until(lambda: "list-plain" in shown(page), "the tests")
    row = shown(page).index("list-plain")
    page.evaluate(f"window.cellwatch.testGrid.setFocusedCell({row}, 'test')")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/compare\?tests=list-plain"))


def test_groups_open_and_close_by_keyboard_and_the_address_says_which(page: Page) -> None:
    opened(page, "/tests?find=list-&sort=-test")
    page.get_by_label("Group by").select_option("batch")
    head = page.locator(".group-head button").filter(has_text="list-odd")
    expect(head).to_contain_text("3 tests")
    until(lambda: shown(page) == ["list-rtl", "list-long", "list-image", "list-plain", "list-formula"], "groups")
    head.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-expanded", "false")
    until(lambda: shown(page) == ["list-plain", "list-formula"], "one group closed")
    expect(page).to_have_url(re.compile(r"group=batch&closed=list-odd"))
    page.reload()
    until(lambda: shown(page) == ["list-plain", "list-formula"], "it closed by its address")
    expect(page.locator(".group-head")).to_have_count(2)


def test_what_the_list_tells_late_does_not_touch_the_address_of_the_next_page(page: Page) -> None:
    opened(page, "/tests?find=list-")
    late = "() => cellwatch.testGrid.setFilterModel({ owner: { filterType: 'text', type: 'equals', filter: 'kim' } })"
    page.evaluate("history.pushState(null, '', '/alerts')")
    page.evaluate(late)
    until(lambda: shown(page) == ["list-formula"], "the filter to be taken")
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")  # what it tells comes then
    assert page.evaluate("location.pathname + location.search") == "/alerts"


def test_a_view_can_be_named_kept_and_forgotten(page: Page) -> None:
    opened(page, "/tests?group=batch&find=list-")
    page.get_by_label("Name of this view").fill("<b>mine</b>")
    page.get_by_role("button", name="Keep").click()
    kept = page.get_by_role("link", name="<b>mine</b>")
    expect(kept).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="All tests").click()
    expect(page).to_have_url(re.compile(r"/tests$"))
    expect(page.get_by_label("Find")).to_have_value("")
    kept.click()
    expect(page).to_have_url(re.compile(r"find=list-&group=batch"))
    until(lambda: len(shown(page)) == len(HOSTILE), "the view that was kept")
    page.get_by_role("button", name="Forget the view").click()
    expect(kept).to_have_count(0)


def test_the_file_has_what_is_seen_with_units_and_no_formulas(page: Page, tmp_path: Path) -> None:
    opened(page, "/tests?find=list-&group=batch&closed=list-odd&sort=test&cols=test,cell,batch,soh,started")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "tests.csv")
    with (tmp_path / "tests.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["Test", "Cell", "Batch", "State of health (%)", "Started (UTC)"]
    assert [row[0] for row in table[1:]] == ["list-image", "list-long", "list-rtl", "list-formula", "list-plain"]
    told = {row[0]: row[1] for row in table[1:]}
    assert told["list-image"] == HOSTILE["list-image"]["cell"]
    assert told["list-formula"] == "'" + str(HOSTILE["list-formula"]["cell"])


def test_hostile_names_are_text_and_keep_their_place(page: Page, complaints: list[str]) -> None:
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, "/tests?f.batch=equals:list-odd")
    cell = page.locator("[col-id=cell]").filter(has_text="<img")
    expect(cell).to_have_text(str(HOSTILE["list-image"]["cell"]))
    cell.hover()
    page.wait_for_timeout(900)  # the tooltip of a long name is text too
    assert page.locator("#tests img").count() == 0
    assert not [url for url in asked if url.endswith("/x")]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


def test_picked_tests_are_compared(page: Page) -> None:
    opened(page, "/tests?f.batch=equals:list-plain&sort=test")
    boxes = page.locator("#tests .ag-selection-checkbox input")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare 2").click()
    expect(page).to_have_url(re.compile(r"/compare\?tests=list-formula,list-plain$"))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Europe/Zurich"])
def test_a_day_of_a_filter_is_one_of_the_lab_wherever_the_reader_is(
    browser: Browser, lab: RunningLab, zone: str
) -> None:
    """The lab is in Zurich, and that day begins an hour before midnight UTC."""
    begin = datetime(2026, 11, 19, 23, tzinfo=UTC).timestamp()
    hours = {"day-before": -0.1, "day-early": 0.1, "day-noon": 12, "day-last": 23.9, "day-after": 24.1}
    context = browser.new_context(base_url=lab.url, timezone_id=zone)
    page = opened(context.new_page(), "/tests?find=day-&cols=test,started&f.started=equals:2026-11-20")
    told = [{"test": name, "started": begin + 3600 * hour} for name, hour in hours.items()]
    page.evaluate("told => cellwatch.testGrid.applyTransaction({ add: told })", told)
    until(lambda: sorted(shown(page)) == ["day-early", "day-last", "day-noon"], "the tests of that day")
    context.close()


@pytest.mark.parametrize("light", ["dark", "light"])
@pytest.mark.parametrize("width", [1920, 390])
def test_axe_finds_nothing(page: Page, light: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(f"localStorage.setItem('cellwatch-theme', '{light}')")
    opened(page, "/tests?group=batch&find=list-")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"][:400] for node in v["nodes"][:3]]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_only_the_list_loads_the_library_of_the_table(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/wall", "/", "/compare", "/alerts"):
        page.goto(path)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
    assert not [url for url in asked if "ag-grid" in url]
    opened(page)
    assert len([url for url in asked if "00-ag-grid.min.js" in url]) == 1


PHONE = {"width": 390, "height": 844}


def cards(page: Page) -> list[str]:
    """The names on the cards, from top to bottom."""
    return shown(page, "row.querySelector('.test-name')?.textContent")


def test_on_a_phone_a_test_is_a_card_that_says_what_the_list_would(page: Page) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?find=play-one")
    card = page.locator(".test-card")
    expect(card).to_have_count(1)
    expect(card.get_by_role("link", name="play-one")).to_have_attribute("href", "/compare?tests=play-one")
    expect(card.locator(".test-said")).to_contain_text("running")
    expect(card.locator('[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")
    opened(page, "/tests?f.batch=equals:list-plain&sort=-test&cols=test,owner")
    until(lambda: cards(page) == ["list-plain", "list-formula"], "the order and the filter of the address")
    expect(page.locator(".test-lines").first).to_have_text("Ownerrobin")
    assert page.locator(".test-batch a").count() == 0  # not asked for


def test_on_a_phone_order_filters_and_views_are_in_the_address(page: Page) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?f.batch=startsWith:list-&f.owner=notBlank:")
    until(lambda: sorted(cards(page)) == ["list-formula", "list-plain"], "what fits")
    page.get_by_label("Sort").select_option("Test")
    expect(page).to_have_url(re.compile(r"sort=test"))
    page.get_by_role("button", name="Lowest first").click()
    expect(page).to_have_url(re.compile(r"sort=-test"))
    until(lambda: cards(page) == ["list-plain", "list-formula"], "the order from z to a")
    page.get_by_role("button", name=re.compile("^Owner is known")).click()
    expect(page).to_have_url(re.compile(r"/tests\?sort=-test&f\.batch=startsWith:list-$"))
    until(lambda: cards(page) == sorted(HOSTILE, reverse=True), "all of these batches")
    page.get_by_text("Groups, columns, file, own views").click()
    page.get_by_label("Group by").select_option("batch")
    until(lambda: cards(page)[:2] == ["list-rtl", "list-long"], "the batches one after the other")
    page.locator(".group-head button").first.click()
    expect(page).to_have_url(re.compile("closed=list-odd"))
    until(lambda: cards(page) == ["list-plain", "list-formula"], "the group to close")
    page.get_by_role("link", name="Running", exact=True).click()
    expect(page).to_have_url(re.compile(r"/tests\?sort=soh&f\.state=equals:running$"))
    until(lambda: "play-one" in cards(page) and "list-plain" not in cards(page), "what runs")


def test_on_a_phone_tests_are_picked_by_keyboard_and_compared(page: Page) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?f.batch=equals:list-plain&sort=test")
    until(lambda: len(cards(page)) == 2, "two cards")
    for name in ("list-formula", "list-plain"):
        box = page.get_by_role("checkbox", name=f"Pick {name}")
        box.focus()
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    page.get_by_role("button", name="Compare 2").click()
    expect(page).to_have_url(re.compile(r"/compare\?tests=list-formula,list-plain$"))


def test_on_a_phone_the_keyboard_walks_through_a_card_and_stays_there(page: Page) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?f.batch=equals:list-plain&sort=test")
    until(lambda: len(cards(page)) == 2, "two cards")
    page.locator(".test-card").first.get_by_role("link", name="list-formula").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".test-card").first.get_by_role("link", name="list-plain")).to_be_focused()  # its batch
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Pick list-formula")).to_be_focused()
    page.evaluate(
        "cellwatch.testGrid.applyTransaction({ update: [{ "
        "...cellwatch.testGrid.getRowNode('test list-formula').data, cycle: 77 }] })"
    )
    expect(page.locator(".test-said").first).to_contain_text("cycle 77")
    expect(page.get_by_role("checkbox", name="Pick list-formula")).to_be_focused()


def test_on_a_phone_what_is_pressed_is_as_large_as_a_thumb_and_nothing_is_cut(
    page: Page, complaints: list[str]
) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?find=list-")
    until(lambda: len(cards(page)) == len(HOSTILE), "all cards")
    boxes = [box.bounding_box() for box in page.locator(".test-pick, .tests-foot button, .tests-foot select").all()]
    assert [box for box in boxes if box is None or min(box["width"], box["height"]) < 44] == []
    tall = (
        "() => [...document.querySelectorAll('.test-card')].filter(card => card.scrollHeight > card.clientHeight + 1)"
    )
    assert page.evaluate(f"{tall}.length".replace("() => ", "")) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("#tests img").count() == 0
    assert complaints == []


def test_a_phone_draws_fifty_cards_at_first_and_says_how_many_more_there_are(page: Page, lab: RunningLab) -> None:
    page.set_viewport_size(PHONE)
    opened(page, "/tests?find=many-&group=batch")
    page.evaluate(
        "cellwatch.testGrid.applyTransaction({ add: Array.from({ length: 60 }, (_, n) => "
        "({ test: `many-${n}`, batch: `of-${n % 2}`, state: 'over', soh: 90 + n / 10 })) })"
    )
    expect(page.locator(".test-card")).to_have_count(50)
    page.get_by_role("button", name="Show 10 more of 60").click()
    expect(page.locator(".test-card")).to_have_count(60)
