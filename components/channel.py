"""The page of one channel: its head, its traces over a window of time, how it has faded, notes and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dash import dcc, html

from components.address import SPANS, Asked
from components.figures.theme import Figure
from components.figures.window import Window
from components.host import attributes, graph, host, page
from cycling.annotations import Annotation
from cycling.detectors.chamber_off_setpoint import ChamberOffSetpoint
from cycling.topology import Chamber
from cycling.types import Alert

TRACE, FADE, CURVES = "channel-trace", "channel-fade", "channel-curves"
VIEW, ASK, CYCLE = "channel-view", "channel-ask", "channel-cycle"
WIDTH_COOKIE = "cellwatch-graph"  # how wide assets/trace.js expects the graph to be
FIRST_SPAN, FIRST_SPAN_OF_A_DEMO = "1h", "15m"
WIDTH, LEAST_WIDTH, MOST_WIDTH = 1100, 200, 4000  # pixels of a graph
LEAST_SECONDS = 60.0  # of a window that begins with the first reading
_NOW_SHARE = 0.02  # a window that ends this share of itself before now still counts as ending now

View = Mapping[str, Any]


def usual_span(time_factor: float) -> str:
    """The window of time without a wish: a demo runs faster than life."""
    return FIRST_SPAN if time_factor == 1 else FIRST_SPAN_OF_A_DEMO


def view_of(channel: str, asked: Asked) -> dict[str, Any]:
    """What an address asks the page to show."""
    return {"channel": channel, "span": asked.span, "from": asked.start, "to": asked.end, "at": asked.at}


def channel_page(channel: str, asked: Asked, first: Figure | None = None, width: int | None = None) -> html.Main:
    """The layout of a channel that has sent readings. ``first``: its traces as they are drawn for a graph of so many
    pixels; without it, or where the graph has another width, the browser asks for them."""
    view = view_of(channel, asked) | {"width": None if first is None else width}
    notes = host("channel-notes", "section", data_name=channel, data_at="" if asked.at is None else str(asked.at))
    return page(
        html.Div(host("channel-live", data_name=channel), className="section"),
        *[html.P(fault, className="fault", role="status") for fault in asked.faults],
        html.Div(
            [
                html.Div([_traces(channel, asked, first), notes, _history(channel)], className="column"),
                html.Div(
                    [
                        _section("Capacity fade", graph(FADE, "middle")),
                        _section("Last cycle against earlier ones", graph(CURVES, "low")),
                    ],
                    className="column",
                ),
            ],
            className="columns",
        ),
        host("channel-print"),
        dcc.Store(id=VIEW, data=view),
        dcc.Store(id=ASK),
        dcc.Store(id=CYCLE),
    )


def unheard_page(channel: str, named: bool) -> html.Main:
    """A channel without any reading: one sentence, and no graphs that would look broken."""
    waiting = "lab.toml names this channel, but no reading of it has arrived yet: see whether its cycler sends."
    unknown = "No channel of this name is in lab.toml, and none has sent a reading: see whether it is spelled right."
    return page(
        html.H1(channel, className="channel-name"),
        html.P(waiting if named else unknown, className="how"),
        html.P(["All channels are on ", dcc.Link("the wall", href="/wall"), "."], className="how"),
    )


def window_of(view: View, asked: Mapping[str, Any] | None, now: float, zone: str) -> Window:
    """The window to draw: what is asked for, else the last span until now, or until the moment the address names.

    The URL and a zoom ask with ``from`` and ``to``, a graph that is live with ``last_second``, a double click
    with neither. ``width`` is that of the graph in pixels.
    """
    at = view.get("at")
    last = now if at is None else min(float(at), now)
    start, end = _between(asked or {}) or _until(asked or {}, last) or _of_page(view, last)
    live = at is None and end >= now - max(5.0, _NOW_SHARE * (end - start))
    offset = _offset(zone, end)
    return Window(start=start, end=end, live=live, zone=zone, offset_second=offset, width=width_of(asked))


def begun_late(window: Window, asked: Mapping[str, Any] | None, view: View, first: float | None) -> Window:
    """The window of a lab that is younger than it: from the very first reading on, until there is enough to fill it.
    One whose edges somebody asked for stays as it is."""
    wanted = _between(asked or {}) or _between(view)
    span = window.end - window.start
    start = min(first or 0.0, window.end - LEAST_SECONDS)
    if wanted or start - window.start <= _NOW_SHARE * span:
        return window
    return replace(window, start=start, grows_to=span if window.live else 0.0)


def width_of(asked: Mapping[str, Any] | None) -> int:
    """The width of the graph that the browser says, in whole hundreds of pixels."""
    told = (asked or {}).get("width")
    pixels = float(told) if isinstance(told, int | float) and told == told else float(WIDTH)
    return int(min(max(round(pixels, -2), LEAST_WIDTH), MOST_WIDTH))


def with_setpoint(columns: Mapping[str, Sequence[Any]], chamber: Chamber | None) -> dict[str, Sequence[Any]]:
    """The columns of a trace and what the chamber was told to hold at each of its times."""
    times = columns.get("unix_time_second", [])
    if chamber is None:
        return dict(columns)
    return {**columns, "setpoint_celsius": [chamber.setpoint_at(time) for time in times]}


def setpoint_band(chamber: Chamber | None, window: Window) -> dict[str, Any]:
    """What the air of the chamber is held to over a window: its edges in °C wherever the setpoint changes."""
    if chamber is None:
        return {}
    tolerance = chamber.tolerance_kelvin or ChamberOffSetpoint().tolerance_kelvin
    inside = [change.at for change in chamber.setpoints if window.start < change.at < window.end]
    times = [window.start, *inside, window.end]
    held = [chamber.setpoint_at(time) for time in times]
    low, high = [value - tolerance for value in held], [value + tolerance for value in held]
    return {"unix_time_second": times, "low": low, "high": high, "tolerance_kelvin": tolerance}


def alerts_as_of(alerts: Iterable[Alert], at: float | None) -> list[Alert]:
    """The alerts as they were known at a moment: later ones were not there, and what ended later was open."""
    if at is None:
        return list(alerts)
    known = [alert for alert in alerts if alert.opened_at <= at]
    return [replace(a, closed_at=None) if a.closed_at is not None and a.closed_at > at else a for a in known]


def notes_as_of(notes: Iterable[Annotation], at: float | None) -> list[Annotation]:
    """The notes that were written by a moment."""
    return [note for note in notes if at is None or note.at <= at]


def cycles_as_of(cycles: Mapping[str, Sequence[Any]], at: float | None) -> dict[str, list[Any]]:
    """The cycles that had ended by a moment."""
    ends = cycles.get("end_unix_time_second", ())
    rows = [row for row, end in enumerate(ends) if at is None or end <= at]
    return {name: [values[row] for row in rows] for name, values in cycles.items()}


def begun(cycles: Mapping[str, Sequence[Any]]) -> list[tuple[float, str]]:
    """When the first cycle of each test began, and the test, in order."""
    first: dict[str, float] = {}
    for test, start in zip(cycles.get("test", ()), cycles.get("start_unix_time_second", ()), strict=False):
        first[str(test)] = min(float(start), first.get(str(test), float(start)))
    return sorted((start, test) for test, start in first.items())


def _section(title: str, *children: Any) -> html.Section:
    return html.Section([html.H2(title), *children], className="section")


def _traces(channel: str, asked: Asked, first: Figure | None) -> html.Section:
    return _section("Traces", _spans(channel, asked), graph(TRACE, "tall", first))


def _spans(channel: str, asked: Asked) -> html.Nav:
    shown = asked.span if asked.start is None else None
    links = [_span(channel, span, asked.at, span == shown) for span in SPANS]
    return html.Nav(links, className="views", **attributes(aria_label="How much time the traces show"))


def _span(channel: str, span: str, at: float | None, chosen: bool) -> html.A:
    marks = attributes(data_nav="true", aria_current="page" if chosen else None)
    query = urlencode({"window": span} | ({} if at is None else {"at": f"{at:.0f}"}))
    href = f"/channels/{quote(channel, safe='')}?{query}"
    return html.A(span, href=href, className="view", **marks)


def _history(channel: str) -> html.Section:
    query = urlencode({"show": "history", "channel": channel})
    link = html.A("every alert of this channel", href=f"/alerts?{query}", **attributes(data_nav="true"))
    past = host("channel-past", "section", data_name=channel)
    words = html.P(["See ", link, "."], className="how")
    return html.Section([html.H2("Alerts"), past, words], className="section", id="channel-history")


def _between(asked: Mapping[str, Any]) -> tuple[float, float] | None:
    start, end = asked.get("from"), asked.get("to")
    return (float(start), float(end)) if start is not None and end is not None and start < end else None


def _until(asked: Mapping[str, Any], last: float) -> tuple[float, float] | None:
    return (last - float(asked["last_second"]), last) if asked.get("last_second") else None


def _of_page(view: View, last: float) -> tuple[float, float]:
    """The last span until now."""
    return last - SPANS.get(str(view.get("span")), SPANS[FIRST_SPAN]), last


def _offset(zone: str, at: float) -> float:
    """What the clocks of the lab are ahead of UTC; 0 for a zone that this machine does not know."""
    try:
        ahead = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return 0.0
    return (ahead or timedelta()).total_seconds()
