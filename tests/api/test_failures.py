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
    asked = [{"id": "asked", "property": "data", "value": 1}]
    body = {
        "output": output,
        "outputs": {"id": of, "property": told},
        "inputs": asked,
        "changedPropIds": ["asked.data"],
    }
    return dash_app.server.test_client().post("/_dash-update-component", json=body)


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
