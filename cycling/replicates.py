"""Where the fellows of a cell stand: percentiles of a value over tests of the same batch and protocol, by cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
FEWEST = 3  # fellows without whom a band would pretend to know their spread
WHOLE = ("regular", "formation")  # check-ups run at another current and would tear the band


def fellows_of(test: str, facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The other tests of the same batch and protocol; none for a test that names no batch."""
    own = next((one for one in facts if one["test"] == test), {})
    if not own.get("batch"):
        return []
    same = ("batch", "protocol")
    return [str(one["test"]) for one in facts if one["test"] != test and all(one.get(k) == own.get(k) for k in same)]


def band(cycles: Mapping[str, Sequence[Any]], value: str = "discharging_capacity_ah") -> dict[str, list[float]]:
    """By cycle where at least FEWEST fellows have one: ``cycle_count``, ``fellows`` and ``p5`` … ``p95`` of a value."""
    kinds = np.array(list(cycles.get("kind", ())), dtype=object)
    counts = np.asarray(cycles.get("cycle_count", ()), dtype=np.float64)
    values = np.asarray(cycles.get(value, ()), dtype=np.float64)
    known = np.isin(kinds, WHOLE) & np.isfinite(values) & np.isfinite(counts) if len(kinds) else np.zeros(0, dtype=bool)
    order = np.argsort(counts[known], kind="stable")
    counts, values = counts[known][order], values[known][order]
    cycle, first, many = np.unique(counts, return_index=True, return_counts=True)
    rows: list[list[float]] = []
    for count, start, length in zip(cycle, first, many, strict=True):
        if length >= FEWEST:
            rows.append([float(count), float(length), *np.percentile(values[start : start + length], PERCENTILES)])
    names = ["cycle_count", "fellows", *(f"p{percent:.0f}" for percent in PERCENTILES)]
    return {name: [float(row[place]) for row in rows] for place, name in enumerate(names)}
