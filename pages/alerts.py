"""Alerts: how good they are, and the lists that assets/alerts.js draws. What is shown stands in the URL."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, callback, html

from components import alarm_quality as parts
from components.host import host, page
from cycling.alarm_quality import Quality
from data_access.alert_log import quality_of
from data_access.caching import cached
from data_access.lab import StoreAway, lab

dash.register_page(__name__, path="/alerts", title="Alerts · Cellwatch")


def layout(**query: str) -> html.Main:
    return page(html.H1("Alerts"), parts.panel(query), host("alerts", "section"))


@callback(
    Output(parts.SUMMARY, "children"),
    Output(parts.BODY, "children"),
    Input(parts.TICK, "n_intervals"),
    Input(parts.DAYS, "data"),
)
def show_quality(_tick: int | None, days: int) -> tuple[Any, Any]:
    try:
        told = _quality(days)
    except StoreAway as away:  # the lists below come from elsewhere and go on
        return "How good the alerts are cannot be read now", str(away)
    return parts.summary(told), parts.body(told)


def _quality(days: int) -> Quality:
    """Worked out once a minute, however many look."""
    minute = time.time() // 60 * 60

    def read() -> Quality:
        return quality_of(lab(), days, time.time())

    return cached("alert-quality", days, minute, compute=read)
