"""A figure that has nothing to draw and says why: empty axes look broken."""

from __future__ import annotations

from typing import Any

from components.figures.theme import TEMPLATE, Figure, wrapped


def sentence(text: str, height: int = 140, **meta: Any) -> Figure:
    """No axes, and a sentence in the middle. ``meta`` is for the scripts of assets/."""
    axis = {"visible": False, "fixedrange": True}
    layout = {"template": TEMPLATE, "height": height, "meta": {"height": height, **meta}, "xaxis": axis, "yaxis": axis}
    return {"data": [], "layout": {**layout, "annotations": [said(text)]}}


def said(text: str, y: float = 0.5) -> Figure:
    """A sentence in the place of something that is not drawn, at a height of the figure from 0 to 1."""
    return {"text": wrapped(text), "xref": "paper", "yref": "paper", "x": 0.5, "y": y, "showarrow": False}
