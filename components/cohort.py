"""Several tests side by side: the batch page and the comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from components.figures.fade import compare
from components.host import graph, host, page, table

Facts = Mapping[str, Any]
Columns = Mapping[str, Sequence[Any]]

_COLUMNS = (
    {"key": "test", "name": "Test", "link": "test"},
    {"key": "cell", "name": "Cell"},
    {"key": "batch", "name": "Batch", "link": "batch"},
    {"key": "channel", "name": "Channel", "link": "channel"},
    {"key": "protocol", "name": "Protocol"},
    {"key": "cycles", "name": "Cycles"},
    {"key": "capacity", "name": "Last discharge capacity", "unit": "Ah", "digits": 4},
    {"key": "health", "name": "State of health", "unit": "%", "digits": 1},
    {"key": "efficiency", "name": "Coulombic efficiency", "unit": "%", "digits": 2},
    {"key": "ended", "name": "Last cycle ended", "kind": "time"},
)


def chosen(tests: Sequence[Facts], names: str = "", batch: str = "") -> list[Facts]:
    """The tests a URL asks for: by name (``a,b``) in that order, or all of a batch."""
    known = {str(facts["test"]): facts for facts in tests}
    asked = [name for name in names.split(",") if name]
    if asked:
        return [known.get(name, {"test": name}) for name in dict.fromkeys(asked)]
    return [facts for facts in tests if batch and facts.get("batch") == batch]


def cohort_page(title: str, tests: Sequence[Facts], cycles: Columns) -> html.Main:
    """A table and a fade figure. ``cycles`` holds the cycles of all the tests, in order within each."""
    parts = _by_test(cycles)
    rows = [_row(facts, parts.get(str(facts["test"]), {})) for facts in tests]
    lines = [(_name(facts), parts[str(facts["test"])]) for facts in tests if str(facts["test"]) in parts]
    note = f"{len(tests)} tests, {len(lines)} of them with finished cycles."
    figure = graph("cohort-fade", "middle", compare(lines))
    return page(html.H1(title), html.P(note, className="how"), figure, table(title, _COLUMNS, rows, "cohort-table"))


def nothing_chosen_page() -> html.Main:
    """The comparison before anything was picked: the list to pick from."""
    how = "Pick tests in the list and press Compare, or open a batch."
    return page(html.H1("Compare"), html.P(how, className="how"), host("tests", "section"))


def unknown_batch_page(batch: str) -> html.Main:
    """No test says that it belongs to this batch."""
    how = "No test belongs to this batch. lab.toml, a feed or PUT /api/v1/tests/{test} puts a test in one."
    return page(html.H1(f"Batch {batch}"), html.P(how, className="how"))


def _name(facts: Facts) -> str:
    return f"{facts['test']} ({facts['cell']})" if facts.get("cell") else str(facts["test"])


def _by_test(cycles: Columns) -> dict[str, dict[str, list[Any]]]:
    parts: dict[str, dict[str, list[Any]]] = {}
    for row, test in enumerate(cycles.get("test", ())):
        part = parts.setdefault(str(test), {name: [] for name in cycles})
        for name, values in cycles.items():
            part[name].append(values[row])
    return parts


def _row(facts: Facts, cycles: Columns) -> dict[str, Any]:
    keys = ("test", "cell", "batch", "channel", "protocol")
    return {key: facts.get(key) for key in keys} | {
        "cycles": len(cycles.get("cycle_count", ())),
        "capacity": _last(cycles, "discharging_capacity_ah"),
        "health": _last(cycles, "state_of_health", 100),
        "efficiency": _last(cycles, "coulombic_efficiency", 100),
        "ended": _last(cycles, "end_unix_time_second"),
    }


def _last(cycles: Columns, name: str, factor: float = 1.0) -> float | None:
    """The newest value that is known."""
    known = [float(v) for v in cycles.get(name, ()) if v is not None and math.isfinite(float(v))]
    return known[-1] * factor if known else None
