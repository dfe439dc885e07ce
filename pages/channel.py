"""One channel: what it does now, its traces over any window of time, its fade, its alerts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import Input, Output, callback, html

from components import channel as parts
from components.figures import fade as fades
from components.figures.theme import Figure
from components.figures.trace import Window, trace
from cycling.types import Alert
from data_access.caching import cached
from data_access.lab import lab

POINTS = 2000
SETTLED_SECONDS = 120.0  # what is older hardly changes, and can be remembered while the archive stands

dash.register_page(__name__, path_template="/channels/<channel>", title="Channel · Cellwatch")


def layout(channel: str = "", window: str = "", **query: str) -> html.Main:
    begin, end = query.get("from", ""), query.get("to", "")
    return parts.channel_page(channel, window, begin, end, lab().topology.time_factor)


@callback(Output(parts.TRACE, "figure"), Input(parts.ASK, "data"), Input(parts.VIEW, "data"))
def show_trace(asked: Mapping[str, Any] | None, view: parts.View) -> Figure:
    channel, topology = view["channel"], lab().topology
    window = parts.window_of(view, asked, time.time(), topology.timezone)
    place = topology.place(channel)
    columns = parts.with_setpoint(_columns(channel, window), topology.chamber(place.chamber))
    simulated = place.source == "recorded"  # the chamber of a recorded cell stands elsewhere
    return trace(columns, channel=channel, window=window, alerts=_alerts(channel), chamber_simulated=simulated)


@callback(Output(parts.FADE, "figure"), Input(parts.CYCLE, "data"), Input(parts.VIEW, "data"))
def show_fade(cycle: str | None, view: parts.View) -> Figure:
    cycles = fades.newest_test(_cycles(view["channel"], cycle))
    test = str(cycles["test"][0]) if cycles.get("test") else ""
    facts = lab().tests.get(test) or {}
    return fades.fade(cycles, test=test, end_of_life_fraction=facts.get("end_of_life_fraction") or 0.8)


def _columns(channel: str, window: Window) -> dict[str, list[Any]]:
    start, end = window.start, window.end

    def read() -> dict[str, list[Any]]:
        return dict(lab().history.trace(channel, start, end, POINTS))

    if end > time.time() - SETTLED_SECONDS:
        return read()
    return cached("trace", channel, start, end, lab().archive.version("readings"), compute=read)


def _alerts(channel: str) -> Sequence[Alert]:
    """Every alert of the channel, once; what is live is newer than what is archived."""

    def read() -> list[Alert]:
        return lab().archive.alerts(channel=channel)

    past = cached("alerts", channel, lab().archive.version("alerts"), compute=read)
    known = {alert.id: alert for alert in (*past, *lab().live.alerts(channel=channel))}
    return list(known.values())


def _cycles(channel: str, cycle: str | None) -> dict[str, list[Any]]:
    """``cycle`` changes when one has finished that the archive may not have yet."""

    def read() -> dict[str, list[Any]]:
        found = lab().history.cycles(channel=channel)
        return {str(name): list(values) for name, values in found.to_dict("list").items()}

    return cached("cycles", channel, cycle, lab().archive.version("cycles"), compute=read, seconds=60)
