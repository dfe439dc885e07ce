"""The storybook looks as it did: its structure beside the files of ``reference``, which are read and renewed by people.

After a change that is meant: ``CELLWATCH_RENEW_REFERENCES=1 .venv/bin/python -m pytest tests/e2e/test_storybook.py``,
then read the difference.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from components.storybook import SIZES
from tests.e2e.running import Cycler, RunningLab

pytestmark = pytest.mark.browser

REFERENCE = Path(__file__).with_name("reference")
RENEW = os.environ.get("CELLWATCH_RENEW_REFERENCES") == "1"
FIGURES = """all => all.map(graph => {
    const { data, layout } = graph.querySelector('.js-plotly-plot');
    const line = t => `  ${t.type || 'scatter'} ${t.mode || ''} "${t.name || ''}": ${(t.x || []).length} points`;
    const title = axis => `  ${axis} "${(layout[axis].title || {}).text || ''}"`;
    const axes = Object.keys(layout).filter(name => /axis/.test(name)).sort();
    const says = (layout.annotations || []).map(told => `  says "${told.text}"`);
    const shapes = `  ${(layout.shapes || []).length} shapes`;
    return [graph.id, ...data.map(line), ...axes.map(title), ...says, shapes].join('\\n');
}).join('\\n')"""


@pytest.fixture(scope="module")
def book(browser: Browser, lab: RunningLab) -> Iterator[Page]:
    """A page of a web app of the same lab in debug mode."""
    with lab.another_web(CELLWATCH_DEBUG="1") as url:
        context = browser.new_context(
            base_url=url, viewport={"width": 1920, "height": 1080}, color_scheme="dark", locale="en-GB"
        )
        yield context.new_page()
        context.close()


def opened(book: Page, size: str) -> Page:
    book.goto(f"/storybook?size={size}")
    expect(book.locator("#story-wall .tile[data-channel]")).to_have_count(SIZES[size])
    return book


def digest(aria: str) -> str:
    """The structure in lines: what only fills the room is named once and counted."""
    lines = [line for line in aria.splitlines() if "/url:" not in line]
    alike = [re.sub(r"filler-\d+", "filler", line) for line in lines]
    counted = [(line, len(list(same))) for line, same in itertools.groupby(alike)]
    return "\n".join(line if n == 1 else f"{line} × {n}" for line, n in counted) + "\n"


def compare(name: str, found: str) -> None:
    path = REFERENCE / f"{name}.txt"
    if RENEW:
        REFERENCE.mkdir(exist_ok=True)
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8"), f"{name}: see this file's first lines if the change is meant"


@pytest.mark.parametrize("size", SIZES)
def test_the_wall_shows_every_state_in_every_density(book: Page, size: str) -> None:
    compare(f"wall-{size}", digest(opened(book, size).locator("#story-wall").aria_snapshot()))


@pytest.mark.parametrize("part", ["cards", "channel"])
def test_the_parts_show_every_state(book: Page, part: str) -> None:
    compare(part, digest(opened(book, "roomy").locator(f"#story-{part}").aria_snapshot()))


def test_the_figures_draw_what_they_did(book: Page) -> None:
    page = opened(book, "roomy")
    expect(page.locator("#story-figures .js-plotly-plot .main-svg").nth(17)).to_be_attached()
    compare("figures", page.locator("#story-figures .dash-graph").evaluate_all(FIGURES) + "\n")


def test_nothing_in_the_storybook_is_hard_to_use_or_complains(book: Page) -> None:
    complaints: list[str] = []
    book.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    book.on("pageerror", lambda error: complaints.append(str(error)))
    found = Axe().run(opened(book, "roomy")).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    assert complaints == []


def test_outside_of_debug_mode_there_is_no_storybook(page: Page, cycler: Cycler) -> None:
    page.goto("/storybook")
    expect(page.locator("#main h1")).to_have_text("No such page")
    assert page.locator("script[src*=storybook]").count() == 0
