"""What the address of a cohort asks for: the axis, the measure, the layer of all cells, the part, the moment."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from components.address import last, moment, single
from cycling.cohort import AXES, MEASURES

CELLS = ("bands", "all")
_NAME = re.compile(r"(?:\\[\\,]|[^,])+")  # up to a comma that no backslash stands before


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


def view_of(query: Mapping[str, Any], zone: str, path: str, now: float) -> View:
    """The view that a query asks for; what cannot be read, or lies after ``now`` (UTC s), is named and left out."""
    faults: list[str] = []
    asked = {name: single(value) for name, value in query.items()}

    def one_of(name: str, allowed: tuple[str, ...]) -> str:
        value = asked.get(name) or allowed[0]
        if value not in allowed:
            faults.append(f'{name}="{value[:80]}": expected {" or ".join(allowed)}; shown with {allowed[0]}.')
        return value if value in allowed else allowed[0]

    axis, measure, cells = one_of("x", AXES), one_of("y", MEASURES), one_of("cells", CELLS)
    until = moment(asked, "at", zone, now, faults, "what is shown is now")
    span = asked.get("range", "")
    window = _window(span) if span else None
    if span and window is None:
        faults.append(f'range="{span[:80]}": expected two numbers such as 100,250; the whole axis is shown.')
    return View(
        path=path,
        tests=last(query.get("tests")),
        batch=asked.get("batch", ""),
        axis=axis,
        measure=measure,
        cells=cells,
        name=last(query.get("name")),
        window=window,
        at=asked["at"] if until is not None else "",
        until=until,
        faults=tuple(faults),
    )


def names(text: str) -> list[str]:
    """The names in a list with commas, each once, in order. Before a comma that belongs to a name stands a backslash,
    and so before a backslash that would else be read as such; assets/addresses.js writes them."""
    return list(dict.fromkeys(re.sub(r"\\([\\,])", r"\1", name) for name in _NAME.findall(text)))


def _window(text: str) -> tuple[float, float] | None:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None
