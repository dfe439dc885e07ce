"""From one thermal mark to the next: what the temperature should be, and what this step teaches.

Nothing is learned of steps that look like a fault, nor, once a temperature looked like air's, of anything before it
was verified again: a fault must not teach itself.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice
from math import exp
from typing import Any

from cycling import heat_balance, step_history
from cycling.context import REST
from cycling.thermal_mark import TOLD, Mark, Past, Reading, key_of

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


def follow(mark: Mark, past: Past, readings: Sequence[Sequence[Any]]) -> list[tuple[float, ...]]:
    """From mark to mark through the readings of one channel (their fields are those of Reading); returns what each
    tells the rows after it."""
    noted: list[tuple[float, ...]] = []
    while len(noted) < len(readings):
        reading = Reading._make(readings[len(noted)])
        if reading.same and not reading.lost:
            _go_on(mark, past, readings, noted)
        else:
            _begin_anew(mark, past, reading)
            noted.append(TOLD(mark))
    return noted


def _begin_anew(mark: Mark, past: Past, reading: Reading) -> None:
    """From one mark to the next where a step begins, or data are missing before it."""
    passed = reading.at - mark.at
    mark.lagged = _lagged(mark.lagged, reading.around, passed)
    steady = abs(reading.around - mark.lagged) <= WANDERS
    if not reading.same:
        _finish(mark, past)
    if reading.lost:
        mark.model = math.nan
    elif passed > 0:
        warmth = mark.joule * (reading.heat - mark.heat) + mark.reversible * (reading.charge - mark.charge)
        mark.model = free_run(mark.model, mark.kappa, passed, warmth + mark.constant * passed)
    if math.isnan(mark.model):
        mark.model = reading.rise
    mark.at, mark.heat, mark.charge, mark.rise = reading.at, reading.heat, reading.charge, reading.rise
    mark.from_at, mark.from_rise = reading.at, reading.rise
    mark.from_heat, mark.from_charge = reading.heat, reading.charge
    if not reading.same:
        _begin(mark, past, reading, steady)
    if mark.setpoint != reading.setpoint == reading.setpoint or mark.tapers != reading.tapers:
        mark.offset = _recognise(mark, past, reading.setpoint, reading.tapers, mark.offset)
    in_step = mark.at - mark.step_at
    low, mark.usual_slope, knot_at = _piece(mark, past, bisect_right(step_history.KNOTS, in_step))
    mark.usual = low + mark.usual_slope * (in_step - knot_at)
    if math.isnan(mark.offset):
        mark.offset, mark.offset_at, mark.offset_rate = mark.rise - mark.usual, mark.at, _offset_rate(mark)


def _go_on(mark: Mark, past: Past, readings: Sequence[Sequence[Any]], noted: list[tuple[float, ...]]) -> None:
    """The same within a step, up to its end: most marks, and where data are two minutes apart one at every reading.
    So what changes from mark to mark is kept in names here, and the rest is asked for when it changes."""
    since, rise, model, heat, charge, lagged = mark.at, mark.rise, mark.model, mark.heat, mark.charge, mark.lagged
    usual, slope = mark.usual, mark.usual_slope
    offset, offset_at, offset_rate = mark.offset, mark.offset_at, mark.offset_rate
    kappa, joule, reversible, constant = mark.kappa, mark.joule, mark.reversible, mark.constant
    step_at, from_at, knot = mark.step_at, mark.from_at, bisect_right(step_history.KNOTS, since - mark.step_at)
    low, slope_on, knot_at = _piece(mark, past, knot)
    for fields in islice(readings, len(noted), None):
        _run, lost, _torn, same, at, now, around, heat_now, charge_now, _sign, setpoint, tapers, _step, idle = fields
        if lost or not same:
            break
        passed, in_step = at - since, at - step_at
        lagged = _lagged(lagged, around, passed)
        steady = abs(around - lagged) <= WANDERS
        expected = usual + slope * passed + offset * exp(-offset_rate * (at - offset_at))
        if passed > 0:
            warmth = joule * (heat_now - heat) + reversible * (charge_now - charge)
            model = free_run(model, kappa, passed, warmth + constant * passed)
        model = model if model == model else now
        if (expected > WARM and model > WARM) or now - expected > HOT_HISTORY:
            _suspect(mark, expected, model, now, passed, steady)
        known, last, knot = steady and now == now, knot, bisect_right(step_history.KNOTS, in_step)
        if knot != last and known and rise == rise:
            step_history.cross(past.curve, (since - step_at, rise), (in_step, now))
        since, rise, heat, charge = at, now, heat_now, charge_now
        if not at - from_at < LEAST_INTERVAL:
            _close_interval(mark, past, (at, now, heat, charge), idle, known)
            from_at = at
        learned = mark.setpoint != setpoint == setpoint or mark.tapers != tapers
        if learned:
            offset = _recognise(mark, past, setpoint, tapers, offset)
        if learned or knot != last:
            low, slope_on, knot_at = _piece(mark, past, knot)
        usual, slope = low + slope_on * (in_step - knot_at), slope_on
        if offset != offset:
            offset, offset_at, offset_rate = now - usual, at, _offset_rate(mark)
        told = (at, model, heat, charge, kappa, joule, reversible, constant, lagged, usual, slope)
        noted.append((*told, offset, offset_at, offset_rate))
    mark.at, mark.rise, mark.model, mark.heat, mark.charge, mark.lagged = since, rise, model, heat, charge, lagged
    mark.usual, mark.usual_slope = usual, slope
    mark.offset, mark.offset_at, mark.offset_rate = offset, offset_at, offset_rate


def _lagged(lagged: float, around: float, passed: float) -> float:
    if lagged != lagged or around != around:
        return around if lagged != lagged else lagged
    return around + (lagged - around) * exp(-passed / LAG_SECONDS)


def free_run(model: float, kappa: float, passed: float, warmth: float) -> float:
    """The heat balance after some seconds: what is left of ΔT, and of the warmth that came evenly meanwhile."""
    decay = exp(-kappa * passed)
    return model * decay + (1.0 - decay) / (kappa * passed) * warmth


def _suspect(mark: Mark, expected: float, model: float, rise: float, passed: float, steady: bool) -> None:
    """Does the temperature look like air's, or far too hot? NaN compares as no."""
    least = min(expected, model) if model == model else expected
    warm = expected > WARM and model > WARM
    cold = warm and rise < AIR_SHARE * least
    hot = rise - expected > HOT_HISTORY and rise - model > HOT_MODEL
    if steady and (cold or hot):
        mark.odd += passed
        if cold and mark.odd >= TAINTED_SECONDS:
            mark.air, mark.warm, mark.barred = 1.0, 0.0, 0.0
    elif warm and rise >= VERIFIED_SHARE * least:
        mark.warm += passed
        if mark.warm >= VERIFIED_SECONDS:
            mark.air = 0.0


