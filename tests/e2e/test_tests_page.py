"""Plays on the list of tests: sort, filter, group, keep and share a view, take it away as a file, hostile names."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

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


def shown(page: Page) -> list[str]:
    """The names of the tests on the page, from top to bottom."""
    found = page.evaluate(
        "() => [...document.querySelectorAll('#tests [role=row][row-index]')]"
        ".map(row => [Number(row.getAttribute('row-index')), row.querySelector('[col-id=test] a')?.firstChild.data])"
        ".filter(([, name]) => name).sort((a, b) => a[0] - b[0]).map(([, name]) => name)"
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
