"""Fewer points for a trace that looks the same: of every stretch the extremes of every column stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]  # float64, or float32 as it was measured
Indices = npt.NDArray[np.int64]
GAP_STEPS = 5.0  # a pause longer than this many usual steps …
GAP_SECONDS = 60.0  # … and than this is drawn as a pause, not as a line


def decimate(
    times: Floats,
    columns: Mapping[str, Floats],
    points: int,
    *,
    highs: Mapping[str, Floats] | None = None,
    pauses: Indices | None = None,
) -> Indices:
    """The rows to keep, in order: at most about ``points``, with every column's extremes of every stretch.

    ``times`` must be in order. ``highs`` where a row is not one value but from a low (``columns``) to a high;
    ``pauses`` where it is known already after which rows a pause begins. The first and the last row and both edges
    of the longest pauses stay.
    """
    rows = len(times)
    if rows <= points:
        return np.arange(rows)
    edges = _longest(times, gaps(times) if pauses is None else pauses, max(points // 8, 1))
    fixed = np.concatenate([[0, rows - 1], edges, edges + 1])
    known = [(low, columns[name] if highs is None else highs[name]) for name, low in columns.items()]
    known = [(low, high) for low, high in known if not np.isnan(low).all()]
    stretches = max((points - len(fixed)) // max(2 * len(known), 1), 1)
    kept = _kept(known, fixed, rows, stretches)
    finer = int(0.9 * stretches * points / len(kept))
    if finer > 1.2 * stretches:  # extremes of several columns fell together, so there is room for more
        more = _kept(known, fixed, rows, finer)
        kept = more if len(more) <= points else kept
    return kept


def gaps(times: Floats) -> Indices:
    """The rows after which a pause begins."""
    if len(times) < 3:
        return np.zeros(0, dtype=np.int64)
    steps = np.diff(times)
    usual = float(np.median(steps))
    return np.flatnonzero((steps > GAP_STEPS * usual) & (steps > GAP_SECONDS))


def with_breaks(
    columns: Mapping[str, Floats], rows: Indices, after: Indices, clock: str
) -> dict[str, list[float | None]]:
    """The kept rows as lists for a figure, with a row of None (at the pause's middle) where the line breaks."""
    before = np.searchsorted(rows, np.intersect1d(after, rows[:-1])) + 1
    result: dict[str, list[float | None]] = {}
    for name, values in columns.items():
        kept = values[rows]
        middle = (kept[before - 1] + kept[before]) / 2 if name == clock else np.full(len(before), np.nan)
        told = np.insert(kept, before, middle)
        result[name] = [None if value != value else value for value in told.tolist()]
    return result


def _longest(times: Floats, found: Indices, most: int) -> Indices:
    """The longest of the pauses."""
    if len(found) > most:
        longest = np.argsort(times[found + 1] - times[found], kind="stable")[-most:]
        found = np.sort(found[longest])
    return found


def _kept(known: list[tuple[Floats, Floats]], fixed: Indices, rows: int, stretches: int) -> Indices:
    size = -(-rows // stretches)
    extremes = [_first_lowest(values, size) for low, high in known for values in (low, -high)]
    return np.unique(np.concatenate([fixed, *extremes]))


def _first_lowest(values: Floats, size: int) -> Indices:
    """The first row of the smallest value of every stretch of ``size`` rows; none where nothing was measured."""
    stretches = -(-len(values) // size)
    padded = np.full(stretches * size, np.inf, dtype=values.dtype)
    np.copyto(padded[: len(values)], values, where=~np.isnan(values))
    of_stretch = padded.reshape(stretches, size)
    rows: Indices = np.argmin(of_stretch, axis=1) + size * np.arange(stretches)
    return rows[padded[rows] < np.inf]
