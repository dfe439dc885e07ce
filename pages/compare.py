"""Tests side by side: ``/compare?tests=a,b`` or ``/compare?batch=…``."""

from __future__ import annotations

import dash
from dash import html

from components import cohort
from data_access.lab import lab
from pages import cycles

dash.register_page(__name__, path="/compare", title="Compare · Cellwatch")


def layout(**query: str) -> html.Main:
    view, tests = cycles.view(query, "/compare"), lab().tests.all()
    if not view.tests and not view.batch:
        return cohort.batches_page("Compare", tests)
    found = cohort.chosen(tests, view)
    if not found:
        return cohort.unknown_batch_page(view.batch)
    return cycles.page_of(f"Batch {view.batch}" if view.batch and not view.tests else "Compare", view, found)
