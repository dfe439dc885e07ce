"""All tests of one batch."""

from __future__ import annotations

import dash
from dash import html

from components import cohort
from pages.cycles import of_tests

dash.register_page(__name__, path_template="/batches/<batch>", title="Batch · Cellwatch")


def layout(batch: str = "", **_query: str) -> html.Main:
    found, cycles = of_tests("", batch)
    return cohort.cohort_page(f"Batch {batch}", found, cycles) if found else cohort.unknown_batch_page(batch)
