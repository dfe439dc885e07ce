"""Capacity fade: what each cycle of a test gave back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.figures.theme import SERIES, TEMPLATE, Figure, plain

GREY = SERIES["setpoint"]
Columns = Mapping[str, Sequence[Any]]


def fade(cycles: Columns, *, test: str, end_of_life_fraction: float = 0.8) -> Figure:
    """Discharge capacity with the line that ends the test, efficiency and temperature, per cycle."""
    regular = [kind not in ("incomplete", "faulty") for kind in cycles.get("kind", ())]
    count = plain(cycles.get("cycle_count", ()))
    capacity = plain(cycles.get("discharging_capacity_ah", ()))
    efficiency = [None if v is None else 100 * v for v in plain(cycles.get("coulombic_efficiency", ()))]
    odd = [None if ok else value for ok, value in zip(regular, capacity, strict=True)]
    return {
        "data": [
            _points("Discharge capacity", count, _kept(capacity, regular), "y", SERIES["voltage"], "Ah"),
            _points("not a whole cycle", count, odd, "y", GREY, "Ah", symbol="x"),
            _points("Coulombic efficiency", count, _kept(efficiency, regular), "y2", SERIES["current"], "%"),
            _temperature("Cell, mean", count, cycles, "surface_temperature_celsius_mean", "cell"),
            _temperature("Cell, highest", count, cycles, "surface_temperature_celsius_max", "setpoint"),
            _temperature("Chamber, mean", count, cycles, "ambient_temperature_celsius_mean", "chamber"),
        ],
        "layout": {
            "template": TEMPLATE,
            "height": 560,
            "uirevision": test,
            "meta": {"test": test, "cycles": len(count)},
            "xaxis": {"title": {"text": "Cycle"}, "anchor": "y3"} | _whole(len(count)),
            "yaxis": {"domain": [0.56, 1.0], "title": {"text": "Capacity (Ah)"}},
            "yaxis2": {"domain": [0.3, 0.51], "title": {"text": "Efficiency (%)"}},
            "yaxis3": {"domain": [0.0, 0.25], "title": {"text": "Temperature (°C)"}},
            "shapes": _end_of_life(capacity, plain(cycles.get("state_of_health", ())), end_of_life_fraction),
        },
    }


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
    return {
        "type": "scatter",
        "mode": "markers" if symbol == "x" else "lines+markers",
        "name": name,
        "x": x,
        "y": y,
        "yaxis": axis,
        "line": {"color": colour, "width": 1.4},
        "marker": {"color": colour, "size": 5, "symbol": symbol},
        "hovertemplate": f"%{{y:.4~f}} {unit}",
    }


def _temperature(name: str, x: list[Any], cycles: Columns, column: str, colour: str) -> Figure:
    return _points(name, x, plain(cycles.get(column, [None] * len(x)), 2), "y3", SERIES[colour], "°C")


def _end_of_life(capacity: list[Any], health: list[Any], fraction: float) -> list[Figure]:
    """The line at the capacity that ends the test; none before its reference capacity is known."""
    references = sorted(ah / soh for ah, soh in zip(capacity, health, strict=False) if ah and soh)
    if not references:
        return []
    limit = fraction * references[len(references) // 2]
    label = {
        "text": f"end of life at {fraction:.0%}: {limit:.3f} Ah",
        "textposition": "end",
        "yanchor": "bottom",
    }
    line = {"color": GREY, "width": 1.5, "dash": "dash"}
    where = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": limit, "y1": limit}
    return [{"type": "line", "name": "end-of-life", "line": line, "label": label, **where}]
