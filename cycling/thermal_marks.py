"""Where the thermal expectations are worked out and learned: at marks, a few per channel and quarter of an hour.

A mark stands where a two-minute cell of the data's clock begins, a step begins, its setpoint becomes known, or data
are missing. Nothing is learned of steps that look like a fault, nor, once a temperature looked like air's, of
anything before it was verified again: a fault must not teach itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np

from cycling import heat_balance, step_history
from cycling.context import REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.surroundings import Surroundings

MARK_SECONDS = 120.0
LOST_SECONDS = 900.0  # without data for as long, the model starts anew from the reading
JUMP = 2.0  # K between readings where a step begins, or down in a rest: time was left out, the model starts anew
OFFSET_RATE = 1.0 / 960.0  # 1/s; a step that starts warmer than usual loses the difference at this rate
LAG_SECONDS = 2400.0  # a cell follows its chamber within this (NASA: 90 % of the time constants are below 37 min)
LEARNED_SECONDS = 600.0  # a shorter step has no history, and teaches the heat balance only with the next
LEAST_STEPS = 4.0  # before the heat balance is asked
LEAST_INTERVAL, LARGEST_CHANGE = 100.0, 3.0  # s and K of an interval for the fit
WANDERS = 1.5  # K between the surroundings and what they were a time constant ago: nothing is learned
TAINTED_SECONDS = 300.0  # of temperatures that look like a fault keep a step from teaching
WARM, AIR_SHARE = 3.0, 0.5  # K expected, and the share of it below which a temperature looks like air's …
VERIFIED_SHARE, VERIFIED_SECONDS = 0.7, 600.0  # … or above which, for how long, it is the cell's
BARRED_STEPS = 12  # without a sign of the fault, after which steps teach again
IDLE = 0.05  # of the largest current: below, next to no heat is made, and the losses show by themselves
HOT_HISTORY, HOT_MODEL = 4.0, 3.0  # K above what was expected that look like a fault


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
ALL = attrgetter(*NAMES)
UNKNOWN = [math.nan] * len(NAMES)


@dataclass(slots=True)
class Reading:
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


def marks_of(
    turn: Turn, rows: Rows, around: Surroundings, *, rise: Floats, heat: Floats, charge: Floats
) -> dict[str, Floats]:
    """Work through the marks; returns per field what each row goes on from."""
    runs = rows.runs
    setpoint = np.where(rows.direction == REST, 0.0, rows.setpoint)
    lost, torn, marked = _where(turn, rows, rise, setpoint)
    state = turn.carry("thermal.mark", np.nan, (len(NAMES),))
    at = np.flatnonzero(marked)
    table = np.concatenate([state[:, :SEEN], np.empty((len(at), SEEN))])
    if len(at):
        past = Past(turn)
        idle = (IDLE * rows.scale) ** 2
        parts: list[np.ndarray] = [runs.of_row, lost, torn, rows.same_step, rows.elapsed, rise, around.temperature]
        parts += [heat, charge, rows.direction, setpoint, ~rows.steady, rows.protocol_step, idle]
        run, mark = -1, Mark(*UNKNOWN)
        noted: list[tuple[float, ...]] = []
        readings = zip(*(column[at].tolist() for column in parts), strict=True)
        for reading in (Reading(*row) for row in readings):
            if reading.run != run:
                if run >= 0:
                    state[run] = noted[-1]
                past.turn_to(reading.run)
                run, mark = reading.run, Mark(*state[reading.run].tolist())
            _step(mark, past, reading)
            noted.append(ALL(mark))
        past.keep()
        state[run] = noted[-1]
        turn.keep_runs("thermal.mark", state)
        table[len(state) :] = np.array(noted)[:, :SEEN]
    newest = np.maximum.accumulate(np.where(marked, runs.rows, -1))
    ordinal = len(state) - 1 + np.cumsum(marked)
    held = table[np.where(newest >= runs.start_of_row, ordinal, runs.of_row)]
    return {name: held[:, place] for place, name in enumerate(NAMES[:SEEN])}


def _where(turn: Turn, rows: Rows, rise: Floats, setpoint: Floats) -> tuple[Bools, Bools, Bools]:
    """Rows before which time was left out, those of them that may stand inside a step, and all rows with a mark."""
    runs = rows.runs
    last = turn.carry("thermal.last", np.nan, (3,))  # elapsed, ΔT and setpoint of the row before
    before = runs.previous(rows.elapsed, last[:, 0])
    jump = rise - runs.previous(rise, last[:, 1])
    known = runs.previous(setpoint, last[:, 2])
    still = np.abs(rows.held_current) <= 0.01 * rows.scale
    torn = ~(rows.elapsed - before <= LOST_SECONDS) | rows.seam
    lost = torn | (still & (jump < -JUMP)) | (~rows.same_step & (np.abs(jump) > JUMP))
    learned = ~np.isnan(setpoint) & ~(np.abs(setpoint - known) <= 0.05 * setpoint)
    cell = np.floor(rows.elapsed / MARK_SECONDS) != np.floor(before / MARK_SECONDS)
    turn.keep("thermal.last", np.column_stack([rows.elapsed, rise, setpoint]))
    return lost, torn, lost | ~rows.same_step | learned | cell


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
        self.fresh: list[float] = []  # … and of this one

    def turn_to(self, run: int) -> None:
        self._note()
        self._run = run
        self.keys, self.curves = self._keys[run], self._curves[run]
        self.curve = self._open[run].tolist()
        self.learned, self.fresh = self._sums[run].tolist()
        self._usual, self._usual_place = [], -1

    def usual(self, place: int) -> list[float]:
        """The median curve of a key, empty where there is none."""
        if place != self._usual_place:
            self._usual = step_history.usual(self.keys, self.curves, place)
            self._usual_place = place
        return self._usual

    def learn(self, mark: Mark) -> None:
        """Take the step that is over into the history."""
        place = step_history.find(self.keys, _key(mark), mark.tapers > 0)
        step_history.learn(self.keys, self.curves, place, _key(mark), self.curve, mark.at)
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
            self._sums[self._run] = self.learned, self.fresh


def _step(mark: Mark, past: Past, reading: Reading) -> None:
    """From one mark to the next."""
    passed = reading.at - mark.at
    mark.lagged = _lagged(mark, reading, passed)
    steady = abs(reading.around - mark.lagged) <= WANDERS
    expected = mark.usual + mark.usual_slope * passed + mark.offset * _fading(mark, reading.at)
    if not reading.same:
        _finish(mark, past)
    mark.model = math.nan if reading.lost else _free_run(mark, reading, passed)
    if math.isnan(mark.model):
        mark.model = reading.rise
    if reading.same and not reading.lost:
        _suspect(mark, expected, reading.rise, passed, steady)
        _gather(mark, past, reading, steady)
    else:
        _open_interval(mark, reading)
    mark.at, mark.heat, mark.charge, mark.rise = reading.at, reading.heat, reading.charge, reading.rise
    if not reading.same:
        _begin(mark, past, reading, steady)
    if mark.setpoint != reading.setpoint == reading.setpoint or mark.tapers != reading.tapers:
        mark.setpoint, mark.tapers = reading.setpoint, float(reading.tapers)
        _recognise(mark, past)
    _expect(mark, past)


def _lagged(mark: Mark, reading: Reading, passed: float) -> float:
    if math.isnan(mark.lagged) or math.isnan(reading.around):
        return reading.around if math.isnan(mark.lagged) else mark.lagged
    return reading.around + (mark.lagged - reading.around) * math.exp(-passed / LAG_SECONDS)


def _fading(mark: Mark, at: float) -> float:
    return math.exp(-mark.offset_rate * (at - mark.offset_at))


def _free_run(mark: Mark, reading: Reading, passed: float) -> float:
    """The heat balance from the last mark to this one."""
    if not passed > 0:
        return mark.model
    decay = math.exp(-mark.kappa * passed)
    warmth = mark.joule * (reading.heat - mark.heat) + mark.reversible * (reading.charge - mark.charge)
    return mark.model * decay + (1.0 - decay) / (mark.kappa * passed) * (warmth + mark.constant * passed)


def _suspect(mark: Mark, expected: float, rise: float, passed: float, steady: bool) -> None:
    """Does the temperature look like air's, or far too hot? NaN compares as no."""
    least = min(expected, mark.model) if mark.model == mark.model else expected
    warm = expected > WARM and mark.model > WARM
    cold = warm and rise < AIR_SHARE * least
    hot = rise - expected > HOT_HISTORY and rise - mark.model > HOT_MODEL
    if steady and (cold or hot):
        mark.odd += passed
        if cold and mark.odd >= TAINTED_SECONDS:
            mark.air, mark.warm, mark.barred = 1.0, 0.0, 0.0
    elif warm and rise >= VERIFIED_SHARE * least:
        mark.warm += passed
        if mark.warm >= VERIFIED_SECONDS:
            mark.air = 0.0


