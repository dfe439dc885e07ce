"""A cohort as a page asks for it, remembered for as long as the archive has no newer cycles."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dash import html

from components import cohort as parts
from components.cohort_view import View, names, view_of
from cycling.cohort import Cohort, cohort
from data_access.alert_log import whole_log
from data_access.caching import cached
from data_access.lab import lab
from data_access.lives import lives

FRESH_SECONDS = 30  # cycles and alerts that are not archived yet appear after at most so long


def view(query: Mapping[str, Any], path: str) -> View:
    """What the address asks for, times without an offset being the lab's."""
    return view_of(query, lab().topology.timezone, path, time.time())


def page_of(title: str, view: View, found: list[parts.Facts]) -> html.Main:
    """The page of these tests."""
    shown, told = _computed(view, found)
    log = cached("alert-log", lab().archive.version("alerts"), compute=lambda: whole_log(lab()), seconds=FRESH_SECONDS)
    batch = view.batch if not view.tests else ""
    until = view.until if view.until is not None else time.time()
    return parts.cohort_page(title, view, found, shown, told, parts.alerts_of(log, found, batch, until))


def _computed(view: View, found: list[parts.Facts]) -> tuple[Cohort, list[parts.Row]]:
    """The figure's numbers and the table's, worked out once for this cohort at this version of the table."""
    facts = {str(told["test"]): told for told in found}
    groups = {test: str(told.get("protocol") or "") for test, told in facts.items()}
    nominal = {test: told.get("nominal_capacity_ah") for test, told in facts.items()}

    def read() -> tuple[Cohort, list[parts.Row]]:
        cycles = lives(lab(), tuple(facts), view.until, nominal)
        asked = {"axis": view.axis, "measure": view.measure}
        shown = cohort(cycles, groups, **asked, named=names(view.name), all_cells=view.cells == "all")
        return shown, parts.rows(found, cycles)

    version = lab().archive.version("cycles")
    asked = (view.axis, view.measure, view.name, view.cells, view.until)
    return cached("cohort", sorted(map(repr, found)), asked, version, compute=read, seconds=FRESH_SECONDS)
