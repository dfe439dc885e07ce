"""How warm a cell was over its surroundings in its last runs of the same step.

ΔT is kept at knots of the time in step, two minutes apart at first and wider later. A step is the same when
direction, current, surroundings and, where given, the protocol's step number agree; few are kept, the one used
longest ago makes room. A new test starts anew, which makes the protocol part of the key.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from cycling.rows import Floats

MINUTES = (0, 2, 4, 7, 10, 15, 20, 27, 35, 45, 56, 70, 90, 120, 180, 360)
KNOTS = tuple(60.0 * minutes for minutes in MINUTES)
KEYS, RUNS = 4, 3
SIGN, CURRENT, AROUND, STEP, USED, COUNT = range(6)  # of a key; COUNT are the runs seen, at most RUNS
KEY_SIZE = 6
SAME_CURRENT, SAME_TAPER = 0.12, 0.40  # shares by which setpoints may differ
NO_CURRENT = 1e-6  # A; a pulse that was over before its current was known has none
SAME_AROUND = 4.0  # K by which the surroundings may

Key = tuple[float, float, float, float]  # sign, current (A), surroundings (°C), step of the protocol


def find(keys: Floats, key: Key, tapers: bool) -> int:
    """The place of the step's key, the one with the nearest current; -1 where it is not known. ``keys`` (KEYS,
    KEY_SIZE). Where the current ``tapers`` from the start, what was learned of it is vague."""
    sign, current, around, step = key
    allowed = SAME_TAPER if tapers else SAME_CURRENT
    found, nearest = -1, math.inf
    for place, known in enumerate(keys.tolist()):
        if (
            known[SIGN] == sign
            and (known[STEP] == step or (math.isnan(known[STEP]) and math.isnan(step)))
            and abs(known[AROUND] - around) <= SAME_AROUND
        ):
            apart = abs(known[CURRENT] - current) / max(known[CURRENT], current, NO_CURRENT)
            if apart <= allowed and apart < nearest:
                found, nearest = place, apart
    return found


def usual(keys: Floats, curves: Floats, place: int) -> list[float]:
    """Median ΔT (K) at the knots over the last runs, NaN where fewer than two got as far; empty before there are
    RUNS of them."""
    if place < 0 or keys[place, COUNT] < RUNS:
        return []
    return [_median(values) for values in curves[place].T.tolist()]


def at(curve: Sequence[float], seconds: float) -> tuple[float, float]:
    """ΔT (K) of a curve at a time in step, and its slope (K/s)."""
    low, slope, since = piece(curve, bisect_right(KNOTS, seconds))
    return low + slope * (seconds - since), slope


def piece(curve: Sequence[float], after: int) -> tuple[float, float, float]:
    """ΔT (K) of a curve at the knot before a place among them, its slope (K/s) from there on, and when that is (s)."""
    if not curve or not 0 < after < len(KNOTS):
        return math.nan, math.nan, math.nan
    low, high, since = curve[after - 1], curve[after], KNOTS[after - 1]
    return low, (high - low) / (KNOTS[after] - since), since


def learn(keys: Floats, curves: Floats, place: int, key: Key, curve: Sequence[float], now: float) -> None:
    """Take in ΔT at the knots of a run that is over, under a ``place`` that was found, or (-1) a new one."""
    sign, current, around, step = key
    if place < 0:
        place = int(np.argmin(np.nan_to_num(keys[:, USED], nan=-1.0)))
        keys[place, COUNT] = 0.0
        curves[place] = np.nan
    keys[place, [SIGN, CURRENT, AROUND, STEP, USED]] = sign, current, around, step, now
    keys[place, COUNT] = min(keys[place, COUNT] + 1, RUNS)
    curves[place, 1:] = curves[place, :-1].copy()
    curves[place, 0] = np.round(np.asarray(curve) * 64) / 64  # coarse numbers make small snapshots


def cross(curve: list[float], before: tuple[float, float], now: tuple[float, float]) -> None:
    """Note ΔT at the knots passed between two readings, each (seconds in step, ΔT)."""
    (since, low), (seconds, high) = before, now
    for knot in range(bisect_right(KNOTS, since), bisect_right(KNOTS, seconds)):
        curve[knot] = low + (high - low) * (KNOTS[knot] - since) / (seconds - since)


def close(curve: list[float], seconds: float, value: float) -> None:
    """Draw the curve on through its last reading to the next knot, so that it covers the whole step."""
    after = bisect_right(KNOTS, seconds)
    if not 0 < after < len(KNOTS) or math.isnan(curve[after - 1]):
        return
    past = seconds - KNOTS[after - 1]
    wide = KNOTS[after] - KNOTS[after - 1]
    slope = (value - curve[after - 1]) / past if past >= 0.25 * wide else 0.0
    curve[after] = value + slope * (KNOTS[after] - seconds)


def _median(values: list[float]) -> float:
    known = sorted(value for value in values if value == value)
    if len(known) < 2:
        return math.nan
    return known[1] if len(known) == 3 else 0.5 * (known[0] + known[1])
