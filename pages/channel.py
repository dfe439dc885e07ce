"""One channel: what it does now, its traces over any window of time, its fade, its notes and alerts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, callback, clientside_callback, html
from flask import has_request_context, request

from components import channel as parts
from components.address import asked as asked_by
from components.figures import curves as curve_figures
from components.figures import fade as fades
from components.figures.sentence import sentence
from components.figures.theme import Figure
from components.figures.trace import trace
from cycling.topology import Topology
from data_access import of_channel
from data_access.lab import StoreAway, lab
from pages.path import in_path

POINTS_PER_PIXEL = 2

dash.register_page(__name__, path_template="/channels/<channel>", title="Channel · Cellwatch")

# The browser says how wide the graphs are before the first figure is drawn.
clientside_callback(
    ClientsideFunction("cellwatch", "first_ask"),
    Output(parts.ASK, "data"),
    Output(parts.CYCLE, "data"),
    Input(parts.VIEW, "data"),
)


def _said(error: Exception) -> Figure:
    """A store that is away is a sentence in the figure, which assets/trace.js asks for again."""
    if not isinstance(error, StoreAway):
        raise error
    return sentence(str(error), away=True)


def layout(channel: str = "", **query: str) -> html.Main:
    topology, channel = lab().topology, in_path("channels", channel)
    if not _is_heard(channel):
        return parts.unheard_page(channel, named=channel in topology.places)
    usual = parts.usual_span(topology.time_factor)
    asked = asked_by(query, now=time.time(), zone=topology.timezone, usual=usual)
    told = request.cookies.get(parts.WIDTH_COOKIE, "") if has_request_context() else ""
    if not told.isdecimal():
        return parts.channel_page(channel, asked)
    width = parts.width_of({"width": int(told[:5])})
    return parts.channel_page(channel, asked, _first(topology, parts.view_of(channel, asked), width), width)


@callback(Output(parts.TRACE, "figure"), Input(parts.ASK, "data"), Input(parts.VIEW, "data"), on_error=_said)
def show_trace(asked: Mapping[str, Any] | None, view: parts.View) -> Figure:
    if not isinstance(asked, Mapping):
        raise dash.exceptions.PreventUpdate
    topology = lab().topology
    return _trace(topology, view, asked)


@callback(Output(parts.FADE, "figure"), Input(parts.CYCLE, "data"), Input(parts.VIEW, "data"), on_error=_said)
def show_fade(asked: Mapping[str, Any] | None, view: parts.View) -> Figure:
    if not isinstance(asked, Mapping):
        raise dash.exceptions.PreventUpdate
    cycles, test = _newest_test(asked, view)
    many, band = of_channel.fellows(lab(), test, view.get("at"))
    facts = {**(lab().tests.get(test) or {}), "fellows": many}
    return fades.fade(cycles, test=test, facts=facts, band=band, width=parts.width_of(asked))


@callback(Output(parts.CURVES, "figure"), Input(parts.CYCLE, "data"), Input(parts.VIEW, "data"), on_error=_said)
def show_curves(asked: Mapping[str, Any] | None, view: parts.View) -> Figure:
    if not isinstance(asked, Mapping):
        raise dash.exceptions.PreventUpdate
    cycles, test = _newest_test(asked, view)
    found = of_channel.discharges(lab(), view["channel"], test, curve_figures.chosen(cycles))
    return curve_figures.curves(found, test=test, width=parts.width_of(asked))


def _first(topology: Topology, view: parts.View, width: int) -> Figure | None:
    """The traces as the page opens with them: the browser need not ask for them once more after it has the page."""
    try:
        return _trace(topology, view, {"from": view["from"], "to": view["to"], "width": width})
    except StoreAway:
        return None  # asked again by the browser, which says so and goes on asking


def _is_heard(channel: str) -> bool:
    try:
        return of_channel.is_heard(lab(), channel)
    except StoreAway:
        return True  # the figures say what is away


def _newest_test(asked: Mapping[str, Any], view: parts.View) -> tuple[fades.Columns, str]:
    found = of_channel.cycles(lab(), view["channel"], asked.get("key"))
    cycles = fades.newest_test(parts.cycles_as_of(found, view.get("at")))
    return cycles, str(cycles["test"][0]) if cycles.get("test") else ""


def _trace(topology: Topology, view: parts.View, asked: Mapping[str, Any]) -> Figure:
    place, at = topology.place(view["channel"]), view.get("at")
    window = parts.window_of(view, asked, time.time(), topology.timezone)
    window = parts.begun_late(window, asked, view, of_channel.first_of_all(lab(), place.cycler))
    chamber = topology.chamber(place.chamber)
    points = POINTS_PER_PIXEL * window.width
    columns = of_channel.traces(lab(), place.channel, window.start, window.end, points)
    return trace(
        parts.with_setpoint(columns, chamber),
        channel=place.channel,
        window=window,
        alerts=parts.alerts_as_of(of_channel.alerts(lab(), place.channel), at),
        notes=parts.notes_as_of(of_channel.notes(lab(), place.channel), at),
        begun=parts.begun(of_channel.cycles(lab(), place.channel, None)),
        band=parts.setpoint_band(chamber, window),
        chamber_simulated=place.source == "recorded",  # the chamber of a recorded cell stands elsewhere
    )
