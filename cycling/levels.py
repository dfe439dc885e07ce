"""Which constant current is the step held at, and which one did its earlier runs settle on?

The level of a step is the first current that stays for three measurements, a minute or more after the step began.
What it should be is learned from the steps before, so a fault that begins with the step is seen, and the fixed
bias of a meter is not. In constant voltage the current tapers: near the usual top of charge nothing is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import CHARGE, DISCHARGE, REST, Rows
from cycling.median import median_of, median_of_known
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.stillness import Stillness

FLAT = 0.01  # share by which three measurements of a level may differ
CHANGE = 0.1  # a larger step between two measurements is a new setpoint
SETTLED_SECONDS = 60.0  # s without a change; none is seen before the third measurement of a level
MARK_SECONDS, MARK_FLAT = 60.0, 0.006  # a level also stays from one minute mark to beyond the next: a taper does not
NEAR_TOP_VOLT = 0.06  # a charger that regulates its own terminals tapers early (NASA: from 50 mV below the top on)
FRESH_TOP_VOLT = 0.15  # a first level so near the top may be a taper already
NEAR = 0.007  # share within which a current is as expected
AT_ONCE, NOISE = (
    0.25,
    0.003,
)  # of the whole way (at least of the current) is all that it may move later: a taper goes on
LEVELS = 24  # remembered per direction
KIN = 0.12  # share within which earlier levels may be runs of the same step
SAME = 0.007  # share within which they are
KNOWN = 2  # runs make a level one of the protocol's own
NEEDED, LOOKED_AT = 3, 5  # of the newest kin so many must agree
TOPS = 3


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Per row: the current (A, magnitude) this step should be held at (NaN where not known), and whether the current
    stands at some level now, outside of constant voltage."""

    expected: Floats
    level: Bools


def levels_of(turn: Turn, rows: Rows, stillness: Stillness) -> Levels:
    """Judge every row; the levels of earlier steps and the voltages charges ended at are carried over."""
    runs, scale = rows.runs, rows.scale
    newest, before = np.abs(rows.held_current), np.abs(rows.before_current)
    measured = (stillness.all_repeats == 1) & rows.readable
    carried = turn.carry("levels.before", np.nan)
    held = runs.last_where(measured, before, carried)
    older = runs.previous(held, carried)
    turn.keep("levels.before", held)
    high, low = np.maximum(np.maximum(newest, before), older), np.minimum(np.minimum(newest, before), older)
    stepped = ~rows.same_step | (np.abs(newest - before) > CHANGE * np.maximum(newest, before))
    moving = stepped | (measured & (high - low > FLAT * newest))
    since = runs.last_where(moving, rows.elapsed, turn.carry("levels.changed", 0.0))
    turn.keep("levels.changed", since)
    loaded = (newest > 0.01 * scale) & (rows.direction != REST)
    top = _top(turn, rows, loaded)
    below = (rows.direction == DISCHARGE) | (rows.held_voltage < top - NEAR_TOP_VOLT)
    level = (
        ~moving
        & _stays(turn, rows, newest)
        & loaded
        & below
        & (rows.elapsed - since >= SETTLED_SECONDS)
        & rows.running
        & rows.readable
    )
    expected, first = _expected(turn, rows, level, newest)
    clear = (rows.direction == DISCHARGE) | (rows.held_voltage < top - FRESH_TOP_VOLT)
    stands = _stands(turn, rows, newest, expected, first & clear)
    return Levels(expected=expected, level=level & stands)


def _stays(turn: Turn, rows: Rows, magnitude: Floats) -> Bools:
    """Whether the current is what it was at the minute mark before the last one, 1 to 2 min ago."""
    runs = rows.runs
    minute = np.floor(rows.elapsed / MARK_SECONDS)
    marked = minute != runs.previous(minute, turn.carry("levels.minute", -1.0))
    last, before = turn.carry("levels.mark", np.nan), turn.carry("levels.mark_before", np.nan)
    mark = runs.last_where(marked, magnitude, last)
    mark_before = runs.last_where(marked, runs.previous(mark, last), before)
    turn.keep("levels.minute", minute)
    turn.keep("levels.mark", mark)
    turn.keep("levels.mark_before", mark_before)
    return np.asarray(np.abs(magnitude - mark_before) <= MARK_FLAT * magnitude)


