"""Plays on what the wall shows: every lab fits the screen, views take turns, nights are dim, addresses are read."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from cycling.types import Alert, Severity
from tests.components.test_assets import contrast
from tests.e2e.canned import FREE, lab_of, told
from tests.e2e.running import until

pytestmark = pytest.mark.browser

FITS = """() => {
  const room = document.querySelector(".wall-room");
  const parts = ".wall-causes .cause:not([hidden]), .chamber-card, .legend, .wall-clock, .tile";
  const outside = (box) => box.bottom > innerHeight + 1 || box.right > innerWidth + 1;
  const cut = [...document.querySelectorAll(parts)].filter((node) => outside(node.getBoundingClientRect()));
  const page = document.documentElement;
  return {
    page: [page.scrollWidth - innerWidth, page.scrollHeight - innerHeight].map((over) => Math.max(0, over)),
    room: [room.scrollWidth - room.clientWidth, room.scrollHeight - room.clientHeight],
    cut: cut.map((node) => `${node.className} ${Math.round(node.getBoundingClientRect().bottom)}`).slice(0, 5),
  };
}"""
ALL_FITS: dict[str, list[Any]] = {"page": [0, 0], "room": [0, 0], "cut": []}


def everything_fits(page: Page) -> None:
    """Once it stands: the chambers' lines come a little later than the tiles, which then make room."""
    until(lambda: page.evaluate(FITS) == ALL_FITS, "everything to fit the screen")


def alert(kind: str, scope: str, channels: tuple[str, ...], severity: Severity, opened_at: float) -> Alert:
    return Alert(
        id=f"{kind}-{scope}",
        kind=kind,
        severity=severity,
        scope=scope,
        channels=channels,
        test=None,
        opened_at=opened_at,
        message=f"What {kind} of {scope} says in a sentence that is long enough to need a second line on the wall.",
        action="The first thing to do.",
    )


def size_of(node: Locator) -> float:
    return float(node.evaluate("node => parseFloat(getComputedStyle(node).fontSize)"))


