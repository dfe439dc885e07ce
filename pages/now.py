"""What needs me now: the open causes, worst first; or since when all is well, and how that is known."""

from __future__ import annotations

import dash
from dash import html

from components.host import host, page

dash.register_page(__name__, path="/", title="Now · Cellwatch", early=True)


def layout(**_query: str) -> html.Main:
    return page(host("now", "section"))
