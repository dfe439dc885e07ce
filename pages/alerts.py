"""Alerts: open, acknowledged, shelved, and what was. The filter stands in the URL; assets/alerts.js draws it."""

from __future__ import annotations

import dash
from dash import html

from components.host import host, page

dash.register_page(__name__, path="/alerts", title="Alerts · Cellwatch")


def layout(**_query: str) -> html.Main:
    return page(host("alerts", "section"))
