"""Tests side by side: ``/compare?tests=a,b`` or ``/compare?batch=…``."""

from __future__ import annotations

import dash
from dash import html

from components import cohort
from pages.cycles import of_tests

dash.register_page(__name__, path="/compare", title="Compare · Cellwatch")


def layout(tests: str = "", batch: str = "", **_query: str) -> html.Main:
    if not tests and not batch:
        return cohort.nothing_chosen_page()
    found, cycles = of_tests(tests, batch)
    return cohort.cohort_page(f"Batch {batch}" if batch and not tests else "Compare", found, cycles)
