"""Plays on a batch and on a comparison: the address makes the view, and the cell under the pointer is named."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.faded import CYCLES, cycles_of, facts, faded, have_faded
from tests.e2e.running import Cycler, RunningLab

pytestmark = pytest.mark.browser

BATCH = "<b>co</b>/hort"
GRAPH = "#cohort-figure .js-plotly-plot"


@pytest.fixture(scope="module", autouse=True)
def batch(lab: RunningLab, cycler: Cycler) -> None:
    """Four cells that faded, one of them with a name that would be markup, and one that never began."""
    for n in range(4):
        told = {"batch": BATCH, "cell": "<img src=x onerror=alert(1)>" if n == 0 else f"fade-{n}"}
        faded(lab, f"co-{n}", f"co-{n}", 0.01 * (n + 1), **told)
    facts(lab, "co-none", batch=BATCH)
    have_faded(lab, *(f"co-{n}" for n in range(4)))


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator(f"{GRAPH} .scatterlayer .trace").first).to_be_attached()
    return page


def test_a_batch_shows_its_fade_its_tests_and_what_is_missing(page: Page, complaints: list[str]) -> None:
    opened(page, f"/batches/{quote(BATCH, safe='')}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Batch {BATCH}")
    words = page.locator("#cohort-words")
    expect(words).to_contain_text("5 tests, 4 with finished cycles.")
    expect(words).to_contain_text("No cycle has finished yet in “co-none”.")
    names = [trace["name"] for trace in page.evaluate(f"document.querySelector('{GRAPH}').data") if trace["showlegend"]]
    assert names[:3] == ["90 % of the tests", "the middle half", "median of 4 tests"]
    assert "co-0 (&lt;img src=x onerror=alert(1)&gt;)" in names
    table = page.locator("#cohort-table tbody tr")
    expect(table).to_have_count(5)
    expect(table.first).to_contain_text("co-3")  # the most faded
    assert page.locator("#main img").count() == 0
    expect(page.locator("#cohort-alerts")).to_be_visible()
    assert complaints == []


def test_every_choice_is_an_address_and_the_zoom_is_part_of_it(page: Page) -> None:
    opened(page, f"/compare?batch={quote(BATCH, safe='')}")
    page.get_by_role("link", name="capacity in Ah").click()
    expect(page).to_have_url(re.compile(r"y=capacity"))
    expect(page.locator(".ytitle")).to_contain_text("Discharge capacity (Ah)")
    page.get_by_role("link", name="every cell").click()
    expect(page).to_have_url(re.compile(r"y=capacity&cells=all"))
    expect(page.locator("#cohort-near")).to_contain_text("Point at a line")
    page.evaluate(f"window.Plotly.relayout(document.querySelector('{GRAPH}'), {{ 'xaxis.range': [2, 4] }})")
    expect(page).to_have_url(re.compile(r"range=2,4"))
    opened(page, page.url)
    assert page.evaluate(f"document.querySelector('{GRAPH}').layout.xaxis.range") == [2, 4]


def test_the_cell_under_the_pointer_is_named_and_a_click_opens_it(page: Page) -> None:
    opened(page, f"/compare?batch={quote(BATCH, safe='')}&cells=all&y=capacity")
    expect(page.locator("#cohort-near")).to_contain_text("Point at a line")
    place = page.evaluate(
        f"""() => {{
          const graph = document.querySelector('{GRAPH}'), {{ xaxis, yaxis }} = graph._fullLayout;
          const box = graph.getBoundingClientRect(), line = graph.data.find((trace) => trace.legendgroup === "co-2");
          const at = line.x.length - 1;
          const [x, y] = [xaxis._offset + xaxis.l2p(line.x[at]), yaxis._offset + yaxis.l2p(line.y[at])];
          return [box.left + x - 3, box.top + y];
        }}"""
    )
    page.mouse.move(place[0] - 20, place[1])
    page.mouse.move(*place, steps=3)
    expect(page.locator("#cohort-near")).to_contain_text("co-2:")
    expect(page.locator(".near")).to_have_attribute("data-test", "co-2")
    page.mouse.click(*place)
    expect(page).to_have_url(re.compile(r"/compare\?tests=co-2$"))


def test_a_test_whose_name_has_a_comma_is_opened_from_the_list_and_compared(page: Page, lab: RunningLab) -> None:
    name = r"co,mma\,%2C"
    facts(lab, name, batch="co-comma")
    facts(lab, "co", batch="co-comma")
    page.goto("/tests?f.batch=equals:co-comma&sort=test")
    boxes = page.locator("#tests .ag-selection-checkbox input")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare 2").click()
    expect(page.locator("#cohort-words")).to_contain_text(f"No cycle has finished yet in “co”, “{name}”.")
    page.get_by_role("link", name="capacity in Ah").click()
    expect(page).to_have_url(re.compile("y=capacity"))
    expect(page.locator("#cohort-words")).to_contain_text(f"No cycle has finished yet in “co”, “{name}”.")
    page.locator("#cohort-table").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("#cohort-words")).to_contain_text(
        f"1 test, 0 with finished cycles. No cycle has finished yet in “{name}”."
    )


def test_a_moment_in_the_past_shows_only_what_had_ended(page: Page, lab: RunningLab) -> None:
    middle = sorted(row["end_unix_time_second"] for row in cycles_of(lab, "co-1"))[2]
    opened(page, f"/compare?tests=co-1&at={middle + 1:.0f}&y=capacity")
    expect(page.locator("#cohort-words")).to_contain_text("As it was at")
    assert page.evaluate(f"document.querySelector('{GRAPH}').data[0].x.length") == 3 < CYCLES


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/batches/nobody", "No test belongs to this batch"),
        ("/compare?tests=co-1,nothing", "There is no test called “nothing”."),
        ("/compare?tests=co-none", "No cycle has finished yet in “co-none”."),
        ("/compare?tests=co-1&x=weight&at=yesterday&range=1", 'x="weight": expected cycle or throughput or time'),
        ("/compare", "Open a batch, or pick tests in the list"),
        ("/batches", "Open a batch, or pick tests in the list"),
        (f"/compare?tests={'n' * 200}", "There is no test called “nnn"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(page: Page, complaints: list[str], address: str, words: str) -> None:
    page.goto(address)
    expect(page.locator("#main")).to_contain_text(words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


def test_the_alerts_of_a_batch_follow_the_stream(page: Page, cycler: Cycler, complaints: list[str]) -> None:
    page.goto("/batches/plays")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    rows = page.locator("#cohort-alerts tr:has([data-kind=thermocouple-open])")
    before = rows.count()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    cycler.says["play-1-01"] = {"surface_temperature_celsius": 1372.0}
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("open")
    expect(page.locator("#cohort-alerts caption")).to_contain_text("1 open")
    cycler.says.clear()
    expect(rows.filter(has_text="open").filter(has_not_text="over")).to_have_count(0, timeout=60_000)
    expect(rows).to_have_count(before + 1)
    expect(page.locator("#cohort-alerts caption")).to_contain_text("0 open")
    assert [url for url in asked if "_dash-update-component" in url] == []
    assert complaints == []


def test_alerts_of_other_tests_and_of_another_moment_stay_out(page: Page, cycler: Cycler) -> None:
    page.goto("/compare?tests=co-1")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    caption = page.locator("#cohort-alerts caption")
    before = caption.text_content()
    tell = """([id, test, scope]) => {
        cellwatch.model.alerts.set(id, { id, test, scope, kind: "frozen", severity: "P3", channels: [], message: id,
            opened_at: 1e9, closed_at: null, suppressed: null, acknowledged_at: null, shelved_until: null });
    }"""
    page.evaluate(tell, ["of-another", "co-2", "channel:co-2"])
    page.evaluate(tell, ["of-its-own", "co-1", "channel:co-1"])
    page.evaluate("cellwatch.go('/compare?tests=co-1&y=capacity')")
    expect(page.locator('#cohort-alerts [data-alert="of-its-own"]')).to_be_visible()
    assert page.locator('[data-alert="of-another"]').count() == 0
    assert caption.text_content() != before


@pytest.mark.parametrize("light", ["dark", "light"])
@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_on_a_batch(page: Page, light: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.add_init_script(f"localStorage.setItem('cellwatch-theme', '{light}')")
    opened(page, f"/batches/{quote(BATCH, safe='')}")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"][:200] for node in v["nodes"][:3]]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_list_draws_the_fade_of_every_test_from_one_answer(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/tests?find=co-&sort=test")
    expect(page.locator("#tests svg.spark").first).to_be_visible(timeout=60_000)  # an answer is kept for 30 s
    assert 1 <= page.locator("#tests svg.spark").count() <= 4
    assert sum("/fades" in url for url in asked) <= 2
    assert not [url for url in asked if "/cycles" in url]
