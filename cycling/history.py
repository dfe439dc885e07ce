"""What one test did, cycle by cycle: the newest cycles as arrays, and a thin memory of its whole life."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cycling.median import median_of
from cycling.rows import Bools, Floats, Ints
from cycling.shifts import Shift, shift_of
from cycling.topology import TestFacts

REGULAR, CHECKUP, FORMATION = 0.0, 1.0, 2.0
KINDS = {"regular": REGULAR, "checkup": CHECKUP, "formation": FORMATION}  # other kinds are evidence of nothing
REBOUND_CYCLES = 3  # after a check-up capacity stands higher for a while
RESUMED_CYCLES = 2  # after a gap or a resume, too
LONG_IDLE = 12.0  # hours beyond the usual ones
LIKE_RATE = 0.15  # of the mean discharge current: one program
LIKE_AMBIENT, LIKE_SURFACE = 2.0, 4.0  # K; the surface also follows the cell's own heat


@dataclass(frozen=True, kw_only=True)
class Step:
    """A sudden lasting change of capacity that was seen: where, how much (a fraction), and the line it left."""

    cycle_count: float
    end: float  # UTC seconds at which the first changed cycle ended
    size: float
    level: float  # Ah that the line before said for that cycle
    slope: float  # Ah per cycle of that line
    seam: bool  # the test was resumed there: a long gap, counters that restarted, another channel


@dataclass(frozen=True, kw_only=True)
class TestHistory:
    """The newest complete cycles of a test, oldest first; NaN is missing. Cut short or faulty cycles are left out.

    ``slopes`` are fractions of the first capacity per cycle, sampled over the whole life; ``trail_count`` and
    ``trail_capacity`` the capacity (Ah) at a few dozen cycles of the whole life."""

    __test__ = False  # not a test class for pytest

    facts: TestFacts
    channel: str
    cycler: str
    cycle_count: Floats
    kind: Floats  # REGULAR | CHECKUP | FORMATION
    charging_capacity: Floats  # Ah
    discharging_capacity: Floats  # Ah
    resistance: Floats  # ohm, NaN where it was not measured
    surface: Floats  # °C, means over the cycle
    ambient: Floats
    rate: Floats  # A, mean of the discharge
    idle: Floats  # h without current since the cycle before, the rests of the cycle included
    charging_unsure: Floats  # Ah by which the capacities may be wrong: where readings are integrated, a current
    discharging_unsure: Floats  # began or ended somewhere between two of them
    seam: Bools  # the cycler's counters restarted, or the test moved to another channel
    end: Floats  # UTC seconds
    reference: float  # Ah that count as 100 % (see grading)
    slopes: Floats
    trail_count: Floats
    trail_capacity: Floats
    first_resistance: float  # ohm, median of the first ones
    first_temperature: float  # °C at which it was measured
    checkup_rate: float  # A, of the first check-up
    steps: tuple[Step, ...]

    @property
    def efficiency(self) -> Floats:
        return self.discharging_capacity / self.charging_capacity

    @property
    def unsure_capacity(self) -> Floats:
        """What the sampling leaves open of the discharge capacity, as a fraction."""
        return self.discharging_unsure / self.discharging_capacity

    @property
    def unsure_efficiency(self) -> Floats:
        return self.unsure_capacity + self.charging_unsure / self.charging_capacity

    @property
    def regular(self) -> Bools:
        regular: Bools = self.kind == REGULAR
        return regular

    @property
    def first_capacity(self) -> float:
        """Ah of the first regular cycle, NaN before."""
        return float(self.trail_capacity[0]) if len(self.trail_capacity) else np.nan

    @cached_property
    def resumed(self) -> Bools:
        """Cycles with a seam or an unusually long idle time before or in them."""
        resumed: Bools = np.logical_or(self.seam, self.idle - median_of(self.idle) > LONG_IDLE)
        return resumed

    @cached_property
    def evidence(self) -> Ints:
        """Cycles that may be held against each other: of the newest one's program and temperature, regular, not
        shortly after a check-up or a resume. Empty where the newest cycle is none itself."""
        index = np.arange(len(self.kind))
        good = self.regular & (_since(self.kind == CHECKUP, index) > REBOUND_CYCLES)
        good &= _since(self.resumed, index) >= RESUMED_CYCLES
        if not len(index) or not good[-1]:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(good & self.like_newest)

    @cached_property
    def like_newest(self) -> Bools:
        """Cycles of the same mean discharge current and temperature as the newest."""
        like: Bools = np.abs(self.rate / self.rate[-1] - 1) <= LIKE_RATE
        if np.isfinite(self.ambient[-1]):
            like &= ~(np.abs(self.ambient - self.ambient[-1]) > LIKE_AMBIENT)
        else:
            like &= ~(np.abs(self.surface - self.surface[-1]) > LIKE_SURFACE)
        return like

    @cached_property
    def temperature(self) -> Floats:
        """Of the chamber where it is known, else of the cell; °C."""
        return np.where(np.isfinite(self.ambient), self.ambient, self.surface)

    @cached_property
    def shift(self) -> Shift | None:
        """How the newest three cycles lie beside the line of the thirty before; None without evidence."""
        return shift_of(
            self.evidence,
            self.cycle_count,
            self.discharging_capacity,
            self.temperature,
            self.resumed,
            self.end,
            self.unsure_capacity,
        )


def _since(marks: Bools, index: Ints) -> Ints:
    """How many cycles ago the last mark was, 0 at the mark; large where there was none."""
    last: Ints = index - np.maximum.accumulate(np.where(marks, index, -1_000_000))
    return last
