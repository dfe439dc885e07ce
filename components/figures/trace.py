"""The traces of a channel: voltage, current and temperatures over time, and what happened on the time axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from components.figures import lane
from components.figures.theme import BESIDE, FIXED, INK_SOFT, SERIES, TEMPLATE, Figure, plain, words, wrapped
from components.figures.window import Window
from cycling.annotations import Annotation
from cycling.types import Alert

# assets/trace.js appends in this order, and after it to the two edges of the band.
LINES = (
    ("voltage_volt", "Voltage", "y", "voltage", "V", ".4f"),
    ("current_ampere", "Current", "y2", "current", "A", ".3f"),
    ("surface_temperature_celsius", "Cell", "y3", "cell", "°C", ".1f"),
    ("ambient_temperature_celsius", "Chamber", "y3", "chamber", "°C", ".1f"),
    ("setpoint_celsius", "Setpoint", "y3", "setpoint", "°C", ".1f"),
)
PANELS = (("yaxis", "Voltage (V)"), ("yaxis2", "Current (A)"), ("yaxis3", "Temperature (°C)"))
HEIGHT, HEIGHT_NARROW, EMPTY_HEIGHT = 660, 620, 160
HALF_LABEL = 40  # pixels of a day with its year, at the right edge


def trace(
    columns: Mapping[str, Sequence[Any]],
    *,
    channel: str,
    window: Window,
    alerts: Iterable[Alert] = (),
    notes: Iterable[Annotation] = (),
    begun: Sequence[tuple[float, str]] = (),
    band: Mapping[str, Sequence[float]] | None = None,
    chamber_simulated: bool = False,
    test: str = "",
) -> Figure:
    """The figure as plain data. ``columns`` are BDF names; None in a column is a gap and is drawn as one.

    ``band``: ``unix_time_second``, ``low`` and ``high`` (°C) of what the chamber is held to. ``begun``: see lane.seams.
    """
    times = window.xs(columns.get("unix_time_second", ()))
    shown = [alert for alert in alerts if _overlaps(alert, window)]
    noted = [note for note in notes if note.start <= window.end and note.end >= window.start]
    lines = [_line(series, columns, times, chamber_simulated) for series in LINES]
    empty = not any(value is not None for line in lines[:4] for value in line["y"])
    if empty:
        layout = _without_values(channel, window, test, "measured value" if times else "readings")
        return {"data": [*lines, *_band({}, window)], "layout": layout}
    quiet, turns = lane.pauses(columns, window), lane.seams(columns, begun)
    marks = [*turns, *lane.pause_events(quiet, window)]
    signs = [lane.alert_trace(shown, window), lane.note_trace(noted, window), lane.mark_trace(marks, window)]
    layout = _layout(channel, window, test)
    layout["shapes"] = [
        *lane.pause_shapes(quiet, window),
        *lane.spans(shown, window),
        *_note_spans(noted, window),
        *lane.seam_shapes(turns, window),
    ]
    layout["annotations"] += [*lane.labels(shown, window), *lane.pause_labels(quiet, window)]
    layout["meta"]["tolerance_kelvin"] = (band or {}).get("tolerance_kelvin")
    return {"data": [*lines, *_band(band or {}, window), *signs], "layout": layout}


def _line(series: tuple[str, ...], columns: Mapping[str, Sequence[Any]], times: list[int], simulated: bool) -> Figure:
    column, name, axis, colour, unit, digits = series
    values = [value if value is not None and isfinite(value) else None for value in columns.get(column, ())]
    measured = any(value is not None for value in values)  # else nothing: Plotly works on every point, drawn or not
    label = f"{name} (simulated)" if column == "ambient_temperature_celsius" and simulated else name
    is_setpoint = column == "setpoint_celsius"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label,
        "x": times if measured else [],
        "y": values if measured else [],  # digits as measured
        "yaxis": axis,
        "line": {
            "color": SERIES[colour],
            "width": 1.6,
            "dash": "dot" if is_setpoint else "solid",
            "shape": "hv" if is_setpoint else "linear",
        },
        "connectgaps": False,
        "showlegend": axis == "y3",
        "hovertemplate": f"%{{y:{digits}}} {unit}",
    }


def _band(band: Mapping[str, Sequence[float]], window: Window) -> list[Figure]:
    """What the chamber is held to, as the ground between two lines that are not drawn."""
    x = [window.x(time) for time in band.get("unix_time_second", ())]
    same = {"type": "scatter", "mode": "lines", "x": x, "yaxis": "y3", "hoverinfo": "skip", "showlegend": False}
    same |= {"line": {"width": 0, "shape": "hv"}}
    low, high = (plain(band.get(edge, ()), 2) for edge in ("low", "high"))
    filled = {"fill": "tonexty", "fillcolor": f"{SERIES['setpoint']}33"}
    return [same | {"name": "Band, low", "y": low}, same | {"name": "Band, high", "y": high} | filled]


def _layout(channel: str, window: Window, test: str) -> Figure:
    revision = f"{window.start:.0f}-{window.end:.0f}"
    domains = ((0.665, 0.895), (0.35, 0.585), (0.0, 0.27))
    axes = {
        name: {"domain": list(domain), "uirevision": revision, "title": {"text": ""}, "nticks": 5} | FIXED
        for (name, _), domain in zip(PANELS, domains, strict=True)
    }
    legend = {"x": 1, "xanchor": "right", "y": domains[2][1], "yanchor": "bottom", "font": {"size": 12}}
    if window.narrow:
        legend = {"x": 0, "xanchor": "left", "y": -0.17, "yanchor": "top", "font": {"size": 11}}
    return {
        "template": TEMPLATE,
        "height": _height(window),
        "margin": {"l": 56, "r": 10 if window.narrow else HALF_LABEL, "t": 6, "b": 40},
        "uirevision": channel,  # keeps what the reader hid; the axes follow the window that was asked for
        "hoversubplots": "axis",
        "legend": legend,
        "meta": _meta(channel, window, test),
        "xaxis": {
            "type": "date",
            "range": [window.x(window.start), window.x(window.end)],
            "anchor": "y3",
            "title": {"text": f"time ({words(window.zone)})", "font": {"size": 13}} | BESIDE,
            "nticks": 4 if window.narrow else 10,
            "tickangle": 0,
            "uirevision": revision,
            **(FIXED | {"ticklabeloverflow": "hide past div"} if window.narrow else FIXED),
        },
        **axes,
        "yaxis4": {"domain": [lane.TOP + 0.01, 1.0], "range": [0, 1], "visible": False, "fixedrange": True},
        "annotations": [
            {"text": title, "xref": "paper", "yref": "paper", "x": 0, "y": domain[1], "xanchor": "left"}
            | {"yanchor": "bottom", "showarrow": False, "font": {"size": 13, "color": INK_SOFT}}
            for (_, title), domain in zip(PANELS, domains, strict=True)
        ],
    }


def _meta(channel: str, window: Window, test: str) -> Figure:
    """What assets/trace.js needs to know of the figure."""
    return {
        "channel": channel,
        "test": test,
        "live": window.live,
        "offset_second": window.offset_second,
        "start_ms": window.x(window.start),
        "end_ms": window.x(window.end),
        "grows_to_second": window.grows_to,
        "drawn": f"{window.start:.3f}-{window.end:.3f}",
        "empty": False,
        "height": _height(window),
    }


def _height(window: Window) -> int:
    return HEIGHT_NARROW if window.narrow else HEIGHT


def _without_values(channel: str, window: Window, test: str, what: str) -> Figure:
    """One sentence: empty axes alone look broken."""
    sentence = f"No {what} {window.words()} ({window.zone})."
    hint = "They will be drawn as they arrive." if window.live else "Choose another window above."
    axes: Figure = {name: {"visible": False} for name in ("xaxis", "yaxis", "yaxis2", "yaxis3")}
    axes["xaxis"] |= {"type": "date", "range": [window.x(window.start), window.x(window.end)]}
    text = wrapped(f"{sentence} {hint}", 46 if window.narrow else 110)
    return {
        "template": TEMPLATE,
        "height": EMPTY_HEIGHT,
        "uirevision": f"{channel} {window.start:.0f}",
        "meta": _meta(channel, window, test) | {"empty": True, "height": EMPTY_HEIGHT},
        "showlegend": False,
        "annotations": [{"text": text, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}],
        **axes,
    }


def _note_spans(notes: Sequence[Annotation], window: Window) -> list[Figure]:
    """The stretch of time that a note speaks of, a line where it is a moment."""
    same = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "fillcolor": INK_SOFT}
    same |= {"line": {"color": INK_SOFT, "width": 1}}
    return [
        {**same, "name": f"note:{note.id}", "x0": window.x(note.start), "x1": window.x(note.end)}
        | {"opacity": 0.5 if note.start == note.end else 0.12}
        for note in notes
    ]


def _overlaps(alert: Alert, window: Window) -> bool:
    closed = window.end if alert.closed_at is None else alert.closed_at
    return alert.opened_at <= window.end and closed >= window.start
