"""The scripts and the style sheet: what they must agree on with Python, and what they must never do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.bundles import bundle
from app import LATER
from components.figures.theme import INK_SOFT, LINE, SERIES, SEVERITY
from components.figures.trace import LINES
from components.host import attributes, table
from cycling.frames import CHANNEL_FIELDS
from cycling.types import ChannelState
from tests.components.colours import contrast

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = sorted(path for path in ASSETS.glob("*.js") if not path.name.startswith("00-"))


def tokens(light: bool = False) -> dict[str, str]:
    """The colours of the style sheet; the light ones replace the dark ones."""
    css = (ASSETS / "theme.css").read_text("utf-8")
    dark = re.search(r"^:root \{(.*?)^\}", css, re.DOTALL | re.MULTILINE)
    bright = re.search(r'^:root\[data-theme="light"\] \{(.*?)^\}', css, re.DOTALL | re.MULTILINE)
    assert dark
    assert bright
    found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", dark[1]))
    return found | (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", bright[1])) if light else {})


def script(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def test_the_browser_reads_the_columns_of_a_frame_in_their_order() -> None:
    listed = re.search(r"CHANNEL_FIELDS = \[(.*?)\]", script("model.js"), re.DOTALL)
    assert listed
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == CHANNEL_FIELDS


def test_a_channel_is_silent_in_the_browser_by_the_rule_of_the_domain() -> None:
    assert "2 * channel.cadence_second + 5" in script("model.js")
    state = ChannelState(
        channel="a",
        cycler="c",
        chamber=None,
        phase="resting",
        unix_time_second=0.0,
        arrival_time_second=0.0,
        cadence_second=1.0,
        latest={},
        test=None,
        cycle_count=None,
        state_of_health=None,
    )
    assert (state.state_at(7.0), state.state_at(7.1)) == ("resting", "silent")


def test_traces_are_appended_in_the_order_of_the_figure() -> None:
    listed = re.search(r"SERIES = \[(.*?)\]", script("trace.js"), re.DOTALL)
    assert listed
    assert re.findall(r'"(\w+)"', listed[1]) == [series[0] for series in LINES]


def test_figures_and_pages_have_the_same_colours() -> None:
    css = tokens()
    assert {name: css[f"series-{name}"] for name in SERIES} == SERIES
    assert {severity: css[severity.lower()] for severity in SEVERITY} == SEVERITY
    assert (css["ink-soft"], css["line"]) == (INK_SOFT, LINE)


@pytest.mark.parametrize("light", [False, True])
def test_series_are_seen_on_the_ground_they_are_drawn_on(light: bool) -> None:
    ground = tokens(light)["panel"]
    assert {name: colour for name, colour in SERIES.items() if contrast(colour, ground) < 3} == {}


@pytest.mark.parametrize("light", [False, True])
def test_text_is_readable_on_every_ground(light: bool) -> None:
    css = tokens(light)
    inks, grounds = ("ink", "ink-soft"), ("ground", "panel", "raised", "tile")
    faint = [(ink, ground) for ink in inks for ground in grounds if contrast(css[ink], css[ground]) < 4.5]
    assert faint == []
    assert contrast(css["link"], css["panel"]) >= 4.5
    assert contrast(css["on-banner"], css["banner"]) >= 4.5


def test_text_of_a_wall_at_night_is_dim_and_readable() -> None:
    css = (ASSETS / "theme.css").read_text("utf-8")
    block = re.search(r"^:root\[data-night\]\[data-theme\] \{(.*?)^\}", css, re.DOTALL | re.MULTILINE)
    assert block
    night = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block[1]))
    inks, grounds = ("ink", "ink-soft"), ("ground", "panel", "raised", "tile")
    assert [(i, g) for i in inks for g in grounds if contrast(night[i], night[g]) < 4.5] == []
    assert [s for s in ("p1", "p2", "p3") if contrast(night[s], night["ground"]) < 3] == []
    assert contrast(night["on-banner"], night["banner"]) >= 4.5
    assert contrast(night["ink"], "#000000") < 0.6 * contrast(tokens()["ink"], "#000000")
    assert set(night) <= set(tokens())  # nothing but what the day has


def test_colours_stand_in_the_style_sheet_only() -> None:
    for path in SCRIPTS:
        assert re.findall(r"#[0-9a-fA-F]{6}\b|rgba?\(", path.read_text("utf-8")) == [], path.name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_make_markup_or_code_of_text(path: Path) -> None:
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".onclick")
    text = path.read_text("utf-8")
    assert [word for word in forbidden if word in text] == []
    assert text.count('"use strict"') == 1


def test_scripts_stay_small() -> None:
    assert {path.name: n for path in SCRIPTS if (n := len(path.read_text("utf-8").splitlines())) > 300} == {}


def test_the_graph_library_is_shipped_with_its_licence() -> None:
    library = ASSETS / "00-plotly-cartesian.min.js"
    assert "Licensed under the MIT license" in library.read_text("utf-8")[:300]
    assert "MIT License" in (ASSETS / "licenses" / "plotly.js.LICENSE.txt").read_text("utf-8")


def test_the_library_of_the_table_is_shipped_with_its_licence() -> None:
    assert "agGrid" in (ASSETS / "00-ag-grid.min.js").read_text("utf-8")[:300]
    assert "The MIT License" in (ASSETS / "licenses" / "ag-grid-community.LICENSE.txt").read_text("utf-8")


def test_no_page_loads_the_large_libraries_at_once() -> None:
    own = bundle(ASSETS, ".js", LATER).content
    assert b"regeneratorRuntime = runtime" in own
    assert len(own) < 400_000 < min(path.stat().st_size for path in ASSETS.glob("*.min.js"))


def test_a_table_is_one_component_however_many_rows_it_has() -> None:
    made = table("Rows", [{"key": "n", "name": "N"}], [{"n": n} for n in range(1000)], "rows")
    assert getattr(made, "children", None) is None
    assert '"n": 999' in made.to_plotly_json()["props"]["data-table"]


def test_attributes_that_are_none_are_left_out() -> None:
    assert attributes(data_name="x", aria_current=None) == {"data-name": "x"}


@pytest.mark.parametrize("light", [False, True])
def test_the_colour_of_the_past_is_read_and_is_no_alarm(light: bool) -> None:
    found = tokens(light)
    assert contrast(found["then"], found["on-then"]) >= 4.5
    assert contrast(found["then"], found["ground"]) >= 3
    assert found["then"] not in {found[name] for name in ("p1", "p2", "p3", "p4", "banner")}
