"""Every page for everyone: axe on three sizes in dark and light, the keyboard, thumbs, large text, stillness."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import put_to_rest
from tests.e2e.running import Cycler, RunningLab, until

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/wall",
    "/alerts?days=7",
    "/tests",
    "/compare?tests=play-one,play-two",
    "/batches/plays",
    "/health",
    "/channels/play-1-01",
    "/no/such/page",
    "/?at={moment}",
    "/wall?at={moment}",
)
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}
LIGHTS = ("dark", "light")
ILL = "play-1-02"
Opened = Callable[[str], Page]
FOCUSABLE = "a[href], button, select, input:not([type=hidden]), summary, [tabindex='0']"


@pytest.fixture(scope="module")
def reader(browser: Browser, lab: RunningLab, cycler: Cycler) -> Iterator[Page]:
    """One page for all plays here, of a lab in which something is wrong, so that the pages have something to show."""
    cycler.says[ILL] = {"voltage_volt": 3.8}
    context = browser.new_context(base_url=lab.url, viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto("/")
    expect(page.locator('.card[data-kind="over-voltage"]').first).to_be_visible()
    yield page
    context.close()
    cycler.says.clear()
    put_to_rest(lab)


@pytest.fixture
def settled(reader: Page) -> Opened:
    """Opens a page and waits until it stands."""

    def opened(path: str) -> Page:
        resize(reader, "wall")
        reader.goto(path.format(moment=int(time.time()) - 1))
        expect(reader.locator("#react-entry-point #main")).to_be_visible()  # not the one that stands before Dash
        if "{moment}" in path:
            expect(reader.locator("html")).to_have_attribute("data-past", "shown")
        expect(reader.locator("body")).to_have_attribute("data-link", "live")
        expect(reader.locator("body")).not_to_have_attribute("data-newest", "")
        return reader

    return opened


def shine(page: Page, light: str) -> None:
    page.evaluate("light => { localStorage.setItem('cellwatch-theme', light); window.cellwatch.shine(); }", light)


def resize(page: Page, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_in_any_size_and_light(settled: Opened, path: str) -> None:
    page = settled(path)
    faults = {}
    for size in SIZES:
        resize(page, size)
        for light in LIGHTS:
            shine(page, light)
            for found in Axe().run(page).response["violations"]:
                faults[size, light, found["id"]] = [node["html"][:200] for node in found["nodes"][:3]]
    assert faults == {}


def focusable(page: Page) -> list[str]:
    """What can be seen and used on the page, in the words of its place in the document. Inside a grid the arrows move
    from row to row, as its pattern wants it: there the Tab key stops at what it
    likes, and its guards pass the focus on."""
    found: list[str] = page.evaluate(
        """wanted => [...document.querySelectorAll(wanted)]
            .filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !e.closest('[aria-hidden=true]')
                && !e.matches('[role=row], [role=gridcell], .ag-tab-guard'))
            .map((e, n) => (e.dataset.tabTest = String(n)))""",
        FOCUSABLE,
    )
    return found


@pytest.mark.parametrize("path", ["/", "/wall", "/alerts?days=7", "/tests", "/health", "/channels/play-1-02"])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(settled: Opened, path: str) -> None:
    page = settled(path)
    expect(page.locator('[data-channel="play-1-02"], #main h1').first).to_be_visible()
    wanted, reached, unseen = set(focusable(page)), set(), []
    for _ in range(2 * len(wanted) + 30):  # more may come while one walks
        if wanted <= reached:
            break
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
               return [e.dataset.tabTest, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
                       box.width > 0 && box.right > 0, e.outerHTML.slice(0, 120)]; }"""
        )
        if told[0] is not None:
            reached.add(told[0])
            if not (told[1] and told[2]):
                unseen.append(told[3])
    assert unseen == []
    missed = [
        page.locator(f'[data-tab-test="{n}"]').first.evaluate("e => e.outerHTML.slice(0, 120)")
        for n in wanted - reached
    ]
    assert missed == []


def test_the_first_tab_skips_to_the_page(settled: Opened) -> None:
    page = settled("/alerts")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main') !== null")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_landmarks_and_headings_in_order(settled: Opened, path: str) -> None:
    page = settled(path)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main").count() == 1
    assert page.get_by_role("banner").count() >= 1
    assert page.get_by_role("navigation", name="Pages", exact=True).count() == 1
    expect(page.locator("h1:visible")).to_have_count(1)


def small(page: Page, wanted: Locator, least: float) -> list[str]:
    """What is smaller than a thumb needs."""
    return [
        f"{element.inner_text()[:30]}: {box['width']:.0f} × {box['height']:.0f}"
        for element in wanted.all()
        if (box := element.bounding_box()) and (box["height"] < least or box["width"] < least)
    ]


def test_a_thumb_hits_what_one_does_on_a_phone(settled: Opened) -> None:
    page = settled("/")
    resize(page, "phone")
    card = page.locator('.card[data-kind="over-voltage"]').first
    expect(card).to_be_visible()
    buttons = page.locator("#main button:visible, #main select:visible, #shell > header nav a, #theme-toggle, #you")
    assert buttons.count() >= 8
    assert small(page, buttons, 44 - 0.5) == []


@pytest.mark.parametrize("path", PAGES)
def test_text_of_twice_the_size_loses_nothing_on_a_laptop(settled: Opened, path: str) -> None:
    page = settled(path)
    resize(page, "laptop")
    page.add_style_tag(content="html { font-size: 200% }")
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 1366, "nothing to stick out", 20)
    expect(page.locator("#main")).to_be_visible()
    size = page.locator("body").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size == pytest.approx(30)


@pytest.fixture
def special(browser: Browser, lab: RunningLab, cycler: Cycler) -> Iterator[Page]:
    """A reader who wants stillness and brings colours of their own."""
    cycler.says[ILL] = {"voltage_volt": 3.8}
    context = browser.new_context(base_url=lab.url, reduced_motion="reduce", forced_colors="active")
    yield context.new_page()
    context.close()


def test_nothing_moves_for_who_wants_stillness_and_shapes_stay_where_colours_go(special: Page) -> None:
    special.goto("/")
    glyph = special.locator(".card .glyph").first
    expect(glyph).to_be_visible()
    moving = special.evaluate(
        """() => [...document.querySelectorAll('*')].map(e => getComputedStyle(e)).filter(s =>
            s.animationName !== 'none' || s.transitionDuration.split(',').some(d => parseFloat(d) > 0)).length"""
    )
    assert moving == 0
    fill, ground = glyph.evaluate(
        "e => [getComputedStyle(e).fill, getComputedStyle(e.closest('.card')).backgroundColor]"
    )
    assert fill != ground
    assert fill == special.locator("h1").first.evaluate("e => getComputedStyle(e).color")
