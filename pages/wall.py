"""The wall: every channel in its place, and the few causes that need someone. assets/wall.js draws it."""

from __future__ import annotations

import dash
from dash import html

from components.host import host

dash.register_page(__name__, path="/wall", title="Wall · Cellwatch")


def layout(**_query: str) -> html.Main:
    return html.Main(host("wall", "wall"), id="main")