@pytest.mark.parametrize(
    ("channels", "width", "height", "density"),
    [
        (48, 1366, 768, "roomy"),
        (48, 1920, 1080, "roomy"),
        (200, 1920, 1080, "dense"),
        (480, 1920, 1080, "dense"),
        (1000, 1920, 1080, "tiny"),
        (1000, 3840, 2160, "tiny"),
        (2500, 1920, 1080, "tiny"),
    ],
)
def test_every_lab_fits_the_screen(page: Page, channels: int, width: int, height: int, density: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    names = told(page, lab_of(channels))
    page.goto("/wall")
    expect(page.locator(".tile[data-channel]")).to_have_count(len(names))
    expect(page.locator(".tile.free")).to_have_count(FREE)
    expect(page.locator(".wall-grid")).to_have_attribute("data-density", density)
    everything_fits(page)


def test_a_thousand_channels_are_shapes_and_no_numbers(page: Page) -> None:
    now = time.time()
    danger = alert("over-voltage", "channel:arbin-3-18", ("arbin-3-18",), Severity.P1, now - 40)
    names = told(page, lab_of(1000), [danger], silent=["arbin-8-01"])
    page.goto("/wall")
    expect(page.locator(".tile[data-channel]")).to_have_count(len(names))
    shown = page.locator('.tile[data-severity=""]').evaluate_all(
        """tiles => {
          const says = (part) => !part.classList.contains("aside") && part.textContent.trim();
          const seen = (part) => part.getBoundingClientRect().width > 0;
          return tiles.filter((tile) => [...tile.children].some((part) => says(part) && seen(part))).length;
        }"""
    )
    assert shown == 0
    ill = page.locator('.tile[data-channel="arbin-3-18"]')
    expect(ill).to_have_attribute("data-severity", "P1")
    expect(ill.locator(".glyph.P1")).to_be_visible()
    expect(ill).to_have_accessible_name(re.compile("arbin-3-18 .*P1 danger"))
    silent = page.locator('.tile[data-channel="arbin-8-01"]')
    expect(silent).to_have_attribute("data-state", "silent")
    assert "repeating-linear-gradient" in silent.evaluate("tile => getComputedStyle(tile).backgroundImage")
    normal, free = (
        page.locator(f".tile{kind}").first.evaluate("tile => getComputedStyle(tile).backgroundColor")
        for kind in ('[data-severity=""]', ".free")
    )
    assert normal != free


def test_the_few_causes_are_named_in_large_letters_and_the_others_are_counted(page: Page) -> None:
    now = time.time()
    causes = [
        alert("over-voltage", f"channel:arbin-{n}-01", (f"arbin-{n}-01",), Severity.P1, now - n) for n in range(1, 15)
    ]
    told(page, lab_of(1000), causes)
    page.goto("/wall")
    names = page.locator(".cause:not([hidden]) .cause-name")
    expect(names.first).to_have_text("arbin-14-01")
    shown = names.count()
    assert 3 <= shown < len(causes)
    assert min(size_of(name) for name in names.all()) >= 42
    expect(page.locator(".wall-more")).to_contain_text(f"and {len(causes) - shown} more causes")
    everything_fits(page)


def test_a_cut_of_power_is_said_with_its_circuit_and_time(page: Page) -> None:
    cut = alert("power-outage", "power_circuit:B", ("arbin-2-01",), Severity.P2, 1_700_000_000.0)
    told(page, lab_of(192), [cut])
    page.goto("/wall")
    power = page.locator(".wall-head [data-cut]")
    expect(power).to_have_text("power cut: circuit B since 22:13 · circuits A C D on")
    expect(power).to_have_attribute("data-cut", "true")


def test_a_circuit_that_nobody_has_heard_of_is_not_called_on(page: Page) -> None:
    lab = lab_of(192)
    told(page, lab, silent=[name for name in lab.places if name.startswith("arbin-3-")])
    page.goto("/wall")
    expect(page.locator(".wall-head [data-cut]")).to_have_text("circuits A B D on · circuit C not known")


def test_those_in_need_come_first_when_asked(page: Page) -> None:
    lost = alert("contact-lost", "channel:arbin-2-30", ("arbin-2-30",), Severity.P2, time.time() - 60)
    told(page, lab_of(96), [lost], silent=["arbin-1-40"])
    page.goto("/wall?sort=need")
    tiles = page.locator(".tile[data-channel]")
    expect(tiles.nth(0)).to_have_attribute("data-channel", "arbin-2-30")
    expect(tiles.nth(1)).to_have_attribute("data-channel", "arbin-1-40")
    page.goto("/wall")
    expect(tiles.nth(0)).to_have_attribute("data-channel", "arbin-1-01")


def test_what_was_wrong_in_the_night_is_told_below_and_no_row_is_cut(page: Page) -> None:
    night = time.time() - 7 * 3600
    lost = alert("contact-lost", "channel:arbin-1-07", (), Severity.P2, night)
    explained = replace(alert("frozen", "channel:arbin-1-08", (), Severity.P3, night), suppressed="incident")
    told(page, lab_of(48), [replace(one, closed_at=night + 240) for one in (lost, explained)])
    page.goto("/wall")
    rows = page.locator(".lately li[data-kind]")
    expect(rows).to_have_count(1)  # an incident speaks for its members
    expect(rows).to_contain_text(re.compile(r"\d\d:\d\d.*arbin-1-07: contact lost.*for 4\smin"))
    expect(page.locator(".lately li[data-channel]").first).to_contain_text(re.compile(r"93\.1\s%.*cycle 123"))
    edge = page.locator(".lately").bounding_box()
    assert edge
    right, bottom = edge["x"] + edge["width"], edge["y"] + edge["height"]
    boxes = [box for row in page.locator(".lately li").all() if (box := row.bounding_box())]
    seen = [box for box in boxes if box["x"] < right]
    assert seen
    assert all(box["y"] + box["height"] <= bottom + 1 for box in seen)
    page.set_viewport_size({"width": 1366, "height": 768})
    everything_fits(page)


def test_the_bar_of_the_wall_shares_its_view(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto("/wall?sort=need")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    page.mouse.move(400, 400)
    page.mouse.move(420, 420)
    page.locator(".wall-bar .share summary").click()
    page.locator(".wall-bar").get_by_role("button", name="This page").click()
    expect(page.locator(".wall-bar .share-said")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("/wall?sort=need")


def test_when_all_is_well_the_wall_says_since_when_and_how_it_knows(page: Page) -> None:
    told(page, lab_of(48))
    page.goto("/wall")
    expect(page.locator(".wall-summary")).to_have_text(re.compile(r"^All is well: no alert in the "))
    expect(page.locator(".wall-more")).to_contain_text("44 of 44 channels answered")
    expect(page.locator(".counts")).to_contain_text(re.compile("44running.*4channels free"))


def test_an_open_thermocouple_is_no_temperature(page: Page, cycler: Any) -> None:
    page.goto("/wall")
    tile = page.locator('.tile[data-channel="play-1-03"]')
    expect(tile).to_contain_text(re.compile(r"26\.0\s°C"))
    cycler.says["play-1-03"] = {"surface_temperature_celsius": 1372.0}
    expect(tile).to_contain_text("TC open")
    expect(tile).not_to_contain_text("1372")


def test_views_take_turns_and_stand_in_the_address(page: Page) -> None:
    page.goto("/wall?views=chambers,alerts&seconds=5")
    stage = page.locator(".wall-stage")
    expect(stage).to_have_attribute("data-view", "chambers")
    expect(page.locator(".chamber-card")).to_have_count(1)
    expect(page.locator(".chamber-card")).to_contain_text("chamber-a")
    expect(page.locator(".chamber-foot")).to_contain_text(re.compile(r"set 25 ± 2\s°C"))
    expect(stage).to_have_attribute("data-view", "alerts")
    expect(page).to_have_url(re.compile("view=alerts$"))
    expect(page.locator(".wall-causes")).to_be_visible()  # what needs someone stays


def test_a_copied_address_shows_the_same_view_and_space_pauses(page: Page) -> None:
    page.goto("/wall?views=grid,chambers&seconds=5&view=chambers")
    stage, bar = page.locator(".wall-stage"), page.locator(".wall-bar")
    expect(stage).to_have_attribute("data-view", "chambers")
    expect(bar).to_be_hidden()  # nobody is there
    page.keyboard.press("Space")
    expect(bar).to_be_visible()
    expect(page).to_have_url(re.compile("view=chambers&paused=1$"))
    expect(bar.get_by_role("button", name="Go on")).to_be_visible()
    page.wait_for_timeout(5600)
    expect(stage).to_have_attribute("data-view", "chambers")
    page.keyboard.press("Space")
    expect(stage).to_have_attribute("data-view", "grid")
    expect(page.locator('.tile[data-channel="play-1-01"]')).to_have_attribute("data-state", "charging")


def test_views_of_lab_toml_take_turns_where_the_address_names_none(page: Page) -> None:
    page.goto("/wall")
    stage = page.locator(".wall-stage")
    expect(stage).to_have_attribute("data-view", "grid")
    page.evaluate(
        """() => {
          const views = [{ name: "alerts", seconds: 5 }, { name: "grid", seconds: 60 }];
          document.getElementById("wall").dataset.views = JSON.stringify(views);
          history.replaceState({}, "", "/wall?sort=place");
          document.body.append(document.createElement("i")); // so that the page looks at its address
        }"""
    )
    expect(stage).to_have_attribute("data-view", "alerts")
    expect(stage).to_have_attribute("data-view", "grid")
    expect(page).to_have_url(re.compile("view=grid$"))


def test_the_fade_of_a_batch_is_drawn_without_a_graph_library(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda sent: loaded.append(sent.url))
    page.goto("/wall?view=fade:plays")
    said = page.locator(".wall-fade .how")
    expect(said).to_contain_text(re.compile("State of health over cycles|No test of this batch has a finished"))
    page.goto("/wall?view=fade:no-such-batch")
    expect(said).to_have_text('No test belongs to a batch "no-such-batch".')
    assert [url for url in loaded if "plotly" in url and url.endswith(".min.js")] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "views=grd&seconds=x&sort=size&night=late",
            [
                'There is no view "grd". Known are grid, chambers, alerts and fade:<batch>.',
                "seconds=x: expected a number from 5 to 3600; 30 is taken.",
                "sort=size: expected place or need; place is taken.",
                "night=late: expected hours such as 22-6 or 22:00-06:30, or off; it is not dimmed.",
            ],
        ),
        ("view=<img src=x onerror=alert(1)>", ['There is no view "<img src=x onerror=alert(1)>".']),
    ],
    ids=["every-part", "hostile"],
)
def test_a_faulty_address_gets_a_sentence_each_and_the_wall_stays(page: Page, query: str, said: list[str]) -> None:
    page.goto(f"/wall?{query}")
    for sentence in said:
        expect(page.locator(".wall-note")).to_contain_text(sentence)
    expect(page.locator('.tile[data-channel="play-1-01"]')).to_be_visible()


