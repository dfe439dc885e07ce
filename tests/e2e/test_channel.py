"""Plays on the page of a channel: traces grow and keep the zoom, spikes stay, notes are made, odd addresses."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser

PLOT = "document.querySelector('#channel-trace .js-plotly-plot')"
LAYOUT = f"{PLOT}.layout"
HIGHEST = f"Math.max(...{PLOT}.data[0].y.filter((v) => v !== null))"
HOUR = 3600.0
SPIKE = 3.47


def opened(page: Page, address: str) -> Locator:
    page.goto(address)
    graph = page.locator("#channel-trace")
    expect(graph.locator(".main-svg").first).to_be_visible()
    return graph


def drag(page: Page, start: float, end: float) -> None:
    """Zooms into a share of the graph."""
    plot = page.locator("#channel-trace .nsewdrag").first.bounding_box()
    assert plot
    middle = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + start * plot["width"], middle)
    page.mouse.down()
    page.mouse.move(plot["x"] + end * plot["width"], middle, steps=3)
    page.mouse.up()


def test_the_traces_of_a_channel_grow(page: Page) -> None:
    graph = opened(page, "/channels/play-1-01")
    expect(graph).to_have_attribute("data-end", re.compile(r"\d+"))
    points, end = (graph.get_attribute(name) or "" for name in ("data-points", "data-end"))
    expect(graph).not_to_have_attribute("data-end", end)
    assert int(graph.get_attribute("data-points") or 0) > int(points)
    assert page.evaluate(f"{LAYOUT}.meta.tolerance_kelvin") == 2.0
    band = page.evaluate(f"[5, 6].map((n) => {PLOT}.data[n].y.at(-1))")
    assert band == [23.0, 27.0]
    assert page.evaluate(f"{PLOT}.data[6].x.at(-1) === {PLOT}.data[0].x.at(-1)")  # the band grows with them


def test_a_young_lab_shows_its_first_readings_and_no_grey_time_before_them(page: Page) -> None:
    for _visit in ("asks for the traces", "gets them with the page"):
        opened(page, "/channels/play-1-01")
        until(lambda: page.evaluate(f"({PLOT}?.data?.[0]?.x?.length ?? 0) > 0") is True, "the traces")
        begin, shown = page.evaluate(f"[{LAYOUT}.meta.start_ms / 1000, {LAYOUT}.meta.grows_to_second]")
        assert shown > 0
        first = page.evaluate(f"{PLOT}.data[0].x[0] / 1000")
        assert first - begin < max(60.0, 0.1 * (time.time() - first))


def test_a_zoom_into_the_past_stays_where_the_reader_put_it(page: Page) -> None:
    graph = opened(page, "/channels/play-1-01")
    expect(graph).to_have_attribute("data-end", re.compile(r"\d+"))
    drag(page, 0.3, 0.7)
    until(lambda: page.evaluate(f"{LAYOUT}.meta.live") is False, "the window that was asked for")
    expect(page).to_have_url(re.compile(r"from=\d+.*to=\d+"))
    drawn = page.evaluate(f"{LAYOUT}.xaxis.range[1]")
    newest = page.locator("body").get_attribute("data-newest") or ""
    expect(page.locator("body")).not_to_have_attribute("data-newest", newest)
    assert page.evaluate(f"{LAYOUT}.xaxis.range[1]") == drawn
    plot = page.locator("#channel-trace .nsewdrag").first.bounding_box()
    assert plot
    page.mouse.dblclick(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2)
    until(lambda: page.evaluate(f"{LAYOUT}.meta.live") is True, "the way back to now")


@pytest.fixture(scope="module")
def spiky(lab: RunningLab, cycler: Cycler) -> float:
    """Three hours of earlier readings of a channel, a second apart, one of them a spike; says when that was."""
    start = time.time() - 5 * HOUR
    rows = [
        {
            "channel": "constructor",
            "unix_time_second": start + n,
            "voltage_volt": SPIKE if n == 6543 else 3.3 + 0.001 * (n % 7),
            "current_ampere": 1.1,
        }
        for n in range(int(3 * HOUR))
    ]
    answer = lab.post(rows)
    assert answer["accepted"] == len(rows)
    return start + 6543


def test_a_zoom_keeps_a_spike_of_one_sample(page: Page, spiky: float) -> None:
    opened(page, f"/channels/constructor?from={spiky - 6000:.0f}&to={spiky + 4000:.0f}")
    until(lambda: page.evaluate(f"{PLOT}?.data?.[0]?.x?.length > 500") is True, "the traces")
    width = page.evaluate("document.getElementById('channel-trace').clientWidth")
    assert page.evaluate(f"{PLOT}.data[0].x.length") < 2.2 * width < 10_000  # a fifth of what was measured
    assert page.evaluate(HIGHEST) == SPIKE
    for share in ((0.4, 0.8), (0.3, 0.7)):
        drawn = page.evaluate(f"{LAYOUT}.meta.drawn")
        drag(page, *share)
        until(lambda drawn=drawn: page.evaluate(f"{LAYOUT}.meta.drawn") != drawn, "the window")  # type: ignore[misc]
        assert page.evaluate(HIGHEST) == SPIKE
    assert page.evaluate(f"{LAYOUT}.meta.live") is False


ZOOM = f"""([from, to]) => {{
  const edges = [from, to].map((edge) => 1000 * (edge + {LAYOUT}.meta.offset_second));
  window.Plotly.relayout({PLOT}, {{ "xaxis.range": edges }});
}}"""


def drawn_from(page: Page) -> float:
    return float(page.evaluate(f"{LAYOUT}.meta.start_ms / 1000 - {LAYOUT}.meta.offset_second"))


@pytest.fixture
def asked_first(page: Page, spiky: float) -> Iterator[list[Route]]:
    """A page of the earlier readings, of whose questions for another window the first is kept back."""
    held: list[Route] = []
    opened(page, f"/channels/constructor?from={spiky - 6000:.0f}&to={spiky + 4000:.0f}")
    until(lambda: page.evaluate(f"{PLOT}?.cwZoom === true") is True, "the script that hears of zooms")

    def first(route: Route) -> None:
        if held or '"channel-trace.figure"' not in (route.request.post_data or ""):
            route.fallback()
        else:
            held.append(route)

    page.route("**/_dash-update-component", first)
    yield held
    page.unroute_all(behavior="ignoreErrors")


def test_of_two_zooms_the_later_stays_though_its_answer_came_first(
    page: Page, spiky: float, asked_first: list[Route]
) -> None:
    page.evaluate(ZOOM, [spiky - 3000, spiky + 100])
    until(lambda: page.evaluate("true") and len(asked_first) == 1, "the first question")
    page.evaluate(ZOOM, [spiky - 100, spiky + 100])
    until(lambda: abs(drawn_from(page) - (spiky - 100)) < 1, "the second window")
    with page.expect_response(lambda answer: answer.request == asked_first[0].request):
        asked_first[0].continue_()
    page.wait_for_timeout(500)
    assert abs(drawn_from(page) - (spiky - 100)) < 1
    assert page.evaluate(HIGHEST) == SPIKE


def test_a_question_that_was_lost_is_asked_again_through_dash(
    page: Page, spiky: float, asked_first: list[Route]
) -> None:
    page.evaluate(ZOOM, [spiky - 3000, spiky + 100])
    until(lambda: page.evaluate("true") and len(asked_first) == 1, "the first question")
    asked_first[0].abort()
    until(lambda: abs(drawn_from(page) - (spiky - 3000)) < 1, "the window")


def test_a_zoom_leaves_the_rest_of_the_page_as_it_is(page: Page, spiky: float) -> None:
    opened(page, f"/channels/constructor?from={spiky - 6000:.0f}&to={spiky + 4000:.0f}")
    parts = (
        "['channel-live', 'channel-past', 'channel-notes'].map((id) => document.getElementById(id).firstElementChild)"
    )
    until(lambda: page.evaluate(f"{parts}.every(Boolean)") is True, "every part of the page")
    page.evaluate(f"window.before = {parts}")
    drag(page, 0.3, 0.7)
    until(lambda: drawn_from(page) > spiky - 5000, "the window")
    expect(page).to_have_url(re.compile(r"from=\d+"))
    page.wait_for_timeout(300)
    assert page.evaluate(f"{parts}.every((part, i) => part === window.before[i])")


def test_a_note_is_made_in_place_and_stands_on_the_axis(page: Page, browser: Browser, lab: RunningLab) -> None:
    opened(page, "/channels/play-1-01")
    text = f"<b>fixture</b> {time.time():.0f}"
    page.get_by_label("Note", exact=False).last.fill(text)
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".notes li").first).to_contain_text(text)
    until(lambda: page.evaluate(f"JSON.stringify({PLOT}.data[8].text)").count("fixture") > 0, "the sign on the axis")
    told = lab.get("/api/v1/channels/play-1-01/annotations")["annotations"]
    assert told[-1]["text"] == text
    assert told[-1]["from"] == pytest.approx(time.time(), abs=60)  # the lab's clock is not that of the server
    page.reload()
    expect(page.locator(".notes li").first).to_contain_text(text)


def test_a_click_in_the_graph_picks_the_moment_of_a_note(page: Page) -> None:
    graph = opened(page, "/channels/play-1-01")
    expect(graph).to_have_attribute("data-end", re.compile(r"\d+"))
    field = page.get_by_label("At (a click in the graph picks it)")
    before = field.input_value()
    until(lambda: field.input_value() != before, "the field to follow the clock")
    plot = graph.locator(".nsewdrag").first.bounding_box()
    assert plot
    page.mouse.move(plot["x"] + 0.97 * plot["width"], plot["y"] + 0.5 * plot["height"])
    page.wait_for_timeout(300)
    page.mouse.click(plot["x"] + 0.97 * plot["width"], plot["y"] + 0.5 * plot["height"])
    chosen = field.input_value()
    page.wait_for_timeout(1500)
    assert field.input_value() == chosen  # it stays where the click was


def test_who_may_only_look_finds_no_form(page: Page) -> None:
    opened(page, "/channels/play-1-01")
    expect(page.locator(".note-form")).to_have_count(1)
    page.evaluate("document.getElementById('shell').dataset.role = 'viewer'")
    page.get_by_role("link", name="Wall").click()
    expect(page).to_have_url(re.compile("/wall$"))
    page.go_back()
    expect(page.locator("#channel-notes h2")).to_be_visible()
    expect(page.locator(".note-form")).to_have_count(0)


def test_a_moment_in_the_past_is_shown_as_it_was_and_nothing_is_appended(page: Page) -> None:
    at = time.time() - 5
    graph = opened(page, f"/channels/play-1-01?at={at:.0f}")
    until(lambda: page.evaluate(f"{LAYOUT}?.meta?.live") is False, "the window that ends then")
    assert page.evaluate(f"{LAYOUT}.meta.end_ms / 1000 - {LAYOUT}.meta.offset_second") == pytest.approx(at, abs=1)
    page.wait_for_timeout(2500)  # readings go on meanwhile
    assert graph.get_attribute("data-end") is None
    expect(page.locator(".note-form")).to_have_count(0)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/channels/play-1-01?from=abc&to=%3Cb%3E", 'from="abc": expected a time such as 2026-11-20T03:00'),
        ("/channels/play-1-01?at=2999-01-01", 'at="2999-01-01" lies in the future; the graphs end now.'),
        ("/channels/play-1-01?window=x&window=y", 'window="y": expected one of 15m'),
    ],
)
def test_what_an_address_cannot_mean_is_said_and_the_page_works(page: Page, address: str, sentence: str) -> None:
    graph = opened(page, address)
    expect(page.locator(".fault").first).to_contain_text(sentence)
    if "at=" not in address:
        expect(graph).to_have_attribute("data-end", re.compile(r"\d+"))  # it is live


@pytest.mark.parametrize("name", ["nobody", "%3Cimg%20src%3Dx%20onerror%3Da(1)%3E", "x" * 200, "%D8%AD%D8%AC%D8%B1"])
def test_a_channel_nobody_knows_is_one_sentence_without_graphs(page: Page, complaints: list[str], name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/channels/{name}")
    expect(page.locator("#main")).to_contain_text("No channel of this name is in lab.toml")
    expect(page.locator(".js-plotly-plot, .badge, #main img")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []


def test_a_channel_without_a_reading_says_so(page: Page) -> None:
    page.goto("/channels/play-1-06")
    expect(page.locator("#main")).to_contain_text("lab.toml names this channel, but no reading of it has arrived yet")


def test_names_of_cells_are_text_and_never_overflow(page: Page, lab: RunningLab, complaints: list[str]) -> None:
    long, right_to_left = "n" * 200, "\u062e\u0644\u064a\u0629 \u0661"
    for cell, batch in ((long, right_to_left), ("<img src=x onerror=alert(1)>", "<b>batch</b>")):
        put(lab, "play-two", {"cell": cell, "batch": batch, "protocol": long})
        page.set_viewport_size({"width": 390, "height": 844})
        opened(page, "/channels/play-1-02")
        expect(page.locator(".about")).to_contain_text(cell)
        expect(page.locator(".about")).to_contain_text(batch)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        expect(page.locator("#main img")).to_have_count(0)
    assert complaints == []


def test_on_paper_the_graphs_are_whole_and_the_address_is_told(page: Page) -> None:
    graph = opened(page, "/channels/play-1-01")
    expect(graph).to_have_attribute("data-end", re.compile(r"\d+"))
    page.set_viewport_size({"width": 718, "height": 1000})
    page.emulate_media(media="print")
    printed = page.locator("#channel-print")
    expect(printed).to_contain_text(f"{page.url} · printed ")
    until(
        lambda: graph.locator(".main-svg").first.evaluate("svg => svg.clientWidth") <= 700, "graphs as wide as a sheet"
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for control in (".note-form", "#shell > header", ".views", ".modebar-container"):
        expect(page.locator(control).first).to_be_hidden()


def put(lab: RunningLab, test: str, facts: dict[str, str]) -> None:
    """States facts of a test over HTTP."""
    request = urllib.request.Request(f"{lab.url}/api/v1/tests/{test}", json.dumps(facts).encode(), method="PUT")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=10).close()
