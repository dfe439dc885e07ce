"""The look of every figure: one template as plain data. The colours are those of assets/theme.css.

There text and grid lines follow the light of the page; series keep 3:1 on the dark and the light ground.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

Figure = dict[str, Any]

SERIES = {
    "voltage": "#2f87c8",
    "current": "#b06f1f",
    "cell": "#c05a92",
    "chamber": "#6f8a6a",
    "setpoint": "#7d848c",
}
SEVERITY = {"P1": "#e8641b", "P2": "#f0c419", "P3": "#56b4e9", "P4": "#9aa1a9"}
INK_SOFT, LINE, EDGE = "#bcc2c9", "#3e434a", "#15171a"
COLORWAY = (*SERIES.values(), "#8a6fc0", "#3f9a94", "#a4822d", "#c2605c", "#5f7fc0")

CONFIG: Any = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "doubleClick": "autosize",  # back to the window of the page, not to the one it had when it was opened
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "resetScale2d"],
}

_AXIS = {"gridcolor": LINE, "zeroline": False, "automargin": True, "ticks": ""}
# For an axis with a title; one without would have its labels measured for nothing, which a template asks of all axes.
BESIDE: Figure = {"standoff": 8}
# An axis whose labels have their room in the margins: Plotly draws no axis twice to find out how much they need, which
# is a third of a zoom. Nor does it measure whether a label at the edge would be cut, which is another.
FIXED: Figure = {"automargin": False, "ticklabeloverflow": "allow"}
TEMPLATE: Figure = {
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK_SOFT, "size": 13},
        "colorway": list(COLORWAY),
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#f2f4f5", "bordercolor": "#9aa1a9", "font": {"color": "#15171a"}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 64, "r": 20, "t": 44, "b": 44},
    }
}


def plain(values: Iterable[Any], digits: int = 5) -> list[Any]:
    """Values as plain Python for JSON: what is not a number is missing, never 0."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        told: list[Any] = np.round(values.astype(np.float64), digits).tolist()
        return told if np.isfinite(values).all() else [value if math.isfinite(value) else None for value in told]
    return [_plain(value, digits) for value in values]


def _plain(value: Any, digits: int) -> Any:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return round(number, digits) if math.isfinite(number) else None


def words(text: str) -> str:
    """Text of people for a figure: Plotly would read some of HTML in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrapped(text: str, characters: int = 46) -> str:
    """``words`` in lines that fit on a phone; Plotly breaks none by itself."""
    return "<br>".join(words(line) for line in textwrap.wrap(text, characters))
