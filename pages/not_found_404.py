"""No such page."""

from __future__ import annotations

import dash
from dash import dcc, html

from components.host import page

dash.register_page(__name__, title="No such page · Cellwatch")


def layout(**_query: str) -> html.Main:
    way_back = html.P([dcc.Link("What needs me now", href="/"), " · ", dcc.Link("The wall", href="/wall")])
    return page(html.H1("No such page"), html.P("This address leads nowhere.", className="how"), way_back)
