"""The thin memory of a test's whole life: how fast it faded, what it held, its first resistances."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.rows import Floats

Rows32 = npt.NDArray[np.float32]

SLOPE_CYCLES = 30
SLOPES = 48  # remembered; when full every second is forgotten and half as many are added
TRAIL = 40
FIRST = 10  # cycles whose median is the first resistance
COUNT, KIND, CAPACITY, RESISTANCE, SURFACE, AMBIENT, RATE = 0, 1, 3, 4, 5, 6, 7  # columns of a history's rows

LISTS = ("slopes", "counts", "capacities", "resistances", "temperatures")


class Life:
    """Samples over the whole life, thinned as it grows longer."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        kept = saved or {}
        self.regular: int = kept.get("regular", 0)  # regular cycles so far
        self.slope_stride: int = kept.get("slope_stride", 5)
        self.trail_stride: int = kept.get("trail_stride", 2)
        lists = {name: unpacked(kept[name]).tolist() if name in kept else [] for name in LISTS}
        self.slopes: list[float] = lists["slopes"]  # fraction of the first capacity per cycle
        self.counts: list[float] = lists["counts"]
        self.capacities: list[float] = lists["capacities"]  # Ah
        self.resistances: list[float] = lists["resistances"]
        self.temperatures: list[float] = lists["temperatures"]
        rate = kept.get("checkup_rate")
        self.checkup_rate: float = np.nan if rate is None else rate

    def save(self) -> dict[str, Any]:
        rate = None if np.isnan(self.checkup_rate) else self.checkup_rate
        lists = {name: packed(np.array(getattr(self, name), dtype=np.float32)) for name in LISTS}
        return self.__dict__ | {"checkup_rate": rate} | lists

    def add(self, rows: Rows32) -> None:
        """Take in the newest of a history's rows (oldest first)."""
        newest = rows[-1].tolist()
        if newest[KIND] == 1.0 and np.isnan(self.checkup_rate):
            self.checkup_rate = newest[RATE]
        if newest[KIND] != 0.0:
            return
        self.regular += 1
        if newest[RESISTANCE] > 0 and len(self.resistances) < FIRST:
            self.resistances.append(newest[RESISTANCE])
            known = newest[AMBIENT] if np.isfinite(newest[AMBIENT]) else newest[SURFACE]
            if np.isfinite(known):
                self.temperatures.append(known)
        if self.regular % self.trail_stride == 1 or self.trail_stride == 1:
            self.counts.append(newest[COUNT])
            self.capacities.append(newest[CAPACITY])
            if len(self.counts) == TRAIL:
                self.counts, self.capacities = self.counts[::2], self.capacities[::2]
                self.trail_stride *= 2
        if self.regular % self.slope_stride == 0:
            slopes = slopes_of(rows, 1)
            if len(slopes):
                self.slopes.append(float(np.float32(slopes[-1] / self.capacities[0])))
            if len(self.slopes) == SLOPES:
                self.slopes, self.slope_stride = self.slopes[::2], 2 * self.slope_stride


def slopes_of(rows: Rows32, newest: int) -> Floats:
    """Ah per cycle over the 30 regular cycles that end at each of the ``newest`` ones; empty where they are too few.

    Each capacity is first replaced by the median of itself and its neighbours, so that odd cycles, two in
    a row even, do not tilt the line of least squares."""
    regular = rows[rows[:, KIND] == 0.0].astype(np.float64)
    return line_slopes(regular[:, COUNT], regular[:, CAPACITY], newest)


def line_slopes(count: Floats, capacity: Floats, newest: int) -> Floats:
    """The same of plain arrays of regular cycles."""
    if len(count) < SLOPE_CYCLES + newest - 1:
        return np.empty(0)
    count, capacity = count[1 - SLOPE_CYCLES - newest :], capacity[1 - SLOPE_CYCLES - newest :]
    padded = np.concatenate([capacity[:1], capacity[:1], capacity, capacity[-1:], capacity[-1:]])
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    x = np.lib.stride_tricks.sliding_window_view(count, SLOPE_CYCLES)
    y = np.lib.stride_tricks.sliding_window_view(smooth, SLOPE_CYCLES)
    x = x - x.mean(axis=1, keepdims=True)
    slopes: Floats = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    return slopes


def packed(values: npt.NDArray[Any]) -> str:
    """The bytes of an array as text."""
    return base64.b64encode(values.tobytes()).decode()


def unpacked(text: str, kind: Any = np.float32) -> npt.NDArray[Any]:
    """The array that ``packed`` wrote; not to be written to."""
    return np.frombuffer(base64.b64decode(text), dtype=kind)
