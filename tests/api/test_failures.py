"""A callback that fails: one sentence in the page, one entry in the log, never a blank."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash
import pytest

import app
from api.hub import FrameHub
from api.stream import HUB
from components.failure import instead
from data_access.lab import Lab, StoreAway
from tests.api.test_app import settings
from tests.components.build import texts

CALLBACKS = "/_dash-update-component"
GOOD: dict[str, Any] = {
    "output": "part.data",
    "outputs": {"id": "part", "property": "data"},
    "inputs": [{"id": "asked", "property": "data", "value": 1}],
    "changedPropIds": ["asked.data"],
}


@pytest.fixture
def dash_app(lab: Lab, redis_home: Path) -> Iterator[dash.Dash]:
    made = app.create_app(lab, settings(redis_home))
    yield made
    hub: FrameHub = made.server.extensions[HUB]
    hub.close()
    dash.page_registry.clear()


def ask(dash_app: dash.Dash, output: str) -> Any:
    """What a browser gets that changes the input of a callback."""
    of, told = output.rsplit(".", 1)
    body = {**GOOD, "output": output, "outputs": {"id": of, "property": told}}
    return dash_app.server.test_client().post(CALLBACKS, json=body)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StoreAway("The archive at x cannot be read."), "The archive at x cannot be read."),
        (KeyError("boom"), "the log"),
    ],
)
@pytest.mark.parametrize("output", ["part.children", "part.figure", "part.data"])
def test_what_fails_says_so_in_its_place(
    dash_app: dash.Dash, caplog: pytest.LogCaptureFixture, output: str, error: Exception, words: str
) -> None:
    of, told = output.rsplit(".", 1)

    @dash_app.callback(dash.Output(of, told), dash.Input("asked", "data"))
    def fails(_asked: int) -> None:
        raise error

    with caplog.at_level(logging.WARNING):
        answer = ask(dash_app, output)
    assert answer.status_code in (200, 204)
    assert (words in answer.text) is (told != "data")
    assert "boom" not in answer.text
    assert "Traceback" not in answer.text
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "The body is no JSON object"),
        ([], "The body is no JSON object"),
        ({}, 'output="None": there is no such callback'),
        ({"output": "<b>.x"}, 'output="<b>.x": there is no such callback'),
        ({"output": ["a"]}, "there is no such callback"),
        ({"output": "part.data"}, "inputs of part.data does not have the 1 values that belong there"),
        ({"output": "part.data", "inputs": 5}, "inputs of part.data"),
        ({"output": "part.data", "inputs": [5]}, "inputs of part.data"),
        ({"output": "part.data", "inputs": [{"id": None, "property": "data"}]}, "inputs of part.data"),
        ({**GOOD, "state": [GOOD["inputs"][0]]}, "state of part.data does not have the 0 values"),
        ({**GOOD, "outputs": "part"}, "outputs of part.data names no property"),
        ({**GOOD, "changedPropIds": 5}, "changedPropIds is no list of names"),
        ({**GOOD, "changedPropIds": [{}]}, "changedPropIds is no list of names"),
    ],
)
def test_a_body_that_no_page_sends_is_refused_with_one_sentence(
    dash_app: dash.Dash, caplog: pytest.LogCaptureFixture, body: Any, words: str
) -> None:
    @dash_app.callback(dash.Output("part", "data"), dash.Input("asked", "data"))
    def never(_asked: int) -> int:
        return 1

    client = dash_app.server.test_client()
    assert client.post(CALLBACKS, json=GOOD).status_code == 200
    sent = {"data": body, "content_type": "application/json"} if isinstance(body, str) else {"json": body}
    answer = client.post(CALLBACKS, **sent)
    assert answer.status_code == 400
    assert words in answer.json["error"]
    assert answer.json["error"].endswith("expected what a page of this lab sends; reload the page.")
    assert caplog.records == []


def test_a_page_that_cannot_be_made_is_a_page_with_a_sentence() -> None:
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    shown, stored = instead(outputs, "The archive is away.")
    assert "The archive is away." in texts(shown)
    assert shown.to_plotly_json()["props"]["id"] == "main"
    assert stored == {"title": "Cellwatch"}  # Dash takes the name of the window from it, and fails without


def test_a_sentence_in_a_figure_is_words() -> None:
    figure = instead({"id": "x", "property": "figure"}, "<img src=x> " + "word " * 40)
    text = figure["layout"]["annotations"][0]["text"]
    assert "&lt;img" in text
    assert text.count("<br>") >= 3
