"""Pages as plain HTML for their first sight: the same elements, attributes and texts as Dash draws."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from components.early import markup
from components.host import host, page
from components.shell import shell
from cycling.topology import Topology


class Read(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_elements_attributes_and_texts_are_those_of_the_components() -> None:
    tree = html.Div([html.H1("Now"), html.Br(), dcc.Link("All", href="/wall"), host("x", "y", data_name="z"), None, 3])
    found = Read(markup(tree))
    assert found.elements == [
        ("div", {}),
        ("h1", {}),
        ("br", {}),
        ("a", {"href": "/wall"}),
        ("div", {"id": "x", "class": "y", "data-name": "z"}),
    ]
    assert found.text == "NowAll3"


def test_what_only_dash_needs_is_not_there_and_what_only_dash_draws_is_refused() -> None:
    assert markup([dcc.Store(id="s", data=1), html.P(hidden=True), html.P(hidden=False)]) == "<p hidden></p><p></p>"
    with pytest.raises(TypeError, match=r"dash_core_components.Graph cannot be drawn before Dash"):
        markup(page(dcc.Graph()))


@given(st.text(), st.text())
def test_no_text_and_no_name_can_become_markup(text: str, name: str) -> None:
    found = Read(markup(html.P(text, id=name, title=text)))
    assert [tag for tag, _ in found.elements] == ["p"]
    assert found.elements[0][1].keys() == {"id", "title"}


def test_the_frame_of_all_pages_stands_with_its_page() -> None:
    topology = Topology(name="<b>Lab</b>")
    found = Read(markup(shell(topology, "1.2.3", "operator", "<i>me</i>", content=page(host("now")))))
    known: dict[str, Any] = {attributes["id"]: tag for tag, attributes in found.elements if attributes.get("id")}
    assert known["shell"] == "div"
    assert known["main"] == "main"
    assert "now" in known
    assert "<b>Lab</b>" in found.text
    assert "You are: <i>me</i>" in found.text
