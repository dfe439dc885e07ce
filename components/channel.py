"""The page of one channel: its head, its traces over a window of time, and how it has faded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dash import dcc, html

from components.figures.trace import Window
from components.host import attributes, graph, host, page
from cycling.topology import Chamber

TRACE, FADE = "channel-trace", "channel-fade"
VIEW, ASK, CYCLE = "channel-view", "channel-ask", "channel-cycle"
SPANS = {"15m": 900.0, "1h": 3600.0, "6h": 21_600.0, "24h": 86_400.0, "7d": 604_800.0, "30d": 2_592_000.0}
FIRST_SPAN, FIRST_SPAN_OF_A_DEMO = "1h", "15m"
_NOW_SHARE = 0.02  # a window that ends this share of itself before now still counts as ending now

View = Mapping[str, Any]


def channel_page(channel: str, span: str, start: str, end: str, time_factor: float = 1.0) -> html.Main:
    """The layout. What is shown stands in the URL: ``?window=6h`` or ``?from=…&to=…`` in UTC seconds."""
    usual = FIRST_SPAN if time_factor == 1 else FIRST_SPAN_OF_A_DEMO
    chosen = span if span in SPANS else usual
    view = {"channel": channel, "span": chosen}
    return page(
        html.Div(host("channel-live", data_name=channel), className="section"),
        _section("Traces", _spans(channel, chosen), graph(TRACE, "tall")),
        _section("Capacity fade", graph(FADE, "middle")),
        _history(channel),
        dcc.Store(id=VIEW, data=view),
        dcc.Store(id=ASK, data={"from": _seconds(start), "to": _seconds(end)}),
        dcc.Store(id=CYCLE),
    )


def window_of(view: View, asked: Mapping[str, Any] | None, now: float, zone: str) -> Window:
    """The window to draw: what is asked for, else the last span until now.

    The URL and a zoom ask with ``from`` and ``to``, a graph that is live with ``last_second``, a double click
    with neither.
    """
    start, end = _between(asked or {}) or _until_now(asked or {}, now) or _of_page(view, now)
    live = end >= now - max(5.0, _NOW_SHARE * (end - start))
    return Window(start=start, end=end, live=live, zone=zone, offset_second=_offset(zone, now))


def with_setpoint(columns: Mapping[str, Sequence[Any]], chamber: Chamber | None) -> dict[str, Sequence[Any]]:
    """The columns of a trace and what the chamber was told to hold at each of its times."""
    times = columns.get("unix_time_second", [])
    if chamber is None:
        return dict(columns)
    return {**columns, "setpoint_celsius": [chamber.setpoint_at(time) for time in times]}


def _section(title: str, *children: Any) -> html.Section:
    return html.Section([html.H2(title), *children], className="section")


def _spans(channel: str, chosen: str) -> html.Nav:
    links = [_span(channel, span, span == chosen) for span in SPANS]
    return html.Nav(links, className="views", **attributes(aria_label="How much time the traces show"))


def _span(channel: str, span: str, chosen: bool) -> html.A:
    marks = attributes(data_nav="true", aria_current="page" if chosen else None)
    href = f"/channels/{quote(channel, safe='')}?window={span}"
    return html.A(span, href=href, className="view", **marks)


def _history(channel: str) -> html.Section:
    query = urlencode({"show": "history", "channel": channel})
    link = html.A("every alert of this channel", href=f"/alerts?{query}", **attributes(data_nav="true"))
    return _section(
        "Alerts", host("channel-past", "section", data_name=channel), html.P(["See ", link, "."], className="how")
    )


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _between(asked: Mapping[str, Any]) -> tuple[float, float] | None:
    start, end = asked.get("from"), asked.get("to")
    return (float(start), float(end)) if start is not None and end is not None and start < end else None


def _until_now(asked: Mapping[str, Any], now: float) -> tuple[float, float] | None:
    return (now - float(asked["last_second"]), now) if asked.get("last_second") else None


def _of_page(view: View, now: float) -> tuple[float, float]:
    """The last span until now."""
    return now - SPANS.get(str(view.get("span")), SPANS[FIRST_SPAN]), now


def _offset(zone: str, at: float) -> float:
    """What the clocks of the lab are ahead of UTC; 0 for a zone that this machine does not know."""
    try:
        ahead = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return 0.0
    return (ahead or timedelta()).total_seconds()
