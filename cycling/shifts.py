"""A sudden change of level in a slowly falling series: robust line, its spread, and the newest points beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cycling.median import median_of
from cycling.rows import Bools, Floats, Ints

BASE = 30  # cycles of the line
LEAST_BASE = 12
LOCAL = 10  # of them the nearest, for a line that bends
NEWEST = 3  # cycles that must agree
SIGMA_FLOOR = 0.0002  # of the level; finer than any cycler's day-to-day repeatability
PER_KELVIN = 0.005  # of the capacity; Li-ion near room temperature, 0.3-1 %/K


@dataclass(frozen=True, kw_only=True)
class Shift:
    """The newest three cycles beside the line of those before; fractions of the level."""

    recent: Floats  # residuals of the newest three, oldest first
    beside: Floats  # the same beside the line of the nearest ten before
    jump: float  # from the two cycles before to the first of the three
    sigma: float  # spread of a cycle about the line
    kelvin: float  # how far the temperature moved between line and newest cycles, NaN where unknown
    cycle_count: float  # of the first of the three
    end: float  # UTC seconds
    level: float  # Ah the line says for it
    slope: float  # Ah per cycle
    seam: bool  # the test was resumed between line and newest cycles
    cycles: int  # in the line
    unsure: float  # what sampling leaves open of line and newest where charge is integrated, a fraction

    @property
    def size(self) -> float:
        return float(median_of(self.recent))

    @property
    def sudden(self) -> bool:
        """The change came between two cycles: it is there beside the nearest cycles, too. A line that bends, as at a
        knee or in the first cycles of a test, gets there slowly."""
        way = np.sign(self.size)
        return bool(way * self.jump > 0.5 * abs(self.size) and np.all(way * self.beside > 0.6 * np.abs(self.recent)))

    def limit(self, fraction: float, sigmas: float) -> float:
        """How far from the line is too far; a chamber that moved makes it wider, and so does what one reading more
        or less would change."""
        return max(fraction, sigmas * self.sigma) + PER_KELVIN * float(np.nan_to_num(self.kelvin)) + self.unsure


def shift_of(
    evidence: Ints,
    count: Floats,
    capacity: Floats,
    temperature: Floats,
    resumed: Bools,
    end: Floats,
    unsure: Floats,
) -> Shift | None:
    """The shift at the newest cycle, from the cycles ``evidence`` names; None where they are too few."""
    base, newest = evidence[-BASE - NEWEST : -NEWEST], evidence[-NEWEST:]
    if len(base) < LEAST_BASE:
        return None
    origin = count[newest[0]]
    slope, level = theil_sen(count[base] - origin, capacity[base])
    if not level > 0:
        return None
    near = base[-LOCAL:]
    near_slope, near_level = theil_sen(count[near] - origin, capacity[near])
    inside = (capacity[base] - level - slope * (count[base] - origin)) / level
    moved = float(median_of(temperature[newest]) - median_of(temperature[base]))
    return Shift(
        recent=(capacity[newest] - level - slope * (count[newest] - origin)) / level,
        beside=(capacity[newest] - near_level - near_slope * (count[newest] - origin)) / level,
        jump=float((capacity[newest[0]] - level) / level - median_of(inside[-2:])),
        sigma=max(SIGMA_FLOOR, spread(inside)),
        kelvin=abs(moved),
        cycle_count=float(origin),
        end=float(end[newest[0]]),
        level=level,
        slope=slope,
        seam=bool(resumed[base[-1] + 1 : newest[0] + 1].any()),
        cycles=len(base),
        unsure=float(median_of(unsure[newest]) + median_of(unsure[base])),
    )


def theil_sen(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and value at x = 0 of the line that half of all pairs lie above (Theil 1950, Sen 1968)."""
    first, second = _pairs(len(x))
    slope = float(median_of((y[second] - y[first]) / (x[second] - x[first])))
    return slope, float(median_of(y - slope * x))


def spread(values: Floats) -> float:
    """A standard deviation that strays do not move: 1.4826 × the median absolute deviation."""
    return 1.4826 * float(median_of(np.abs(values - median_of(values))))


@cache
def _pairs(count: int) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(count, 1)
    return first, second