def test_the_night_is_dim_and_still_readable_and_ends_with_the_wall(page: Page) -> None:
    page.goto("/wall?night=0-24")
    root = page.locator("html")
    expect(root).to_have_attribute("data-night", "")
    pairs = page.evaluate(
        """() => {
          const css = getComputedStyle(document.documentElement);
          const of = (name) => css.getPropertyValue(name).trim();
          const grounds = ["--ground", "--panel", "--raised", "--tile"];
          return ["--ink", "--ink-soft"].flatMap((ink) => grounds.map((ground) => [of(ink), of(ground)]));
        }"""
    )
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []
    day = "#f2f4f5"
    assert contrast(pairs[0][0], "#000000") < 0.6 * contrast(day, "#000000")
    page.locator(".wall-lab").click()
    expect(page).to_have_url(re.compile("/$"))
    expect(root).not_to_have_attribute("data-night", "")


def test_the_address_may_ask_for_the_light(page: Page) -> None:
    page.goto("/wall?theme=light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.goto("/wall")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_arrow_keys_go_from_tile_to_tile(page: Page) -> None:
    told(page, lab_of(48))
    page.goto("/wall")
    page.locator('.tile[data-channel="arbin-1-01"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('.tile[data-channel="arbin-1-02"]')).to_be_focused()
    row = int(page.locator(".cyclers").evaluate("node => getComputedStyle(node).getPropertyValue('--row')"))
    page.keyboard.press("ArrowDown")
    expect(page.locator(f'.tile[data-channel="arbin-1-{row + 2:02d}"]')).to_be_focused()


def test_on_a_phone_the_wall_is_cards_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    now = time.time()
    long = "x" * 64
    told(page, lab_of(96), [alert("over-voltage", f"channel:{long}", ("arbin-1-01",), Severity.P1, now)])
    page.goto("/wall")
    expect(page.locator(".cause-name").first).to_have_text(long)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    widths = page.locator(".tile[data-channel]").evaluate_all(
        "tiles => tiles.map(tile => tile.getBoundingClientRect().width)"
    )
    assert min(widths) >= 44  # of a thumb


def test_a_lab_of_its_own_machine_offers_no_code(page: Page, complaints: list[str]) -> None:
    with page.expect_response("**/api/v1/code.svg?**") as answer:
        page.goto("/wall")
    assert answer.value.status == 204
    expect(page.locator(".wall-code")).to_be_hidden()
    assert complaints == []


def test_only_what_changed_is_drawn_anew(page: Page, cycler: Any) -> None:
    page.goto("/wall")
    expect(page.locator('.tile[data-channel="play-1-02"]')).to_have_attribute("data-state", "charging")
    cycler.quiet.update(set(cycler.channels) - {"play-1-01"})
    page.wait_for_timeout(1500)
    page.evaluate(
        """() => {
          window.touched = new Set();
          const note = (records) => records.forEach(({ target }) => {
            const tile = (target.closest ? target : target.parentElement || document.body).closest(".tile");
            if (tile) window.touched.add(tile.dataset.channel);
          });
          const all = { subtree: true, childList: true, attributes: true, characterData: true };
          new MutationObserver(note).observe(document.querySelector(".cyclers"), all);
        }"""
    )
    page.wait_for_timeout(2500)
    assert page.evaluate("[...window.touched]") == ["play-1-01"]
    expect(page.locator(".cycler-answered").first).to_have_text("1 of 3 answered")
