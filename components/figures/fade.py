"""Capacity fade: what each cycle of a test gave back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.figures.sentence import sentence
from components.figures.theme import BESIDE, COLORWAY, INK_SOFT, SERIES, TEMPLATE, Figure, plain, words
from components.figures.window import NARROW

GREY = SERIES["setpoint"]
BROKEN = ("incomplete", "faulty")
KINDS = (
    ("Discharge capacity", ("regular",), SERIES["voltage"], "circle"),
    ("Formation", ("formation",), COLORWAY[6], "diamond"),
    ("Check-up", ("checkup",), COLORWAY[5], "square"),
    ("Not whole", ("incomplete",), GREY, "circle-open"),
    ("Faulty", ("faulty",), GREY, "x-open"),
)
REFERENCES = {
    "nominal": "the nominal capacity",
    "initial": "its first cycles",
    "first-checkup": "the first check-up",
}
Columns = Mapping[str, Sequence[Any]]


def fade(
    cycles: Columns,
    *,
    test: str,
    facts: Mapping[str, Any] | None = None,
    band: Columns | None = None,
    width: int = 1100,
) -> Figure:
    """Discharge capacity with the line that ends the test, efficiency, temperature and resistance, per cycle.

    ``facts`` of the test: batch, end_of_life_fraction and _reference, and how many ``fellows`` it has. ``band``:
    percentiles of their capacity as cycling.replicates tells them.
    """
    known = facts or {}
    count = plain(cycles.get("cycle_count", ()))
    if not count:
        return sentence("No finished cycle yet: the first point stands here when one has ended.", test=test, cycles=0)
    kinds, capacity = list(cycles["kind"]), plain(cycles.get("discharging_capacity_ah", ()))
    whole = [kind not in BROKEN for kind in kinds]
    efficiency = [None if v is None else 100 * v for v in plain(cycles.get("coulombic_efficiency", ()))]
    resistance = [None if v is None else 1000 * v for v in plain(cycles.get("internal_resistance_ohm", ()))]
    panels = _panels(_any_number(resistance))
    data = [
        *_capacities(count, capacity, kinds),
        _points("Coulombic efficiency", count, _kept(efficiency, whole), "y2", SERIES["current"], "%"),
        _temperature("Cell, mean", count, cycles, "surface_temperature_celsius_mean", "cell"),
        _temperature("Cell, highest", count, cycles, "surface_temperature_celsius_max", "setpoint"),
        _temperature("Chamber, mean", count, cycles, "ambient_temperature_celsius_mean", "chamber"),
    ]
    if "yaxis4" in panels:
        data.append(_points("Internal resistance", count, resistance, "y4", COLORWAY[5], "mΩ"))
    if not any(_any_number(drawn["y"]) for drawn in data):
        return sentence("The cycles of this test hold no measured value.", test=test, cycles=len(count))
    fellows = _band(band or {}, f"{known.get('fellows')} replicates in {known.get('batch')}")
    line = _end_of_life(capacity, plain(cycles.get("state_of_health", ())), known)
    return {"data": [*fellows, *data], "layout": _layout(test, count, panels, line, width)}


def _layout(test: str, count: list[Any], panels: Mapping[str, Any], line: list[Figure], width: int) -> Figure:
    narrow = width < NARROW
    height = (620 if narrow else 600) + 70 * (len(panels) - 3)
    axes = {name: {"domain": list(domain), "nticks": 5} for name, (domain, _) in panels.items()}
    lowest = list(panels)[-1].replace("axis", "")
    legend = {"orientation": "h", "x": 0, "y": -0.09, "yanchor": "top", "font": {"size": 11 if narrow else 12}}
    return {
        "template": TEMPLATE,
        "height": height,
        "margin": {"l": 44, "r": 10, "t": 26, "b": 40},
        "uirevision": test,
        "hoversubplots": "axis",
        "meta": {"test": test, "cycles": len(count), "height": height},
        "legend": legend,
        "xaxis": {"title": {"text": "Cycle", "font": {"size": 13}} | BESIDE, "anchor": lowest} | _whole(len(count)),
        **axes,
        "annotations": [_title(title, domain[1]) for domain, title in panels.values()],
        "shapes": line,
    }


def _panels(with_resistance: bool) -> dict[str, tuple[tuple[float, float], str]]:
    """The graphs one above the other, and what stands above each."""
    titles = ["Capacity (Ah)", "Coulombic efficiency (%)", "Temperature (°C)"]
    domains = [(0.58, 1.0), (0.32, 0.5), (0.0, 0.24)]
    if with_resistance:
        titles.append("Internal resistance (mΩ)")
        domains = [(0.64, 1.0), (0.43, 0.57), (0.2, 0.36), (0.0, 0.13)]
    return dict(zip(("yaxis", "yaxis2", "yaxis3", "yaxis4"), zip(domains, titles, strict=True), strict=False))


def _title(text: str, top: float) -> Figure:
    where = {"xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": 13, "color": INK_SOFT}, **where}


def _capacities(count: list[Any], capacity: list[Any], kinds: list[Any]) -> list[Figure]:
    """Each kind of cycle as a series of its own; those that no one should judge by are hollow."""
    data = []
    for name, wanted, colour, symbol in KINDS:
        values = [value if kind in wanted else None for value, kind in zip(capacity, kinds, strict=True)]
        if wanted != ("regular",) and not _any_number(values):
            continue
        data.append(_points(name, count, values, "y", colour, "Ah", symbol))
    return data


def _band(band: Columns, of: str) -> list[Figure]:
    """Where the fellows are: the middle half and nine in ten of them, and their median."""
    count = plain(band.get("cycle_count", ()))
    if not count:
        return []
    edges = (("p5", "p95", "1f", f"P5 to P95 of {words(of)}"), ("p25", "p75", "33", "P25 to P75"))
    base: Figure = {"type": "scatter", "mode": "lines", "x": count, "hoverinfo": "skip"}
    data: list[Figure] = []
    for low, high, opacity, name in edges:
        edge = base | {"line": {"width": 0}, "legendgroup": name}
        data.append(edge | {"y": plain(band[low]), "name": f"{name}, low", "showlegend": False})
        fill = {"fill": "tonexty", "fillcolor": f"{GREY}{opacity}"}
        data.append(edge | fill | {"y": plain(band[high]), "name": name})
    median = {"y": plain(band["p50"]), "name": "their median", "line": {"color": GREY, "width": 1.2, "dash": "dot"}}
    return [*data, base | median | {"hoverinfo": "all", "hovertemplate": "%{y:.4~f} Ah"}]


def _any_number(values: Sequence[Any]) -> bool:
    return any(value is not None for value in values)


def newest_test(cycles: Columns) -> Columns:
    """Of the cycles of a channel those of the test that ended last: cycle numbers start anew in every test."""
    tests, ends = list(cycles.get("test", ())), list(cycles.get("end_unix_time_second", ()))
    if not tests:
        return {}
    newest = tests[max(range(len(ends)), key=ends.__getitem__)]
    rows = [row for row, test in enumerate(tests) if test == newest]
    return {name: [values[row] for row in rows] for name, values in cycles.items()}


def _whole(cycles: int) -> Figure:
    """Few cycles: no tick between two of them."""
    return {"dtick": 1} if cycles <= 12 else {}


def _kept(values: list[Any], keep: list[bool]) -> list[Any]:
    return [value if ok else None for value, ok in zip(values, keep, strict=True)]


def _points(name: str, x: list[Any], y: list[Any], axis: str, colour: str, unit: str, symbol: str = "circle") -> Figure:
    line = symbol in ("circle", "square")  # cycles of other kinds are no course of their own
    return {
        "type": "scatter",
        "mode": "lines+markers" if line else "markers",
        "name": name,
        "x": x,
        "y": y,
        "yaxis": axis,
        "connectgaps": symbol == "square",  # check-ups are far from each other
        "line": {"color": colour, "width": 1.4},
        "marker": {"color": colour, "size": 5 if symbol == "circle" else 8, "symbol": symbol},
        "hovertemplate": f"%{{y:.4~f}} {unit}",
    }


def _temperature(name: str, x: list[Any], cycles: Columns, column: str, colour: str) -> Figure:
    return _points(name, x, plain(cycles.get(column, [None] * len(x)), 2), "y3", SERIES[colour], "°C")


def _end_of_life(capacity: list[Any], health: list[Any], facts: Mapping[str, Any]) -> list[Figure]:
    """The line at the capacity that ends the test; none before its reference capacity is known."""
    fraction, reference = facts.get("end_of_life_fraction") or 0.8, facts.get("end_of_life_reference") or "initial"
    references = sorted(ah / soh for ah, soh in zip(capacity, health, strict=False) if ah and soh)
    if not references:
        return []
    limit = fraction * references[len(references) // 2]
    label = {
        "text": f"end of life: {fraction:.0%} of {REFERENCES.get(reference, reference)} = {limit:.3f} Ah",
        "textposition": "end",
        "yanchor": "bottom",
    }
    line = {"color": GREY, "width": 1.5, "dash": "dash"}
    where = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": limit, "y1": limit}
    return [{"type": "line", "name": "end-of-life", "line": line, "label": label, **where}]
