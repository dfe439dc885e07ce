"""The tests that a page asks for and their cycles, remembered for as long as the archive has no newer ones."""

from __future__ import annotations

from typing import Any

from components import cohort
from data_access.caching import cached
from data_access.lab import lab

FRESH_SECONDS = 30  # cycles that are not archived yet appear after at most so long


def of_tests(names: str, batch: str) -> tuple[list[cohort.Facts], cohort.Columns]:
    found = cohort.chosen(lab().tests.all(), names, batch)
    tests = tuple(str(facts["test"]) for facts in found)

    def read() -> dict[str, list[Any]]:
        cycles = lab().history.cycles(tests=tests)
        return {str(name): list(values) for name, values in cycles.to_dict("list").items()}

    if not tests:
        return found, {}
    return found, cached("cohort", tests, lab().archive.version("cycles"), compute=read, seconds=FRESH_SECONDS)