def _top(turn: Turn, rows: Rows, loaded: Bools) -> Floats:
    """The voltage that the last charges ended at under load (median of three); before any, the test's limit."""
    runs = rows.runs
    carried = turn.carry("levels.loaded_volt", np.nan)
    last = runs.last_where(loaded & (rows.direction == CHARGE), rows.held_voltage, carried)
    before = runs.previous(last, carried)
    was_charge = runs.previous(rows.direction, turn.carry("levels.direction", REST)) == CHARGE
    ended = was_charge & ~rows.same_step & ~np.isnan(before)
    tops = turn.carry("levels.tops", np.nan, (TOPS,))
    top = np.zeros(runs.length)
    for row in np.flatnonzero(ended).tolist():
        run = int(runs.of_row[row])
        tops[run, 1:] = tops[run, :-1].copy()
        tops[run, 0] = before[row]
        top[row] = median_of_known(tops[run])
    top = runs.last_where(ended, top, turn.carry("levels.top", np.nan))
    turn.keep("levels.loaded_volt", last)
    turn.keep("levels.direction", rows.direction)
    turn.keep_runs("levels.tops", tops)
    turn.keep("levels.top", top)
    limit = np.minimum(rows.limits.voltage_max, 4.2)[runs.of_row]
    return np.where(np.isnan(top), limit, top)


def _stands(turn: Turn, rows: Rows, magnitude: Floats, expected: Floats, first: Bools) -> Bools:
    """Whether the current is as expected, or still where it was when it left that, or where the step began."""
    runs = rows.runs
    near = np.abs(magnitude - expected) <= NEAR * expected
    was_near = runs.previous(near.astype(float), turn.carry("levels.near", 0.0)) > 0
    leaves = (was_near & ~near) | first
    left = runs.last_where(
        leaves | ~rows.same_step, np.where(leaves, magnitude, np.nan), turn.carry("levels.left", np.nan)
    )
    turn.keep("levels.near", near.astype(float))
    turn.keep("levels.left", left)
    since = np.abs(magnitude - left)
    return np.asarray(near | (since <= np.maximum(NOISE * left, AT_ONCE * np.abs(left - expected))))


def _expected(turn: Turn, rows: Rows, level: Bools, magnitude: Floats) -> tuple[Floats, Bools]:
    """From the first level of a step on: what earlier steps say it should be; and where that first level is."""
    runs = rows.runs
    counted = runs.running_sum(level.astype(float), turn.carry("levels.count", 0.0))
    carried = turn.carry("levels.base", 0.0)
    base = runs.last_where(~rows.same_step, counted - level, carried)
    first = level & (counted - base == 1)
    turn.keep("levels.count", counted)
    turn.keep("levels.base", base)
    history = turn.carry("levels.history", np.nan, (2, LEVELS))
    expected = np.full(runs.length, np.nan)
    for row in np.flatnonzero(first).tolist():
        side = history[int(runs.of_row[row]), 0 if rows.direction[row] == CHARGE else 1]
        expected[row] = _usual(side, float(magnitude[row]))
        side[1:] = side[:-1].copy()
        side[0] = magnitude[row]
    expected = runs.last_where(first | ~rows.same_step, expected, turn.carry("levels.expected", np.nan))
    turn.keep("levels.expected", expected)
    turn.keep_runs("levels.history", history)
    return expected, first


def _usual(history: Floats, level: float) -> float:
    """The level of the earlier runs of a step, newest first: those with this very level, else those nearby if they
    agree among themselves; NaN if neither."""
    apart = np.abs(history / level - 1.0)
    same = history[apart <= SAME][:LOOKED_AT]
    if len(same) >= KNOWN:
        return float(median_of(same))
    kin = history[apart <= KIN][:LOOKED_AT]
    if len(kin) < NEEDED:
        return float("nan")
    usual = float(median_of(kin))
    return usual if int((np.abs(kin / usual - 1.0) <= SAME).sum()) >= NEEDED else float("nan")
