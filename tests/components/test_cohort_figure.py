"""The figure of many tests, read from its plain data."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np

from components.figures.cohort import Look, cohort_figure
from cycling.cohort import Lives, cohort
from tests.cycling.build_lives import lives


def figure(healths: dict[str, list[float]], *, look: Look | None = None, **asked: Any) -> dict[str, Any]:
    groups = asked.pop("groups", {})
    return cohort_figure(cohort(lives(healths), groups, **asked), look or Look())


def many(count: int, cycles: int = 10) -> dict[str, list[float]]:
    return {f"t-{n:03d}": [100.0 - 0.01 * n * c for c in range(cycles)] for n in range(count)}


def test_a_few_tests_are_lines_in_three_panels() -> None:
    made = figure({"a": [100.0, 90.0], "b": [100.0, 95.0]})
    assert [(trace["name"], trace["yaxis"]) for trace in made["data"]][:3] == [("a", "y"), ("a", "y2"), ("a", "y3")]
    assert made["data"][0]["y"] == [100.0, 90.0]
    assert [trace["showlegend"] for trace in made["data"]] == [True, False, False] * 2


def test_many_tests_are_bands_a_median_and_a_few_names() -> None:
    made = figure(many(100))
    names = [trace["name"] for trace in made["data"] if trace["showlegend"]]
    assert names[:3] == ["90 % of the tests", "the middle half", "median of 100 tests"]
    assert len(names) == 3 + 8
    outline = made["data"][0]
    assert outline["x"] == outline["x"][::-1]  # there and back again
    assert outline["hoverinfo"] == "skip"


def test_lines_beside_bands_have_colours_of_their_own_and_no_dots() -> None:
    made = figure(many(100))
    median = made["data"][2]["line"]["color"]
    lines = [trace["line"] for trace in made["data"] if trace["name"].startswith("t-")]
    assert len({line["color"] for line in lines}) == 8
    assert median not in {line["color"] for line in lines}
    assert not any("dash" in line for line in lines)  # a browser works longer on dots than on all the rest


def test_a_thousand_tests_of_a_thousand_cycles_send_few_points() -> None:
    made = figure(many(1000, 1000))
    assert len(json.dumps(made)) < 500_000
    assert sum(len(trace["x"]) for trace in made["data"]) < 15_000


def test_every_cell_is_one_grey_trace_with_gaps_that_answers_to_no_pointer() -> None:
    made = figure(many(100, 200), all_cells=True)
    (layer,) = [trace for trace in made["data"] if "meta" in trace]
    assert layer["y"].count(None) == len(layer["meta"]["tests"]) == 100
    assert layer["hoverinfo"] == "skip"
    assert made["layout"]["hoveranywhere"] is True
    assert len(layer["x"]) <= 100 * 41


def test_protocols_have_colours_of_their_own_and_are_named() -> None:
    told = many(10)
    made = figure(told, groups={test: "slow" if n % 2 else "<fast>" for n, test in enumerate(told)})
    medians = [trace for trace in made["data"] if "median" in trace["name"] and trace["showlegend"]]
    assert [trace["name"] for trace in medians] == ["&lt;fast&gt;: median of 5 tests", "slow: median of 5 tests"]
    assert len({trace["line"]["color"] for trace in medians}) == 2
    lines = {trace["name"]: trace["line"]["color"] for trace in made["data"] if trace["name"].startswith("t-")}
    assert lines["t-001, slow"] == medians[1]["line"]["color"]


def test_end_of_life_is_a_line_of_the_state_of_health_only() -> None:
    look = Look(end_of_life_percent=80.0)
    assert figure({"a": [100.0]}, look=look)["layout"]["shapes"][0]["y0"] == 80.0
    assert figure({"a": [100.0]}, look=look, measure="capacity")["layout"]["shapes"] == []
    assert figure({"a": [math.nan]}, look=look)["layout"]["shapes"] == []  # no axis from 79 to 81 % around it alone


def test_the_part_that_is_asked_for_is_shown() -> None:
    assert figure({"a": [100.0]}, look=Look(window=(2.0, 9.0)))["layout"]["xaxis"]["range"] == [2.0, 9.0]
    assert "range" not in figure({"a": [100.0]})["layout"]["xaxis"]


def test_names_of_people_are_text_in_a_figure() -> None:
    look = Look(labels={"a": "<img src=x onerror=alert(1)>"})
    assert figure({"a": [100.0]}, look=look)["data"][0]["name"] == "&lt;img src=x onerror=alert(1)&gt;"


def sayings(made: dict[str, Any]) -> list[str]:
    return [note["text"] for note in made["layout"]["annotations"]]


def unmeasured(told: Lives, *columns: str) -> Lives:
    return replace(
        told, columns={**told.columns, **{name: np.full(len(told.columns[name]), np.nan) for name in columns}}
    )


def test_a_figure_without_a_number_is_a_sentence_and_no_axes() -> None:
    blank = unmeasured(lives({"a": [math.nan] * 5}), "efficiency", "temperature")
    for told, measure, said in (
        (blank, "health", "No state of health yet: it needs three whole<br>cycles."),
        (blank, "capacity", "No capacity yet: it needs a whole cycle."),
        (lives({}), "health", "No state of health yet: it needs three whole<br>cycles."),
    ):
        made = cohort_figure(cohort(told, {}, measure=measure), Look())
        assert sayings(made) == [said]
        assert made["layout"]["xaxis"]["visible"] is False
        json.dumps(made, allow_nan=False)


def test_a_panel_without_a_number_says_why_it_is_empty() -> None:
    assert sayings(figure({"a": [math.nan]})) == ["No state of health yet: it needs three whole<br>cycles."]
    made = cohort_figure(cohort(unmeasured(lives({"a": [100.0, 99.0]}), "temperature"), {}), Look())
    assert sayings(made) == ["No temperature of a cell was measured."]
    assert made["layout"]["annotations"][0]["y"] == 0.1
    assert sayings(figure({"a": [100.0]})) == []
