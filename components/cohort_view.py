"""What the address of a cohort asks for: the axis, the measure, the layer of all cells, the part, the moment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from cycling.cohort import AXES, MEASURES

CELLS = ("bands", "all")


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at a cohort. ``faults`` are sentences about what in the address could not be read."""

    path: str = "/compare"
    tests: str = ""
    batch: str = ""
    axis: str = "cycle"
    measure: str = "health"
    cells: str = "bands"
    name: str = ""
    window: tuple[float, float] | None = None
    at: str = ""
    until: float | None = None
    faults: tuple[str, ...] = ()

    def address(self, **other: str) -> str:
        """The address of this view, or of one that differs: only what is not usual stands in it."""
        batch = self.batch if self.path == "/compare" else ""  # the other has it in its path
        asked = {"tests": self.tests, "batch": batch, "x": self.axis, "y": self.measure, "cells": self.cells}
        asked |= {"name": self.name, "at": self.at} | other
        usual = {"x": "cycle", "y": "health", "cells": "bands"}
        said = {name: value for name, value in asked.items() if value and value != usual.get(name)}
        return self.path + (f"?{urlencode(said, quote_via=quote)}" if said else "")


def view_of(query: Mapping[str, str], zone: str, path: str) -> View:
    """The view that a query asks for; what cannot be read is named and left out."""
    faults: list[str] = []

    def one_of(name: str, allowed: tuple[str, ...]) -> str:
        value = query.get(name) or allowed[0]
        if value not in allowed:
            faults.append(f'{name}="{value[:80]}": expected {" or ".join(allowed)}; shown with {allowed[0]}.')
        return value if value in allowed else allowed[0]

    axis, measure, cells = one_of("x", AXES), one_of("y", MEASURES), one_of("cells", CELLS)
    at = query.get("at", "")
    until = _moment(at, zone) if at else None
    if at and until is None:
        faults.append(f'at="{at[:80]}": expected a time such as 2026-11-20T03:00 or unix seconds; shown as it is now.')
    span = query.get("range", "")
    window = _window(span) if span else None
    if span and window is None:
        faults.append(f'range="{span[:80]}": expected two numbers such as 100,250; the whole axis is shown.')
    return View(
        path=path,
        tests=query.get("tests", ""),
        batch=query.get("batch", ""),
        axis=axis,
        measure=measure,
        cells=cells,
        name=query.get("name", ""),
        window=window,
        at=at if until is not None else "",
        until=until,
        faults=tuple(faults),
    )


def names(text: str) -> list[str]:
    """The names in a list with commas, each once, in order."""
    return list(dict.fromkeys(name for name in text.split(",") if name))


def _window(text: str) -> tuple[float, float] | None:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _moment(text: str, zone: str) -> float | None:
    """Unix seconds of a moment: a number is that, a time without an offset is the lab's."""
    try:
        return float(text) if math.isfinite(float(text)) else None
    except ValueError:
        pass  # no number: a date then
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
