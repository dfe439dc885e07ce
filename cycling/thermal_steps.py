"""From one thermal mark to the next: what the temperature should be, and what this step teaches.

Nothing is learned of steps that look like a fault, nor, once a temperature looked like air's, of anything before it
was verified again: a fault must not teach itself.
"""

from __future__ import annotations

import math

from cycling import heat_balance, step_history
from cycling.context import REST
from cycling.thermal_mark import Mark, Past, Reading, key_of

OFFSET_RATE = 1.0 / 960.0  # 1/s; a step that starts warmer than usual loses the difference at this rate
LAG_SECONDS = 2400.0  # a cell follows its chamber within this (NASA: 90 % of the time constants are below 37 min)
LEARNED_SECONDS = 600.0  # a shorter step has no history, and teaches the heat balance only with the next
LEAST_STEPS = 4.0  # before the heat balance is asked
LEAST_INTERVAL, LARGEST_CHANGE = 100.0, 3.0  # s and K of an interval for the fit
WANDERS = 1.5  # K between the surroundings and what they were a time constant ago: nothing is learned
TAINTED_SECONDS = 300.0  # of temperatures that look like a fault keep a step from teaching
WARM, AIR_SHARE = 2.0, 0.45  # K expected, and the share of it below which a temperature looks like air's …
VERIFIED_SHARE, VERIFIED_SECONDS = 0.7, 600.0  # … or above which, for how long, it is the cell's
BARRED_STEPS = 12  # without a sign of the fault, after which steps teach again
IDLE = 0.05  # of the largest current: below, next to no heat is made, and the losses show by themselves
HOT_HISTORY, HOT_MODEL = 4.0, 3.0  # K above what was expected that look like a fault


def advance(mark: Mark, past: Past, reading: Reading) -> None:
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
    place = step_history.find(past.keys, key_of(mark), mark.tapers > 0) if known else -1
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
