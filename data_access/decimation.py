"""Fewer points for a trace that looks the same: of every stretch the extremes of every column stay."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
GAP_STEPS = 5.0  # a pause longer than this many usual steps …
GAP_SECONDS = 60.0  # … and than this is drawn as a pause, not as a line


def decimate(times: Floats, columns: Mapping[str, Floats], points: int) -> npt.NDArray[np.int64]:
    """The rows to keep, in order: at most about ``points``, with every column's extremes of every stretch.

    ``times`` must be in order. The first and the last row and both edges of the longest pauses stay.
    """
    rows = len(times)
    if rows <= points:
        return np.arange(rows)
    edges = _longest_gaps(times, max(points // 8, 1))
    fixed = [np.array([0, rows - 1]), edges, edges + 1]
    stretches = max((points - 2 - 2 * len(edges)) // max(2 * len(columns), 1), 1)
    starts = np.unique(np.linspace(0, rows, stretches + 1).astype(np.int64)[:-1])
    kept = [_extremes(values, starts) for values in columns.values()]
    return np.unique(np.concatenate([*fixed, *kept]))


def gaps(times: Floats) -> npt.NDArray[np.int64]:
    """The rows after which a pause begins."""
    if len(times) < 3:
        return np.zeros(0, dtype=np.int64)
    steps = np.diff(times)
    usual = float(np.median(steps))
    return np.flatnonzero((steps > GAP_STEPS * usual) & (steps > GAP_SECONDS))


def with_breaks(
    columns: Mapping[str, Floats], rows: npt.NDArray[np.int64], after: npt.NDArray[np.int64], clock: str
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


def _longest_gaps(times: Floats, most: int) -> npt.NDArray[np.int64]:
    found = gaps(times)
    if len(found) > most:
        longest = np.argsort(np.diff(times)[found], kind="stable")[-most:]
        found = np.sort(found[longest])
    return found


def _extremes(values: Floats, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows of the smallest and the largest value of every stretch; none where nothing was measured."""
    lowest = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), starts)
    highest = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), starts)
    lengths = np.diff(np.append(starts, len(values)))
    return np.concatenate([_first(values == np.repeat(extreme, lengths), starts) for extreme in (lowest, highest)])


def _first(hits: npt.NDArray[np.bool_], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first hit of every stretch that has one."""
    rows = np.flatnonzero(hits)
    stretch = np.searchsorted(starts, rows, side="right")
    return rows[np.unique(stretch, return_index=True)[1]]
