"""What a page shows in the place of something that could not be made: one sentence, and never a blank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dash
from dash import html

from components.figures.sentence import sentence
from components.host import page

PAGE, TITLE = "_pages_content", "_pages_store"  # where Dash keeps the whole page, and what the window is called


def instead(outputs: Any, words: str) -> Any:
    """A value for every output of a callback that failed, one dict each: a sentence where one can stand."""
    if isinstance(outputs, Mapping) and "property" not in outputs:  # named outputs
        return {name: instead(one, words) for name, one in outputs.items()}
    if isinstance(outputs, list | tuple):
        return [instead(one, words) for one in outputs]
    if outputs["id"] == TITLE:
        return {"title": "Cellwatch"}
    kinds: dict[str, Callable[[str], Any]] = {"figure": sentence, "children": said}
    if outputs["property"] not in kinds:
        return dash.no_update
    return whole_page(words) if outputs["id"] == PAGE else kinds[outputs["property"]](words)


def said(words: str) -> html.Span:
    """The sentence in the place of a part of a page."""
    return html.Span(words, className="failed", role="alert")


def whole_page(words: str) -> html.Main:
    """A page that has only the sentence."""
    return page(html.H1("This page cannot be shown now"), said(words))
