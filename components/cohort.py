"""The page of a cohort: the tests of a batch, or those that someone picked, beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dash import html

from components.cohort_view import View, names
from components.figures.cohort import Look, cohort_figure
from components.host import attributes, graph, host, page, table
from cycling.cohort import MOST_NAMED, Cohort, Lives, last_known
from cycling.types import Alert

Facts = Mapping[str, Any]
Row = Mapping[str, Any]

MOST_ROWS = 100  # of a table on this page: the list of tests shows them all
MOST_IDS = 2000  # of alerts that are not listed: far more than the stream tells of at any time
AXIS_NAMES = {"cycle": "cycle", "throughput": "throughput", "time": "time"}
MEASURE_NAMES = {"health": "state of health", "capacity": "capacity in Ah"}
CELL_NAMES = {"bands": "bands", "all": "every cell"}
_TESTS = (
    {"key": "test", "name": "Test", "link": "test"},
    {"key": "cell", "name": "Cell"},
    {"key": "batch", "name": "Batch", "link": "batch"},
    {"key": "channel", "name": "Channel", "link": "channel"},
    {"key": "protocol", "name": "Protocol"},
    {"key": "cycles", "name": "Cycles"},
    {"key": "capacity", "name": "Last discharge capacity", "unit": "Ah", "digits": 4},
    {"key": "health", "name": "State of health", "unit": "%", "digits": 1},
    {"key": "efficiency", "name": "Coulombic efficiency", "unit": "%", "digits": 2},
    {"key": "temperature", "name": "Cell, mean", "unit": "°C", "digits": 1},
    {"key": "ended", "name": "Last cycle ended", "kind": "time"},
)
_ALERTS = (
    {"key": "message", "name": "Alert", "link": "alert"},
    {"key": "severity", "name": "Severity"},
    {"key": "state", "name": "State"},
    {"key": "opened", "name": "Since", "kind": "time"},
    {"key": "closed", "name": "Until", "kind": "time"},
)
_BATCHES = (
    {"key": "batch", "name": "Batch", "link": "batch"},
    {"key": "tests", "name": "Tests"},
    {"key": "protocols", "name": "Protocols"},
    {"key": "owners", "name": "Owners"},
)


def chosen(tests: Sequence[Facts], view: View) -> list[Facts]:
    """The tests a view asks for: by name (``a,b``) in that order, or all of a batch."""
    known = {str(facts["test"]): facts for facts in tests}
    asked = names(view.tests)
    if asked:
        return [known.get(name, {"test": name, "unknown": True}) for name in asked]
    return [facts for facts in tests if view.batch and facts.get("batch") == view.batch]


def rows(tests: Sequence[Facts], lives: Lives) -> list[Row]:
    """A row per test with its newest numbers, the most faded first."""
    place = {test: number for number, test in enumerate(lives.tests)}
    found = [_row(facts, lives, place.get(str(facts["test"]))) for facts in tests]
    return sorted(found, key=lambda row: (row["health"] is None, row["health"] or 0.0, str(row["test"])))


def alerts_of(alerts: Sequence[Alert], tests: Sequence[Facts], batch: str, until: float | None) -> list[Alert]:
    """The alerts of these tests and of their batch that had opened by then: open ones first, then the newest."""
    wanted = {str(facts["test"]) for facts in tests}
    ours = [alert for alert in alerts if alert.test in wanted or (batch and alert.scope == f"batch:{batch}")]
    opened = [alert for alert in ours if until is None or alert.opened_at <= until]
    return sorted(opened, key=lambda alert: (not alert.open, -alert.opened_at, alert.id))


def cohort_page(
    title: str, view: View, tests: Sequence[Facts], shown: Cohort, told: Sequence[Row], alerts: Sequence[Alert]
) -> html.Main:
    """The figure with its choices, the alerts, and the tests as a table."""
    labels = {str(facts["test"]): _name(facts) for facts in tests}
    look = Look(labels=labels, end_of_life_percent=_end_of_life(tests), window=view.window)
    return page(
        html.H1(title),
        *(html.P(fault, className="how fault") for fault in view.faults),
        html.P(_words(view, tests, told, shown), className="how", id="cohort-words"),
        _choices(view),
        html.Div(graph("cohort-fade", "cohort", cohort_figure(shown, look)), id="cohort-figure"),
        host("cohort-near", "aside-line", data_name=view.address()),
        _alert_section(view, tests, alerts),
        *_test_section(view, told),
    )


def batches_page(title: str, tests: Sequence[Facts]) -> html.Main:
    """The batches of the lab, to choose one; a comparison of single tests begins in the list of tests."""
    how = "Open a batch, or "
    link = html.A("pick tests in the list and press Compare", href="/tests", **attributes(data_nav="true"))
    sentence = html.P([how, link, "."], className="how")
    listed = _listed(tests)
    none = "No test belongs to a batch yet. lab.toml, a feed or PUT /api/v1/tests/{test} puts a test in one."
    body = table("Batches", _BATCHES, listed, "batches-table") if listed else html.P(none, className="how")
    return page(html.H1(title), sentence, body)


def unknown_batch_page(batch: str) -> html.Main:
    """No test says that it belongs to this batch."""
    how = "No test belongs to this batch. lab.toml, a feed or PUT /api/v1/tests/{test} puts a test in one. "
    link = html.A("All batches", href="/batches", **attributes(data_nav="true"))
    return page(html.H1(f"Batch {batch}"), html.P([how, link], className="how"))


def _words(view: View, tests: Sequence[Facts], told: Sequence[Row], shown: Cohort) -> str:
    """What is in the figure, in a sentence or two; of tests that are missing from it, which and why."""
    unknown = [str(facts["test"]) for facts in tests if facts.get("unknown")]
    empty = [str(row["test"]) for row in told if not row["cycles"] and row["test"] not in unknown]
    said = [f"{_counted(len(tests), 'test', 'tests')}, {len(tests) - len(unknown) - len(empty)} with finished cycles."]
    if view.at:
        said[0] = f"As it was at {view.at}: " + said[0]
    if unknown:
        said.append(f"There is no test called {_some(unknown)}.")
    if empty:
        said.append(f"No cycle has finished yet in {_some(empty)}.")
    if len(tests) > MOST_NAMED:
        said.append(f"Named are {len(shown.lines)}: those farthest from the median, and those asked for by name.")
    return " ".join(said)


def _choices(view: View) -> html.Nav:
    """Links, so that the address alone makes the view and a choice can be opened in another tab."""
    groups = (
        ("Across", "x", view.axis, AXIS_NAMES),
        ("Shown", "y", view.measure, MEASURE_NAMES),
        ("Cells", "cells", view.cells, CELL_NAMES),
    )
    return html.Nav(
        [
            html.Span(
                [html.Span(label), *(_choice(view, key, value, name, value == now) for value, name in names_.items())],
                className="choice",
            )
            for label, key, now, names_ in groups
        ],
        className="choices",
        id="cohort-choices",
        **attributes(aria_label="What the figure shows"),
    )


def _choice(view: View, key: str, value: str, name: str, now: bool) -> html.A:
    marks = attributes(data_nav="true", aria_current="true" if now else None)
    return html.A(name, href=view.address(**{key: value}), **marks)


def _alert_section(view: View, tests: Sequence[Facts], alerts: Sequence[Alert]) -> Any:
    """The alerts as they stand, for assets/cohort_alerts.js, which goes on with what the stream says of these tests; as
    of a moment in the past nothing goes on. What is not listed goes along by its id, so that nothing counts twice."""
    rest = alerts[MOST_ROWS : MOST_ROWS + MOST_IDS]
    told = {
        "columns": _ALERTS,
        "rows": [_alert_row(alert) for alert in alerts[:MOST_ROWS]],
        "most": MOST_ROWS,
        "open": [alert.id for alert in rest if alert.open],
        "over": [alert.id for alert in rest if not alert.open],
        "older": len(alerts[MOST_ROWS + MOST_IDS :]),
        "tests": [] if view.at else [str(facts["test"]) for facts in tests],
        "batch": "" if view.at or view.tests else view.batch,
    }
    body = json.dumps(told, allow_nan=False)
    return host("cohort-alerts", "section", data_alerts=body, data_name=view.address())


def _alert_row(alert: Alert) -> Row:
    return {
        "message": alert.message,
        "severity": alert.severity.value,
        "state": "open" if alert.open else "over",
        "opened": alert.opened_at,
        "closed": alert.closed_at,
        "id": alert.id,
        "kind": alert.kind,
    }


def _test_section(view: View, told: Sequence[Row]) -> list[Any]:
    made: list[Any] = [table("Tests" + _cut(len(told), "the most faded"), _TESTS, told[:MOST_ROWS], "cohort-table")]
    if view.batch and not view.tests:
        href = f"/tests?f.batch=equals:{quote(view.batch, safe='')}"
        made.append(html.P(html.A("These tests in the list of tests", href=href, **attributes(data_nav="true"))))
    return made


def _cut(count: int, which: str) -> str:
    return f" ({which} {MOST_ROWS} of {count})" if count > MOST_ROWS else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _some(listed: Sequence[str]) -> str:
    quoted = [f"“{name[:80]}”" for name in listed[:5]]
    return ", ".join(quoted) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def _name(facts: Facts) -> str:
    test, cell = str(facts["test"]), facts.get("cell")
    name = f"{test} ({cell})" if cell and cell != test else test
    return name if len(name) <= 60 else f"{name[:59]}…"


def _end_of_life(tests: Sequence[Facts]) -> float | None:
    fractions = {facts.get("end_of_life_fraction") or 0.8 for facts in tests if not facts.get("unknown")}
    return 100 * fractions.pop() if len(fractions) == 1 else None


def _row(facts: Facts, lives: Lives, number: int | None) -> Row:
    keys = ("test", "cell", "batch", "channel", "protocol")
    columns = {"capacity": "capacity", "health": "health", "efficiency": "efficiency"}
    columns |= {"temperature": "temperature", "ended": "end"}
    newest = {k: None if number is None else last_known(lives.of(number, c)) for k, c in columns.items()}
    cycles = 0 if number is None else len(lives.of(number, "cycle"))
    return {key: facts.get(key) for key in keys} | {"cycles": cycles} | newest


def _listed(tests: Sequence[Facts]) -> list[Row]:
    batches: dict[str, list[Facts]] = {}
    for facts in tests:
        if facts.get("batch"):
            batches.setdefault(str(facts["batch"]), []).append(facts)
    return [
        {
            "batch": batch,
            "tests": len(found),
            "protocols": _distinct(found, "protocol"),
            "owners": _distinct(found, "owner"),
        }
        for batch, found in sorted(batches.items())
    ]


def _distinct(tests: Sequence[Facts], name: str) -> str | None:
    return ", ".join(sorted({str(facts[name]) for facts in tests if facts.get(name)})) or None
