"""Every tile, card and figure on canned data; app.py leaves it out unless CELLWATCH_DEBUG is 1."""

from __future__ import annotations

import dash
from dash import html

from components.storybook import storybook_page

dash.register_page(__name__, path="/storybook", title="Storybook · Cellwatch")


def layout(size: str = "", **_query: str) -> html.Main:
    return storybook_page(size)