def _close_interval(mark: Mark, past: Past, now: tuple[float, float, float, float], idle: float, known: bool) -> None:
    """Take what the interval teaches into the step's own sums, and open the next."""
    at, rise, heat, charge = now
    change = rise - mark.from_rise
    if known and abs(change) <= LARGEST_CHANGE:
        seconds, warmth = at - mark.from_at, heat - mark.from_heat
        weight = heat_balance.CLEAR if warmth < idle * seconds else 1.0
        mean = 0.5 * (rise + mark.from_rise)
        past.intervals.append((mean, warmth, charge - mark.from_charge, seconds, change, weight))
    mark.from_at, mark.from_rise, mark.from_heat, mark.from_charge = now


def _finish(mark: Mark, past: Past) -> None:
    """Learn from the step that is over, if it was long enough and nothing of it looked like a fault."""
    lasted = mark.at - mark.step_at
    clean = mark.odd < TAINTED_SECONDS and mark.air != 1.0
    if clean and lasted < LEARNED_SECONDS:
        return
    fresh = past.take_fresh()
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


def _recognise(mark: Mark, past: Past, setpoint: float, tapers: bool, offset: float) -> float:
    """Find the step in the history, anew whenever more is known of its current; another one has another offset."""
    mark.setpoint, mark.tapers = setpoint, float(tapers)
    known = mark.sign != REST and not mark.middle
    place = step_history.find(past.keys, key_of(mark), mark.tapers > 0) if known else -1
    if place == mark.place:
        return offset
    mark.place = float(place)
    return math.nan


def _piece(mark: Mark, past: Past, knot: int) -> tuple[float, float, float]:
    """What the past says up to the next knot: ΔT, its slope, and since when in the step. In rest a cell comes to
    where the heat balance without current leaves it."""
    if mark.sign == REST:
        return mark.constant / mark.kappa, 0.0, 0.0
    return step_history.piece(past.usual(int(mark.place)), knot)


def _offset_rate(mark: Mark) -> float:
    return mark.kappa if mark.sign == REST else OFFSET_RATE
