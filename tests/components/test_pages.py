"""Every page stays small enough for Dash, and the frame around it says what every page must say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dash
import pytest

from components.health import Told, health_body
from components.shell import LINKS, shell, time_factor_words
from cycling.topology import Topology
from data_access.lab import Lab, install
from tests.components.build import nodes, texts
from tests.conftest import Server

PROJECT = Path(__file__).resolve().parents[2]
MOST_COMPONENTS = 150  # Dash draws a page in time that grows with the square of their number
MOST_LINES_OF_A_CALLBACK = 10


@pytest.fixture
def app(lab: Lab, cache_server: Server) -> Iterator[dash.Dash]:
    """The pages in a Dash app of their own."""
    made = dash.Dash(
        "cellwatch-pages-test",
        use_pages=True,
        pages_folder=str(PROJECT / "pages"),
        assets_folder=str(PROJECT / "assets"),
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    install(made.server, lab, cache_server.url)
    made.layout = shell(lab.topology, "1.2.3")
    with made.server.app_context():
        yield made
    dash.page_registry.clear()


ADDRESSES = {
    "/": {},
    "/wall": {},
    "/alerts": {},
    "/tests": {},
    "/compare": {"tests": "a,b"},
    "/health": {},
    "/channels/arbin-1-01": {"channel": "arbin-1-01"},
    "/batches": {},
    "/batches/x": {"batch": "x"},
}


def layout_of(address: str) -> Any:
    pages = dash.page_registry.values()
    first = address.split("/")[1]
    of_a_name = len(address.split("/")) > 2
    page = next(p for p in pages if p["path"].split("/")[1] == first and bool(p["path_template"]) == of_a_name)
    made: Callable[..., Any] = page["layout"]
    return made(**ADDRESSES[address])


def test_every_page_keeps_the_budget_of_components(app: dash.Dash) -> None:
    frame = len(nodes(shell(Topology(), "1")))
    sizes = {address: frame + len(nodes(layout_of(address))) for address in ADDRESSES}
    assert {address: size for address, size in sizes.items() if size > MOST_COMPONENTS} == {}


def test_the_body_of_the_health_page_keeps_the_budget_however_much_there_is() -> None:
    many = [{"name": f"child-{n}", "pid": n, "deaths": [], "restarts": 0} for n in range(50)]
    bad = [{"when": 1.0, "source": "api", "index": n, "value": n} for n in range(500)]
    body = health_body(Told(now=1.0, redis_ok=True, redis_detail="", children=many, quarantined=bad))
    assert sum(len(nodes(part)) for part in body) < MOST_COMPONENTS - 40


def test_every_link_of_the_frame_leads_to_a_page(app: dash.Dash) -> None:
    paths = {page["path"] for page in dash.page_registry.values()}
    assert {path for _, path in LINKS} <= paths


def test_no_callback_is_driven_by_what_is_live(app: dash.Dash) -> None:
    layouts = app.server.test_client().get("/_dash-dependencies").get_json()
    inputs = {f"{one['id']}.{one['property']}" for callback in layouts for one in callback["inputs"]}
    asked_by_people = {"channel-ask.data", "channel-view.data", "channel-cycle.data", "health-tick.n_intervals"}
    asked_by_people |= {"quality-tick.n_intervals", "quality-days.data"}
    assert {name for name in inputs if not name.startswith("_pages")} == asked_by_people


def test_the_frame_carries_the_version_and_the_name() -> None:
    frame = shell(Topology(name="<b>Lab</b>"), "1.2.3")
    assert frame.to_plotly_json()["props"]["data-version"] == "1.2.3"
    assert "<b>Lab</b>" in texts(frame)


def test_only_a_demo_speaks_of_its_pace() -> None:
    assert time_factor_words(1.0) == ""
    assert time_factor_words(240.0) == "Demo: test time runs 240 × faster than life"


def test_pages_know_no_stores_and_no_pandas() -> None:
    forbidden = ("import pandas", "import plotly", "import redis", "import duckdb", "style=", "SELECT ")
    for path in (PROJECT / "pages").glob("*.py"):
        text = path.read_text("utf-8")
        assert [word for word in forbidden if word in text] == [], path.name


def test_callbacks_are_thin() -> None:
    for path in (PROJECT / "pages").glob("*.py"):
        for body in path.read_text("utf-8").split("@callback(")[1:]:
            function = body.split("\ndef ", 2)[1].split("\n\n\n")[0]
            assert len(function.splitlines()) <= MOST_LINES_OF_A_CALLBACK + 4, path.name


def test_a_channel_that_was_never_heard_has_a_page_with_an_empty_graph(app: dash.Dash) -> None:
    module = next(p["module"] for p in dash.page_registry.values() if p["module"].endswith("channel"))
    page = sys.modules[module]
    figure = page.show_trace({"from": None, "to": None}, {"channel": "nobody", "span": "1h"})
    assert figure["data"][0]["x"] == []
    assert page.show_fade(None, {"channel": "nobody"})["data"][0]["x"] == []


def test_a_comparison_is_read_from_the_stores(app: dash.Dash, lab: Lab) -> None:
    lab.tests.put("a", {"batch": "x", "cell": "cell-1"}, "api", 1.0, "api")
    assert "cell-1" in str(layout_of("/batches/x").to_plotly_json())