def _gather(mark: Mark, past: Past, reading: Reading, steady: bool) -> None:
    """Take what this interval teaches into the step's own sums and curve."""
    known = steady and not math.isnan(reading.rise)
    if known and not math.isnan(mark.rise):
        before, now = (mark.at - mark.step_at, mark.rise), (reading.at - mark.step_at, reading.rise)
        step_history.cross(past.curve, before, now)
    seconds = reading.at - mark.from_at
    if seconds < LEAST_INTERVAL:
        return
    change = reading.rise - mark.from_rise
    if known and abs(change) <= LARGEST_CHANGE:
        mean = 0.5 * (reading.rise + mark.from_rise)
        heat, charge = reading.heat - mark.from_heat, reading.charge - mark.from_charge
        weight = heat_balance.CLEAR if heat < reading.idle * seconds else 1.0
        heat_balance.add(past.fresh, mean, heat, charge, seconds, change, weight)
    _open_interval(mark, reading)


def _open_interval(mark: Mark, reading: Reading) -> None:
    mark.from_at, mark.from_rise = reading.at, reading.rise
    mark.from_heat, mark.from_charge = reading.heat, reading.charge


def _finish(mark: Mark, past: Past) -> None:
    """Learn from the step that is over, if it was long enough and nothing of it looked like a fault."""
    lasted = mark.at - mark.step_at
    clean = mark.odd < TAINTED_SECONDS and mark.air != 1.0
    if clean and lasted < LEARNED_SECONDS:
        return
    fresh, past.fresh = past.fresh, [0.0] * heat_balance.SUMS
    if not clean or math.isnan(lasted):
        _bar(mark)
        return
    forgetting = heat_balance.FORGETTING
    past.learned = [forgetting * old + new for old, new in zip(past.learned, fresh, strict=True)]
    mark.steps += 1
    balance = heat_balance.fit(past.learned) if mark.steps >= LEAST_STEPS else None
    if balance:
        mark.kappa, mark.joule, mark.reversible, mark.constant = balance
    told = mark.setpoint == mark.setpoint and sum(rise == rise for rise in past.curve) >= 2
    if told and mark.sign != REST and not mark.middle:
        if mark.rise == mark.rise:
            step_history.close(past.curve, lasted, mark.rise)
        past.learn(mark)


