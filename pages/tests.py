"""Every test the lab knows, running and past. assets/tests.js draws it with AG Grid."""

from __future__ import annotations

import dash
from dash import html

from components.host import host, page

dash.register_page(__name__, path="/tests", title="Tests · Cellwatch")


def layout(**_query: str) -> html.Main:
    return page(html.H1("Tests"), host("tests", "section"))
