"""Many tests in one figure: fade, efficiency and temperature, each as bands with the few lines that stand apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.figures.sentence import said, sentence
from components.figures.theme import BESIDE, COLORWAY, FIXED, SERIES, TEMPLATE, Figure, plain, words
from cycling.cohort import Bands, Cohort, Group, Line

GREY = SERIES["setpoint"]
TITLES = {
    "cycle": "Cycle",
    "throughput": "Throughput (equivalent full cycles)",
    "time": "Time since the first cycle began (days)",
    "health": "State of health (%)",
    "capacity": "Discharge capacity (Ah)",
}
PANELS = {
    "fade": ("y", [0.47, 1.0]),
    "efficiency": ("y2", [0.25, 0.42]),
    "temperature": ("y3", [0.0, 0.2]),
}
NOTHING = {
    "health": "No state of health yet: it needs three whole cycles.",
    "capacity": "No capacity yet: it needs a whole cycle.",
    "efficiency": "No coulombic efficiency is known.",
    "temperature": "No temperature of a cell was measured.",
}
UNITS = {"health": "%", "capacity": "Ah", "efficiency": "%", "temperature": "°C"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the figure was asked for: names to show for tests, the line of end of life, the part of the axis."""

    labels: Mapping[str, str] = field(default_factory=dict)
    end_of_life_percent: float | None = None
    window: tuple[float, float] | None = None


def cohort_figure(shown: Cohort, look: Look) -> Figure:
    """The figure as plain data. Bands and the grey layer answer to no pointer; the median says all its percentiles."""
    many = len(shown.groups) > 1
    named = sum(group.tests for group in shown.groups) == len(shown.lines)
    data = [_layer(shown)] if shown.layer else []
    for number, group in enumerate(shown.groups):
        colour = COLORWAY[number % len(COLORWAY)] if many else SERIES["voltage"]
        for panel in PANELS:
            data += _bands(group, panel, colour, shown.measure, f"{words(group.name)}: " if many else "")
    data += [trace for number, line in enumerate(shown.lines) for trace in _lines(line, number, shown, look, named)]
    drawn = {trace["yaxis"] for trace in data if any(value is not None for value in trace["y"])}
    if not drawn:
        return sentence(NOTHING[shown.measure])
    layout = _layout(shown, look)
    if "y" in drawn:  # a line alone would make an axis of its own around itself
        layout["shapes"] = _end_of_life(shown, look.end_of_life_percent)
    layout["annotations"] = [
        said(NOTHING[shown.measure if panel == "fade" else panel], sum(domain) / 2)
        for panel, (axis, domain) in PANELS.items()
        if axis not in drawn
    ]
    return {"data": data, "layout": layout}


def _bands(group: Group, panel: str, colour: str, measure: str, whose: str) -> list[Figure]:
    found = group.bands[panel]
    if not len(found.places):
        return []
    axis = PANELS[panel][0]
    first = panel == "fade"
    same = {"yaxis": axis, "legendgroup": f"bands {group.name}", "showlegend": first}
    wide = _area(found, 0, 4, colour, 0.16) | same | {"name": f"{whose}90 % of the tests"}
    narrow = _area(found, 1, 3, colour, 0.28) | same | {"name": f"{whose}the middle half"}
    return [
        wide,
        narrow,
        _median(found, colour, UNITS[measure if first else panel]) | same | {"name": _of(group, whose)},
    ]


def _of(group: Group, whose: str) -> str:
    return f"{whose}median of {group.tests} tests"


def _area(found: Bands, low: int, high: int, colour: str, opacity: float) -> Figure:
    """The closed outline between two percentiles."""
    places, values = plain(found.places, 4), found.values
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": places + places[::-1],
        "y": plain(values[low], 3) + plain(values[high], 3)[::-1],
        "fill": "toself",
        "fillcolor": f"rgba({red},{green},{blue},{opacity})",
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }


