"""The last cycle against earlier ones: voltage over the charge taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from components.figures.sentence import sentence
from components.figures.theme import BESIDE, COLORWAY, INK_SOFT, SERIES, TEMPLATE, Figure, plain
from components.figures.window import NARROW

Curve = tuple[int, Sequence[float], Sequence[float]]  # cycle, Ah taken out, V
COLOURS = (SERIES["setpoint"], COLORWAY[6], SERIES["voltage"])


def curves(found: Sequence[Curve], *, test: str, width: int = 1100) -> Figure:
    """One line for each cycle, the newest in front; a sentence while there are none."""
    drawn = [curve for curve in found if _has_points(curve)]
    if not drawn:
        return sentence("No whole cycle with its readings yet.", test=test)
    colours = COLOURS[-len(drawn) :]
    height = 340 if width < NARROW else 360
    below = {"x": 0, "y": -0.24, "yanchor": "top"}
    beside = {"x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"}
    data = [_line(curve, colour, last=curve is drawn[-1]) for curve, colour in zip(drawn, colours, strict=False)]
    return {
        "data": data,
        "layout": {
            "template": TEMPLATE,
            "height": height,
            "meta": {"test": test, "height": height},
            "margin": {"l": 44, "r": 10, "t": 26, "b": 40},
            "uirevision": test,
            "hovermode": "closest",
            "showlegend": True,
            "legend": {"orientation": "h", **(below if width < NARROW else beside)},
            "xaxis": {"title": {"text": "Charge taken out (Ah)", "font": {"size": 13}} | BESIDE, "rangemode": "tozero"},
            "yaxis": {"title": {"text": ""}},
            "annotations": [_title("Voltage (V)")],
        },
    }


def chosen(cycles: Mapping[str, Sequence[Any]]) -> list[tuple[int, float, float]]:
    """An early, a middle and the last of the whole cycles of a test: number, begin and end in UTC seconds."""
    rows = [row for row, kind in enumerate(cycles.get("kind", ())) if kind in ("regular", "checkup")]
    if not rows:
        return []
    early = rows[min(2, len(rows) - 1)]  # the first two still settle
    wanted = sorted({early, rows[len(rows) // 2], rows[-1]})
    begin, end = cycles["start_unix_time_second"], cycles["end_unix_time_second"]
    return [(int(cycles["cycle_count"][row]), float(begin[row]), float(end[row])) for row in wanted]


def _has_points(curve: Curve) -> bool:
    return any(isfinite(charge) and isfinite(voltage) for charge, voltage in zip(curve[1], curve[2], strict=True))


def _line(curve: Curve, colour: str, last: bool) -> Figure:
    cycle, charge, voltage = curve
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"cycle {cycle}",
        "x": plain(charge),
        "y": plain(voltage),
        "line": {"color": colour, "width": 2.2 if last else 1.4, "dash": "solid" if last else "dot"},
        "hovertemplate": "%{x:.3f} Ah, %{y:.3f} V",
    }


def _title(text: str) -> Figure:
    where = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": 13, "color": INK_SOFT}, **where}
