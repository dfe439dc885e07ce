"""A cell's first-order heat balance: what its current should do to its temperature, learned from its own steps.

dΔT/dt = −κ·ΔT + β1·I² + β2·I + γ, with ΔT the cell's temperature over its surroundings (K): losses, Joule heat,
reversible heat, and whatever stands constantly between the two sensors. In the study's form on a 2-minute grid,
a = exp(−120 s·κ), clipped to [0.70, 0.995]. It is fitted to ΔT's changes over intervals of about two minutes, by
ridge least squares that forget: noise of the sensors is in ΔT's mean and its change without correlation, so it does
not bias κ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement
from operator import add as add_up

import numpy as np

from cycling.rows import Floats

FASTEST, SLOWEST = -math.log(0.70) / 120.0, -math.log(0.995) / 120.0  # 1/s
USUAL = 1.0 / 960.0  # 1/s: the median time constant of NASA's cells is 16 minutes
FORGETTING = 0.9  # per step: about the last ten count
RIDGE = 0.003
RIDGED = RIDGE * np.eye(4)
CLEAR = 10.0  # weight of intervals without current, where nothing but the losses is at work
SUMS = 15  # of products of four regressors and the change: what a fit needs of all its intervals
PAIRS = list(combinations_with_replacement(range(5), 2))
FIRST, SECOND = np.array(PAIRS).T
WORTH_ARRAYS = 12  # intervals; fewer are added sooner one by one

Interval = tuple[float, float, float, float, float, float]
"""Mean ΔT (K), ∫I² (A²s), ∫I (As), length (s), the change of ΔT (K), and its weight."""


def added(sums: Sequence[float], intervals: Sequence[Interval]) -> list[float]:
    """The sums with the products of some intervals, added strictly one after the other, so that it does not matter
    when they were handed in."""
    if len(intervals) < WORTH_ARRAYS:
        total = list(sums)
        for interval in intervals:
            add(total, *interval)
        return total
    mean, heat, charge, seconds, change, weight = np.array(intervals).T
    parts = np.array([mean * seconds, heat, charge, seconds, change])
    rows = np.empty((len(intervals) + 1, SUMS))
    rows[0], rows[1:] = sums, ((weight * parts)[FIRST] * parts[SECOND]).T
    total = np.add.accumulate(rows, axis=0)[-1]
    return list(total.tolist())


def add(
    sums: list[float], mean: float, heat: float, charge: float, seconds: float, change: float, weight: float
) -> None:
    """Take in one interval."""
    warm = mean * seconds
    a, b, c, d, e = weight * warm, weight * heat, weight * charge, weight * seconds, weight * change
    products = (
        *(a * warm, a * heat, a * charge, a * seconds, a * change),
        *(b * heat, b * charge, b * seconds, b * change),
        *(c * charge, c * seconds, c * change),
        *(d * seconds, d * change, e * change),
    )  # in the order of PAIRS
    sums[:] = map(add_up, sums, products)


def fit(sums: Sequence[float]) -> tuple[float, float, float, float] | None:
    """κ, β1, β2, γ, or None where the intervals do not tell."""
    whole = np.empty((5, 5))
    whole[FIRST, SECOND] = whole[SECOND, FIRST] = sums
    scale = np.sqrt(whole.diagonal()[:4])
    if not (scale[0] > 0 and scale[1] > 0 and scale[3] > 0):
        return None
    scale = np.where(scale > 0, scale, 1.0)
    products = whole[:4, :4] / (scale[:, None] * scale) + RIDGED
    target = whole[:4, 4] / scale
    target[0] -= RIDGE * USUAL * scale[0]  # the ridge draws κ to the usual one, the others to nothing
    found: Floats = np.linalg.solve(products, target)
    kappa = min(max(-found[0] / scale[0], SLOWEST), FASTEST)
    given = -kappa * scale[0]
    rest: Floats = np.linalg.solve(products[1:, 1:], target[1:] - products[1:, 0] * given)
    joule, reversible, offset = (rest / scale[1:]).tolist()
    return float(kappa), joule, reversible, offset