def _median(found: Bands, colour: str, unit: str) -> Figure:
    percentiles = [plain(values, 3) for values in found.values[[0, 1, 3, 4]]]
    said = [list(column) for column in zip(*percentiles, found.count.tolist(), strict=True)]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": plain(found.places, 4),
        "y": plain(found.values[2], 4),
        "customdata": said,
        "line": {"color": colour, "width": 2.2},
        "hovertemplate": (
            f"median %{{y:.4~f}} {unit}<br>middle half %{{customdata[1]:.4~f}} to %{{customdata[2]:.4~f}}"
            "<br>90 %: %{customdata[0]:.4~f} to %{customdata[3]:.4~f}<br>of %{customdata[4]} tests<extra></extra>"
        ),
    }


def _lines(line: Line, number: int, shown: Cohort, look: Look, named: bool) -> list[Figure]:
    """A test in every panel. Colour tells tests apart; where several protocols share the figure it tells those."""
    alone = len(shown.groups) == 1
    colour = _apart(number, named) if alone else COLORWAY[line.group % len(COLORWAY)]
    protocol = "" if alone or not shown.groups[line.group].name else f", {shown.groups[line.group].name[:40]}"
    label = words(look.labels.get(line.test, line.test) + protocol)
    traces = []
    for panel, (x, y) in line.points.items():
        fade = panel == "fade"
        traces.append(
            {
                "type": "scatter",
                "mode": "lines" if len(x) > 40 else "lines+markers",
                "name": label,
                "x": plain(x, 4),
                "y": plain(y, 4),
                "yaxis": PANELS[panel][0],
                "line": {"color": colour, "width": 1.6 if named else 1.2},  # dots are two thirds of what a zoom costs
                "marker": {"color": colour, "size": 5},
                "legendgroup": line.test,
                "showlegend": fade,
                "hovertemplate": f"%{{y:.4~f}} {UNITS[shown.measure if fade else panel]}",
            }
        )
    return traces


def _apart(number: int, named: bool) -> str:
    """A colour for a line; beside bands not that of their median."""
    return COLORWAY[number % len(COLORWAY)] if named else COLORWAY[1:][number % (len(COLORWAY) - 1)]


def _layer(shown: Cohort) -> Figure:
    """The fade of every test as one grey trace with gaps. ``meta.tests`` names them, for the line under the pointer."""
    x: list[Any] = []
    y: list[Any] = []
    for _test, places, values in shown.layer:
        x += [*plain(places, 2), None]
        y += [*plain(values, 3), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"all {len(shown.layer)} cells",
        "x": x,
        "y": y,
        "yaxis": "y",
        "line": {"color": GREY, "width": 0.7},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "meta": {"tests": [test for test, _, _ in shown.layer]},
    }


def _layout(shown: Cohort, look: Look) -> Figure:
    return {
        "template": TEMPLATE,
        "height": 680,
        "uirevision": f"{shown.axis} {shown.measure}",
        "hovermode": "closest",
        "hoveranywhere": bool(shown.layer),
        "showlegend": True,
        "legend": TEMPLATE["layout"]["legend"] | {"tracegroupgap": 0},
        "margin": TEMPLATE["layout"]["margin"] | {"l": 84},
        "xaxis": {"title": _title(TITLES[shown.axis]), "anchor": "y3", **FIXED}
        | ({"range": list(look.window)} if look.window else {}),
        "yaxis": {"domain": PANELS["fade"][1], "title": _title(TITLES[shown.measure]), **FIXED},
        "yaxis2": {"domain": PANELS["efficiency"][1], "title": _title("Coulombic<br>efficiency (%)"), **FIXED},
        "yaxis3": {"domain": PANELS["temperature"][1], "title": _title("Cell, mean (°C)"), **FIXED},
        "shapes": [],
    }


def _title(text: str) -> Figure:
    return {"text": text} | BESIDE


def _end_of_life(shown: Cohort, percent: float | None) -> list[Figure]:
    """The line that ends the tests, where all have the same and the axis is the one it is meant for."""
    if percent is None or shown.measure != "health":
        return []
    label = {"text": f"end of life {percent:g} %", "textposition": "start", "yanchor": "bottom"}
    where = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": percent, "y1": percent}
    return [{"type": "line", "line": {"color": GREY, "width": 1.5, "dash": "dash"}, "label": label, **where}]
