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
from data_access.lab import Lab, StoreAway, install
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
    "/storybook": {"size": "tiny"},
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


@pytest.mark.parametrize(
    ("path", "search", "title"),
    [
        ("/channels/one", "?channel=other&channel=third", "one"),
        ("/channels/one", "?window=6h", "one"),
        ("/batches/a%2Fb%20c", "?batch=other", "Batch a/b c"),
        ("/batches/batches/", "?tests=x", "Batch batches"),
    ],
)
def test_the_path_of_an_address_wins_over_its_query(app: dash.Dash, path: str, search: str, title: str) -> None:
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    asked = {"pathname": path, "search": search}
    body = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": outputs,
        "inputs": [{"id": "_pages_location", "property": name, "value": value} for name, value in asked.items()],
        "changedPropIds": ["_pages_location.pathname"],
    }
    client = app.server.test_client()
    client.get("/_dash-dependencies")
    told = client.post("/_dash-update-component", json=body).get_json()
    made = told["response"]["_pages_content"]["children"]["props"]["children"]
    heads = [part["props"]["children"] for part in made if part["type"] == "H1"]
    assert heads == [title]


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


def test_a_channel_that_was_never_heard_is_told_in_a_sentence_and_without_graphs(app: dash.Dash) -> None:
    unknown, named = channel_layout(channel="nobody"), channel_layout(channel="arbin-1-01")
    assert "No channel of this name is in lab.toml" in texts(unknown)
    assert "no reading of it has arrived yet" in texts(named)
    assert not [node for page in (unknown, named) for node in nodes(page) if type(node).__name__ == "Graph"]


def test_a_channel_that_sent_readings_has_its_graphs_within_the_budget(app: dash.Dash, lab: Lab) -> None:
    lab.tests.put("one", {"channel": "arbin-1-01"}, "api", 1.0, "api")
    page = channel_layout(channel="arbin-1-01", at="<i>soon</i>")
    assert len([node for node in nodes(page) if type(node).__name__ == "Graph"]) == 3
    assert 'at="<i>soon</i>": expected a time' in texts(page)
    assert len(nodes(page)) + len(nodes(shell(Topology(), "1"))) <= MOST_COMPONENTS


def test_the_figures_of_a_channel_without_data_are_sentences(app: dash.Dash) -> None:
    page = sys.modules[channel_page()["module"]]
    asked, view = {"n": 1, "width": 800}, {"channel": "arbin-1-01", "span": "1h", "at": None}
    for figure in (page.show_trace(asked, view), page.show_fade(asked, view), page.show_curves(asked, view)):
        assert figure["layout"]["annotations"][0]["text"].startswith("No ")
        assert figure["layout"]["xaxis"]["visible"] is False


def test_a_channel_opens_with_its_traces_where_the_browser_said_how_wide_they_will_be(app: dash.Dash, lab: Lab) -> None:
    lab.tests.put("one", {"channel": "arbin-1-01"}, "api", 1.0, "api")

    def traces(cookie: str) -> Any:
        with app.server.test_request_context("/", headers={"Cookie": f"cellwatch-graph={cookie}"}):
            page = channel_layout(channel="arbin-1-01")
        return next(node for node in nodes(page) if getattr(node, "id", None) == "channel-trace").figure

    assert traces("1094")["layout"]["annotations"][0]["text"].startswith("No readings")
    assert traces("wide")["data"] == traces("")["data"] == []
    assert "meta" not in traces("wide")["layout"]  # the browser asks for it


def test_a_store_that_is_away_is_a_sentence_in_the_figure(app: dash.Dash) -> None:
    page = sys.modules[channel_page()["module"]]
    said = page._said(StoreAway("The archive at s3://<lab> does not answer. " * 3))["layout"]
    assert said["annotations"][0]["text"].startswith("The archive at s3://&lt;lab&gt; does not answer. The<br>")
    assert said["meta"]["away"]
    with pytest.raises(ValueError, match="something else"):
        page._said(ValueError("something else"))


def channel_page() -> Any:
    return next(p for p in dash.page_registry.values() if p["module"].endswith("channel"))


def channel_layout(**query: str) -> Any:
    made: Callable[..., Any] = channel_page()["layout"]
    return made(**query)


def test_a_comparison_is_read_from_the_stores(app: dash.Dash, lab: Lab) -> None:
    lab.tests.put("a", {"batch": "x", "cell": "cell-1"}, "api", 1.0, "api")
    assert "cell-1" in str(layout_of("/batches/x").to_plotly_json())
