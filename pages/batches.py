"""The batches of the lab."""

from __future__ import annotations

import dash
from dash import html

from components import cohort
from data_access.lab import lab

dash.register_page(__name__, path="/batches", title="Batches · Cellwatch")


def layout(**_query: str) -> html.Main:
    return cohort.batches_page("Batches", lab().tests.all())
