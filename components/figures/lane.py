"""What happened, on the time axis of a trace: alerts as spans with few names, pauses, restarts and people's notes.

Above the voltage runs a narrow lane with one sign for each event; its words come up when one points at it. Over the
signs stand as many names as have room beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from components.figures.theme import EDGE, INK_SOFT, SERIES, SEVERITY, Figure, words, wrapped
from components.figures.window import Columns, Window, how_long
from cycling.annotations import Annotation
from cycling.types import Alert

AXIS = "y4"
TOP = 0.93  # of the figure; above it is the lane
SYMBOLS = {"P1": "triangle-up", "P2": "diamond", "P3": "circle", "P4": "square"}
MOST_SPANS, MOST_LABELS, MOST_LABELS_NARROW, MOST_SIGNS, MOST_PAUSES = 24, 6, 2, 400, 40
_LETTER, _SIGN, _PAUSE_LABEL = 7.0, 12.0, 130.0  # pixels
_GAP_STEPS, _GAP_SECONDS = 5.0, 60.0  # as data_access draws a pause
_MEASURED = ("voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius")
_GREY = SERIES["setpoint"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """A moment with a sign in the lane, and its words."""

    time: float
    says: str


def alert_trace(alerts: Sequence[Alert], window: Window) -> Figure:
    """A sign for the begin of each alert; of very many the worst."""
    shown = by_need(alerts)[:MOST_SIGNS][::-1]  # the worst in front
    says = [f"{_name(alert)}: {alert.message}" for alert in shown]
    return _signs("Alerts", [max(alert.opened_at, window.start) for alert in shown], says, window) | {
        "marker": {
            "symbol": [SYMBOLS[alert.severity.value] for alert in shown],
            "color": [SEVERITY[alert.severity.value] for alert in shown],
            "size": 11,
            "line": {"color": EDGE, "width": 1},
        }
    }


def note_trace(notes: Sequence[Annotation], window: Window) -> Figure:
    """A sign for each note of a person."""
    shown = notes[-MOST_SIGNS:]
    says = [f"Note of {note.who}: {note.text}" for note in shown]
    marker = {"symbol": "triangle-down-open", "color": INK_SOFT, "size": 12, "line": {"width": 2}}
    return _signs("Notes", [max(note.start, window.start) for note in shown], says, window) | {"marker": marker}


def mark_trace(events: Sequence[Event], window: Window) -> Figure:
    """A sign for each restart and each pause."""
    shown = events[-MOST_SIGNS:]
    marker = {"symbol": "line-ns-open", "color": _GREY, "size": 12, "line": {"width": 2}}
    times, says = [event.time for event in shown], [event.says for event in shown]
    return _signs("Restarts and pauses", times, says, window) | {"marker": marker}


def by_need(alerts: Iterable[Alert]) -> list[Alert]:
    """The worst first, of equals the newest."""
    return sorted(alerts, key=lambda alert: (alert.severity.value, -alert.opened_at))


def spans(alerts: Sequence[Alert], window: Window) -> list[Figure]:
    """The alerts as spans over all graphs; what is for the log only is a sign alone."""
    shown = [alert for alert in by_need(alerts) if alert.severity.value != "P4"][:MOST_SPANS]
    return [_span(alert, window) for alert in shown]


def labels(alerts: Sequence[Alert], window: Window) -> list[Figure]:
    """Names for the worst alerts, as many as have room beside each other in the lane."""
    taken: list[tuple[float, float]] = []
    named: list[Figure] = []
    most = MOST_LABELS_NARROW if window.narrow else MOST_LABELS
    for alert in by_need(alerts):
        begin = max(alert.opened_at, window.start)
        left = window.pixel(begin) - _SIGN
        right = left + 2 * _SIGN + _LETTER * len(_name(alert))
        if right > window.pixel(window.end) + _SIGN or any(left < end and start < right for start, end in taken):
            continue
        taken.append((left, right))
        named.append(_label(_name(alert), begin, window))
        if len(named) == most:
            break
    return named


def pauses(columns: Columns, window: Window) -> list[tuple[float, float]]:
    """When nothing was measured: between readings, and from the edges of the window to the first and the last."""
    times = np.array(columns.get("unix_time_second", ()), dtype=np.float64)
    measured = [np.array(columns[name], dtype=np.float64) for name in _MEASURED if name in columns]
    here = ~np.isnan(measured).all(axis=0) if measured else np.zeros(len(times), dtype=bool)
    rows = np.flatnonzero(here)
    if not len(rows):
        return []
    there = times[rows]
    steps = np.diff(there)
    longest = max(_GAP_SECONDS, _GAP_STEPS * float(np.sort(steps)[len(steps) // 2])) if len(steps) else _GAP_SECONDS
    broken = np.flatnonzero((steps > longest) & (np.diff(rows) > 1))  # a row of nothing stands between them
    inside = list(zip(there[broken].tolist(), there[broken + 1].tolist(), strict=True))
    edges = [(window.start, float(there[0])), (float(there[-1]), window.end)]
    found = [*inside, *(edge for edge in edges if edge[1] - edge[0] > longest)]
    return sorted(sorted(found, key=lambda pause: pause[0] - pause[1])[:MOST_PAUSES])


def pause_shapes(found: Sequence[tuple[float, float]], window: Window) -> list[Figure]:
    """A quiet ground where nothing was measured."""
    where = {"xref": "x", "yref": "paper", "y0": 0, "y1": TOP, "layer": "below", "line": {"width": 0}}
    return [
        {"type": "rect", "name": "pause", "x0": window.x(start), "x1": window.x(end), **where}
        | {"fillcolor": _GREY, "opacity": 0.13}
        for start, end in found
    ]


def pause_labels(found: Sequence[tuple[float, float]], window: Window) -> list[Figure]:
    """How long nothing was measured, where there is room to say it."""
    return [
        _text(_no_readings(start, end), (start + end) / 2, window) | {"y": TOP - 0.02, "yanchor": "top"}
        for start, end in found
        if window.pixel(end) - window.pixel(start) >= _PAUSE_LABEL
    ]


def pause_events(found: Sequence[tuple[float, float]], window: Window) -> list[Event]:
    """The pauses that are too narrow to say it."""
    return [
        Event(time=start, says=_no_readings(start, end))
        for start, end in found
        if window.pixel(end) - window.pixel(start) < _PAUSE_LABEL
    ]


def seams(columns: Columns, begun: Sequence[tuple[float, str]] = ()) -> list[Event]:
    """Where the test's own clock began anew: the cycler restarted, or another test began.

    ``begun``: when the first cycle of each test of the channel began, and its name.
    """
    told = (columns.get(name, ()) for name in ("unix_time_second", "test_time_second"))
    times, elapsed = (np.array(values, dtype=np.float64) for values in told)
    if len(times) != len(elapsed):
        return []
    known = ~(np.isnan(times) | np.isnan(elapsed))
    times = times[known]
    turns = np.flatnonzero(np.diff(elapsed[known]) < -1.0)
    pairs = zip(times[turns].tolist(), times[turns + 1].tolist(), strict=True)
    return [Event(time=after, says=_seam(before, after, begun)) for before, after in pairs]


def seam_shapes(events: Sequence[Event], window: Window) -> list[Figure]:
    """A dotted line through all graphs at each seam."""
    return [
        {"type": "line", "name": "seam", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
        | {"x0": window.x(event.time), "x1": window.x(event.time)}
        | {"line": {"color": _GREY, "width": 1.5, "dash": "dot"}}
        for event in events[-MOST_SIGNS:]
    ]


def _seam(before: float, after: float, begun: Sequence[tuple[float, str]]) -> str:
    near = [name for start, name in begun if before - 60.0 <= start <= after + 60.0]
    return f"Test {near[-1]} begins" if near else "Test time began anew: a restart, or another test"


def _no_readings(start: float, end: float) -> str:
    return f"no readings {how_long(end - start)}"


def _name(alert: Alert) -> str:
    return f"{alert.severity.value} {alert.kind.replace('-', ' ')}"


def _span(alert: Alert, window: Window) -> Figure:
    end = window.end + 86_400.0 if alert.closed_at is None else alert.closed_at
    return {
        "type": "rect",
        "name": f"{alert.kind}:{alert.id}",
        "xref": "x",
        "yref": "paper",
        "x0": window.x(max(alert.opened_at, window.start)),
        "x1": window.x(end),
        "y0": 0,
        "y1": 1,
        "fillcolor": SEVERITY[alert.severity.value],
        "opacity": 0.11,
        "line": {"width": 0},
        "layer": "below",
    }


def _label(text: str, time: float, window: Window) -> Figure:
    return _text(text, time, window) | {"y": 1.0, "xanchor": "left", "yanchor": "top", "xshift": -7}


def _text(text: str, time: float, window: Window) -> Figure:
    where = {"x": window.x(time), "xref": "x", "yref": "paper", "showarrow": False}
    return {"text": words(text), "font": {"size": 12, "color": INK_SOFT}, **where}


def _signs(name: str, times: Sequence[float], says: Sequence[str], window: Window) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [window.x(time) for time in times],
        "y": [0.2] * len(times),  # beneath the names
        "yaxis": AXIS,
        "text": [wrapped(said, 60) for said in says],
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
        "cliponaxis": False,
    }
