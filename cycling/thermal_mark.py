"""What a channel's thermal expectations go on from: the newest mark, and what was learned before it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from cycling import heat_balance, step_history
from cycling.memory import Turn


@dataclass(slots=True)
class Mark:
    """What a channel goes on from. Times are of the data's clock (s), temperatures over the surroundings (K)."""

    # what the rows after the mark need
    at: float
    model: float
    heat: float  # ∫I² since the test began, A²s
    charge: float  # ∫I, As
    kappa: float
    joule: float
    reversible: float
    constant: float
    lagged: float  # the surroundings a time constant ago, °C
    usual: float  # history's ΔT at the mark …
    usual_slope: float
    offset: float  # … and how far this step stood off it
    offset_at: float
    offset_rate: float
    # what the next mark needs
    rise: float
    place: float  # of the step's key in the history
    step_at: float
    sign: float
    setpoint: float
    around: float
    middle: float  # 1 where the step was met in its middle, after a restart: it has no time of its own
    tapers: float  # 1 where the step's current was not held from the start
    step: float  # of the protocol
    from_at: float  # where the interval for the fit began
    from_rise: float
    from_heat: float
    from_charge: float
    steps: float  # that the heat balance has learned from
    odd: float  # s of the step that looked like a fault
    air: float  # 1 while the temperature looks like air's and was not verified since
    warm: float  # s of verified warmth after that
    barred: float  # steps that taught nothing for it and showed nothing odd themselves


NAMES = tuple(field.name for field in fields(Mark))
SEEN = NAMES.index("rise")  # fields before are spread over the rows
ALL, TOLD = attrgetter(*NAMES), attrgetter(*NAMES[:SEEN])


class Reading(NamedTuple):
    """One row at which there is a mark."""

    run: int
    lost: bool
    torn: bool
    same: bool
    at: float
    rise: float
    around: float
    heat: float
    charge: float
    sign: float
    setpoint: float
    tapers: bool
    step: float
    idle: float


class Past:
    """What was learned of the channels of a turn, and the step they are in, one channel at a time."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._keys = turn.carry("thermal.keys", np.nan, (step_history.KEYS, step_history.KEY_SIZE))
        self._curves = turn.carry(
            "thermal.curves", np.nan, (step_history.KEYS, step_history.RUNS, len(step_history.KNOTS))
        )
        self._open = turn.carry("thermal.open", np.nan, (len(step_history.KNOTS),))
        self._sums = turn.carry("thermal.sums", 0.0, (2, heat_balance.SUMS))
        self._run = -1
        self._usual: list[float] = []
        self._usual_place = -1
        self.curve: list[float] = []  # ΔT at the knots of the step so far
        self.learned: list[float] = []  # the heat balance's sums of the steps before …
        self.intervals: list[heat_balance.Interval] = []  # of this one, which its own sums have not taken in
        self._fresh: list[float] = []

    def turn_to(self, run: int) -> None:
        self._note()
        self._run = run
        self.keys, self.curves = self._keys[run], self._curves[run]
        self.curve = self._open[run].tolist()
        self.learned, self._fresh = self._sums[run].tolist()
        self._usual, self._usual_place = [], -1

    def usual(self, place: int) -> list[float]:
        """The median curve of a key, empty where there is none."""
        if place != self._usual_place:
            self._usual = step_history.usual(self.keys, self.curves, place)
            self._usual_place = place
        return self._usual

    def take_fresh(self) -> list[float]:
        """The heat balance's sums of the step that is over; the next begins with none."""
        fresh = heat_balance.added(self._fresh, self.intervals)
        self._fresh, self.intervals = [0.0] * heat_balance.SUMS, []
        return fresh

    def learn(self, mark: Mark) -> None:
        """Take the step that is over into the history."""
        place = step_history.find(self.keys, key_of(mark), mark.tapers > 0)
        step_history.learn(self.keys, self.curves, place, key_of(mark), self.curve, mark.at)
        self._usual, self._usual_place = [], -1

    def keep(self) -> None:
        self._note()
        self._turn.keep_runs("thermal.keys", self._keys)
        self._turn.keep_runs("thermal.curves", self._curves)
        self._turn.keep_runs("thermal.open", self._open)
        self._turn.keep_runs("thermal.sums", self._sums)

    def _note(self) -> None:
        if self._run >= 0:
            self._open[self._run] = self.curve
            self._sums[self._run] = self.learned, heat_balance.added(self._fresh, self.intervals)
            self.intervals = []


def key_of(mark: Mark) -> tuple[float, float, float, float]:
    return mark.sign, mark.setpoint, mark.around, mark.step
