"""All tests of one batch."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import dash
from dash import html

from components import cohort
from data_access.lab import lab
from pages import cycles
from pages.path import in_path

dash.register_page(__name__, path_template="/batches/<batch>", title="Batch · Cellwatch")


def layout(batch: str = "", **query: str) -> html.Main:
    batch = in_path("batches", batch)
    asked = {name: value for name, value in query.items() if name != "tests"}
    view = cycles.view(asked, f"/batches/{quote(batch, safe='')}")
    found = cohort.chosen(lab().tests.all(), replace(view, batch=batch))
    if not found:
        return cohort.unknown_batch_page(batch)
    return cycles.page_of(f"Batch {batch}", replace(view, batch=batch), found)