def _bar(mark: Mark) -> None:
    """A step that may not teach. Where nothing odd was seen for long, air or cell, the bar is lifted."""
    if mark.air == 1.0 and mark.odd < TAINTED_SECONDS:
        mark.barred += 1
        if mark.barred >= BARRED_STEPS:
            mark.air = 0.0


def _key(mark: Mark) -> tuple[float, float, float, float]:
    return mark.sign, mark.setpoint, mark.around, mark.step


def _begin(mark: Mark, past: Past, reading: Reading, steady: bool) -> None:
    mark.middle = float(reading.torn and reading.sign == mark.sign)
    past.curve = [reading.rise if steady else math.nan, *[math.nan] * (len(step_history.KNOTS) - 1)]
    mark.step_at, mark.sign, mark.around, mark.step = reading.at, reading.sign, reading.around, reading.step
    mark.setpoint = mark.offset = math.nan
    mark.place, mark.odd = -1.0, 0.0
    if math.isnan(mark.steps):
        mark.steps = mark.air = mark.warm = mark.barred = 0.0


def _recognise(mark: Mark, past: Past) -> None:
    """Find the step in the history, anew whenever more is known of its current."""
    known = mark.sign != REST and not mark.middle
    place = step_history.find(past.keys, _key(mark), mark.tapers > 0) if known else -1
    if place != mark.place:
        mark.place, mark.offset = float(place), math.nan


def _expect(mark: Mark, past: Past) -> None:
    """What the past says from here on. In rest a cell comes to where the heat balance without current leaves it."""
    if mark.sign == REST:
        mark.usual, mark.usual_slope, rate = mark.constant / mark.kappa, 0.0, mark.kappa
    else:
        mark.usual, mark.usual_slope = step_history.at(past.usual(int(mark.place)), mark.at - mark.step_at)
        rate = OFFSET_RATE
    if math.isnan(mark.offset):
        mark.offset, mark.offset_at, mark.offset_rate = mark.rise - mark.usual, mark.at, rate
