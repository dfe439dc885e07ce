"""A figure that has nothing to draw and says why."""

from __future__ import annotations

import textwrap

from components.figures.theme import TEMPLATE, Figure, words

LINE_CHARACTERS = 60  # what stands on a phone in one line


def sentence(text: str) -> Figure:
    """An empty figure with a sentence in its middle."""
    lines = "<br>".join(words(line) for line in textwrap.wrap(text, LINE_CHARACTERS))
    told = {
        "text": lines,
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "font": {"size": 15},
    }
    axis = {"visible": False, "fixedrange": True}
    return {"data": [], "layout": {"template": TEMPLATE, "xaxis": axis, "yaxis": axis, "annotations": [told]}}
