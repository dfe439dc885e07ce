"""The traces of a channel: voltage, current and temperatures over time, and its alerts on the time axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.figures.theme import SERIES, SEVERITY, TEMPLATE, Figure, plain, words
from cycling.types import Alert

# assets/trace.js appends in this order.
LINES = (
    ("voltage_volt", "Voltage", "y", "voltage", "V", ".4f"),
    ("current_ampere", "Current", "y2", "current", "A", ".3f"),
    ("surface_temperature_celsius", "Cell", "y3", "cell", "°C", ".1f"),
    ("ambient_temperature_celsius", "Chamber", "y3", "chamber", "°C", ".1f"),
    ("setpoint_celsius", "Setpoint", "y3", "setpoint", "°C", ".1f"),
)
_OPEN_END = 86_400.0  # an open alert is drawn past the right edge, so that it grows with the window


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of time a figure shows, in UTC seconds; ``live`` when its right edge is now.

    ``offset_second`` is what the clock of the lab is ahead of UTC, for Plotly knows no time zones.
    """

    start: float
    end: float
    live: bool
    zone: str = "UTC"
    offset_second: float = 0.0

    def x(self, unix_time_second: float) -> float:
        """A moment as Plotly wants it: milliseconds, on the lab's clock."""
        return round(1000 * (min(unix_time_second, self.end + _OPEN_END) + self.offset_second), 1)


def trace(
    columns: Mapping[str, Sequence[Any]],
    *,
    channel: str,
    window: Window,
    alerts: Iterable[Alert] = (),
    chamber_simulated: bool = False,
    test: str = "",
) -> Figure:
    """The figure as plain data. ``columns`` are BDF names; None in a column is a gap and is drawn as one."""
    times = [window.x(t) for t in columns.get("unix_time_second", ())]
    shown = [alert for alert in alerts if _overlaps(alert, window)]
    return {
        "data": [_line(series, columns, times, chamber_simulated) for series in LINES],
        "layout": _layout(channel, window, test) | {"shapes": [s for a in shown for s in _shapes(a, window)]},
    }


def _line(series: tuple[str, ...], columns: Mapping[str, Sequence[Any]], times: list[float], simulated: bool) -> Figure:
    column, name, axis, colour, unit, digits = series
    values = columns.get(column) or [None] * len(times)
    label = f"{name} (simulated)" if column == "ambient_temperature_celsius" and simulated else name
    dash = "dot" if column == "setpoint_celsius" else "solid"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label,
        "x": list(times),
        "y": plain(values),
        "yaxis": axis,
        "line": {"color": SERIES[colour], "width": 1.6, "dash": dash},
        "connectgaps": False,
        "hovertemplate": f"%{{y:{digits}}} {unit}",
    }


def _layout(channel: str, window: Window, test: str) -> Figure:
    revision = f"{window.start:.0f}-{window.end:.0f}"
    return {
        "template": TEMPLATE,
        "height": 620,
        "uirevision": channel,  # keeps what the reader hid; the axes follow the window that was asked for
        "meta": {
            "channel": channel,
            "test": test,
            "live": window.live,
            "offset_second": window.offset_second,
            "end_ms": window.x(window.end),
            "drawn": f"{window.start:.3f}-{window.end:.3f}",
        },
        "xaxis": {
            "type": "date",
            "range": [window.x(window.start), window.x(window.end)],
            "anchor": "y3",
            "title": {"text": f"time ({words(window.zone)})"},
            "uirevision": revision,
        },
        "yaxis": {"domain": [0.7, 1.0], "title": {"text": "Voltage (V)"}, "uirevision": revision},
        "yaxis2": {"domain": [0.37, 0.65], "title": {"text": "Current (A)"}, "uirevision": revision},
        "yaxis3": {"domain": [0.0, 0.32], "title": {"text": "Temperature (°C)"}, "uirevision": revision},
    }


def _overlaps(alert: Alert, window: Window) -> bool:
    closed = window.end if alert.closed_at is None else alert.closed_at
    return alert.opened_at <= window.end and closed >= window.start


def _shapes(alert: Alert, window: Window) -> list[Figure]:
    """A span over all three graphs, and its name at its beginning."""
    start = max(alert.opened_at, window.start)
    end = window.end + _OPEN_END if alert.closed_at is None else alert.closed_at
    colour = SEVERITY[alert.severity.value]
    span = {
        "type": "rect",
        "name": f"{alert.kind}:{alert.id}",
        "xref": "x",
        "yref": "paper",
        "x0": window.x(start),
        "x1": window.x(end),
        "y0": 0,
        "y1": 1,
        "fillcolor": colour,
        "opacity": 0.16,
        "line": {"width": 0},
        "layer": "below",
    }
    begin = span | {
        "type": "line",
        "x1": window.x(start),
        "opacity": 1.0,
        "line": {"color": colour, "width": 1.5, "dash": "dot"},
        "label": {
            "text": words(f"{alert.severity.value} {alert.kind.replace('-', ' ')}"),
            "textposition": "end",
            "textangle": 0,
            "xanchor": "left",
            "yanchor": "top",
            "font": {"size": 12},
        },
    }
    return [span, begin]
