"""Tests side by side: which are chosen, what the page and its table say, what the address asks for."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.cohort import MOST_IDS, MOST_ROWS, alerts_of, batches_page, chosen, cohort_page, rows
from components.cohort_view import View, names, view_of
from cycling.cohort import cohort
from tests.components.build import alert, nodes, texts
from tests.cycling.build_lives import lives

NOW = 1_800_000_000.0
TESTS = [{"test": "a", "batch": "x"}, {"test": "b", "batch": "x"}, {"test": "c", "batch": "y"}]


def page(tests: list[dict[str, Any]], healths: dict[str, list[float]], **view: Any) -> Any:
    told = lives(healths)
    return cohort_page("x", View(**view), tests, cohort(told, {}), rows(tests, told), [])


def listed(page: Any, name: str = "cohort-table") -> Any:
    table = next(node for node in nodes(page) if getattr(node, "id", "") == name)
    return json.loads(table.to_plotly_json()["props"]["data-table"])


def test_tests_are_chosen_by_name_in_the_order_asked_for() -> None:
    assert [facts["test"] for facts in chosen(TESTS, View(tests="c,a,c"))] == ["c", "a"]


@pytest.mark.parametrize("name", ["a,b", "a\\b", "a\\,b", "a\\\\,b", ",", "a\\", "50%,25%", "[7, 8]", " a "])
def test_any_name_of_a_test_can_stand_in_an_address(name: str) -> None:
    written = re.sub(r"[\\,]", lambda found: f"\\{found[0]}", name)  # as assets/addresses.js does
    view = view_of({"tests": f"{written},b"}, "UTC", "/compare", NOW)
    assert names(view.tests) == [name, "b"]
    query = parse_qs(urlsplit(view.address(x="time")).query)
    assert names(view_of(query, "UTC", "/compare", NOW).tests) == [name, "b"]


def test_a_backslash_that_nobody_doubled_is_one() -> None:
    assert names(r"lab\17,b") == [r"lab\17", "b"]


def test_a_name_nobody_knows_is_said_in_words() -> None:
    found = chosen(TESTS, View(tests="a,z"))
    assert "There is no test called “z”." in texts(page(found, {"a": [100.0]}))


def test_the_alerts_of_a_page_go_along_listed_or_by_name_and_as_of_the_past_nothing_goes_on() -> None:
    many = [alert(opened=float(n), scope="channel:c", test="a") for n in range(MOST_ROWS + MOST_IDS + 5)]
    tests, told = TESTS[:2], lives({"a": [100.0]})

    def of(**view: Any) -> Any:
        made = cohort_page("x", View(**view), tests, cohort(told, {}), rows(tests, told), many)
        place = next(node for node in nodes(made) if getattr(node, "id", "") == "cohort-alerts")
        return json.loads(place.to_plotly_json()["props"]["data-alerts"])

    found = of(path="/batches/x", batch="x")
    assert (len(found["rows"]), len(found["open"]) + len(found["over"]), found["older"]) == (MOST_ROWS, MOST_IDS, 5)
    assert (found["tests"], found["batch"]) == (["a", "b"], "x")
    assert (of(tests="a,b")["tests"], of(tests="a,b")["batch"]) == (["a", "b"], "")
    then = of(path="/batches/x", batch="x", at="2026-11-20", until=NOW)
    assert (then["tests"], then["batch"], len(then["rows"])) == ([], "", MOST_ROWS)


def test_a_batch_is_all_its_tests() -> None:
    assert [facts["test"] for facts in chosen(TESTS, View(batch="x"))] == ["a", "b"]
    assert chosen(TESTS, View()) == []


def test_the_table_tells_the_last_known_numbers_in_their_units() -> None:
    (row,) = rows([TESTS[0]], lives({"a": [100.0, 90.0, math.nan]}))
    assert (row["cycles"], row["capacity"], row["health"], row["efficiency"]) == (3, 1.8, 90.0, 99.9)


def test_the_most_faded_test_comes_first_and_one_without_cycles_last() -> None:
    found = rows(TESTS, lives({"a": [99.0], "c": [80.0]}))
    assert [(row["test"], row["health"]) for row in found] == [("c", 80.0), ("a", 99.0), ("b", None)]


def test_a_test_without_cycles_is_said_in_words() -> None:
    assert "No cycle has finished yet in “b”." in texts(page(TESTS[:2], {"a": [100.0]}))


def test_a_long_table_is_cut_and_says_so() -> None:
    many = [{"test": f"t-{n:04d}", "batch": "x"} for n in range(300)]
    made = listed(page(many, {}, batch="x", path="/batches/x"))
    assert len(made["rows"]) == MOST_ROWS
    assert made["caption"] == "Tests (the most faded 100 of 300)"


def test_the_alerts_of_a_batch_are_its_own_and_those_of_its_tests() -> None:
    told = [
        alert("knee", opened=5.0, test="a"),
        alert("knee", opened=9.0, closed=10.0, test="b"),
        alert("batch-shift", opened=1.0, scope="batch:x"),
        alert("knee", opened=2.0, test="c"),
        alert("silent", opened=3.0),
    ]
    found = [(one.kind, one.opened_at) for one in alerts_of(told, TESTS[:2], "x", None)]
    assert found == [("knee", 5.0), ("batch-shift", 1.0), ("knee", 9.0)]
    assert [one.opened_at for one in alerts_of(told, TESTS[:2], "x", 4.0)] == [1.0]


def test_the_batches_are_listed_with_their_tests() -> None:
    made = listed(batches_page("Batches", [*TESTS, {"test": "d"}]), "batches-table")
    assert [(row["batch"], row["tests"]) for row in made["rows"]] == [("x", 2), ("y", 1)]
    assert "No test belongs to a batch yet" in texts(batches_page("Batches", [{"test": "d"}]))


def test_the_address_says_only_what_is_not_usual() -> None:
    assert View(path="/batches/x", batch="x").address() == "/batches/x"
    assert View(tests="a b,c").address(x="time") == "/compare?tests=a%20b%2Cc&x=time"


def test_a_view_is_what_its_address_says() -> None:
    view = view_of(
        {"tests": "a", "x": "time", "y": "capacity", "cells": "all", "range": "2,9.5"}, "UTC", "/compare", NOW
    )
    assert (view.axis, view.measure, view.cells, view.window, view.faults) == (
        "time",
        "capacity",
        "all",
        (2.0, 9.5),
        (),
    )
    again = dict(part.split("=") for part in view.address().split("?")[1].split("&"))
    assert (again["x"], again["y"], again["cells"]) == ("time", "capacity", "all")


@pytest.mark.parametrize(
    ("at", "until"),
    [("1763600000", 1763600000.0), ("2026-11-20T03:00", 1795140000.0), ("2026-11-20T03:00:00Z", 1795143600.0)],
)
def test_a_moment_is_the_labs_time_unless_it_says_otherwise(at: str, until: float) -> None:
    assert view_of({"at": at}, "Europe/Zurich", "/compare", NOW).until == until


@pytest.mark.parametrize(
    "query",
    [
        {"x": "<b>"},
        {"y": "q" * 300},
        {"at": "yesterday"},
        {"at": "nan"},
        {"at": "2030-01-01"},
        {"range": "9,2"},
        {"range": "a"},
    ],
)
def test_what_cannot_be_read_is_named_and_the_usual_is_shown(query: dict[str, str]) -> None:
    view = view_of(query, "UTC", "/compare", NOW)
    (name, value), (fault,) = next(iter(query.items())), view.faults
    assert fault.startswith(f'{name}="{value[:80]}"')
    assert "expected" in fault or "lies in the future; what is shown is now" in fault
    assert (view.axis, view.measure, view.until, view.window) == ("cycle", "health", None, None)


def test_a_name_that_stands_twice_in_an_address_counts_as_the_last() -> None:
    view = view_of({"tests": ["a", "b,c"], "x": ["cycle", "time"]}, "UTC", "/compare", NOW)
    assert (view.tests, view.axis, view.faults) == ("b,c", "time", ())
