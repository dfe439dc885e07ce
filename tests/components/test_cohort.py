"""Tests side by side: which are chosen, and what the table says of them."""

from __future__ import annotations

import json
import math
from typing import Any

from components.cohort import chosen, cohort_page
from tests.components.build import cycles, nodes, texts

TESTS = [{"test": "a", "batch": "x"}, {"test": "b", "batch": "x"}, {"test": "c", "batch": "y"}]


def rows(page: Any) -> list[dict[str, Any]]:
    table = next(node for node in nodes(page) if getattr(node, "id", "") == "cohort-table")
    return list(json.loads(table.to_plotly_json()["props"]["data-table"])["rows"])


def test_tests_are_chosen_by_name_in_the_order_asked_for() -> None:
    assert [facts["test"] for facts in chosen(TESTS, "c,a,c")] == ["c", "a"]


def test_a_name_nobody_knows_is_shown_as_it_was_asked() -> None:
    assert chosen(TESTS, "z") == [{"test": "z"}]


def test_a_batch_is_all_its_tests() -> None:
    assert [facts["test"] for facts in chosen(TESTS, batch="x")] == ["a", "b"]
    assert chosen(TESTS) == []


def test_the_table_tells_the_last_known_numbers_in_their_units() -> None:
    (row,) = rows(cohort_page("x", [TESTS[0]], cycles([2.0, 1.8], "a", state_of_health=[1.0, math.nan])))
    assert (row["cycles"], row["capacity"], row["health"]) == (2, 1.8, 100.0)


def test_a_test_without_cycles_is_listed_with_what_is_missing() -> None:
    page = cohort_page("x", TESTS[:2], cycles([2.0], "a"))
    assert rows(page)[1]["capacity"] is None
    assert "2 tests, 1 of them with finished cycles." in texts(page)
