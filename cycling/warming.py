"""How fast does the cell's temperature rise, and does it rise like a cell or like a sensor?

Rates are taken over two stretches in a row, each of at least ten seconds or one reading, and the slower counts: a
single jump is a sensor. A cell's temperature does not fall by several kelvin between readings either; an input that
floats does both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.thermometry import HEAT_STEP, Thermometry

STRETCH_SECONDS = 20.0
LEAST_SECONDS, MOST_SECONDS = 10.0, 600.0  # of a stretch, and of both
LARGEST_USUAL = 20.0  # K/min; more is never usual (normal operation reaches 7 at 2C without a fan)
FALL, FALL_RATE, RESTLESS_SECONDS = 3.0, 10.0, 600.0  # K and K/min down that no cell shows; for how long it tells
JUMP_RATE = 8.0  # K/min; slower is a ramp seen rarely
RAMPING = 2.0  # K in the reading before, or K/min over both stretches: heat, not a jump
SUNK = 15.0  # K below where a jump landed: it tells no more
DROP_VOLT, DROP_CURRENT, DROP_SECONDS = 0.1, 0.02, 300.0
DROP_STEEPER = 4.0  # times the drop of the reading before


@dataclass(frozen=True, kw_only=True)
class Warming:
    """Per row: ``ramp`` (K/min, the slower of two stretches in a row; NaN where not known), the largest ramp of the
    test before (``usual_ramp``), ``jumped``: a jump of more than 10 K put the temperature where it is; ``restless``:
    it fell like no cell within ten minutes; ``sagged``: the voltage dropped by more than 100 mV within five minutes,
    in one reading and without a change of current."""

    ramp: Floats
    usual_ramp: Floats
    jumped: Bools
    restless: Bools
    sagged: Bools


def warming_of(turn: Turn, rows: Rows, thermometry: Thermometry, expected: Bools) -> Warming:
    """Judge every row; ramps of rows that are not as ``expected`` teach nothing."""
    runs, value, last = rows.runs, rows.surface, thermometry.last
    last_at = rows.elapsed - thermometry.last_age
    ramp = _ramp(turn, rows, np.where(thermometry.believable, value, np.nan), last, last_at)
    top = runs.running_max(np.where(expected, np.minimum(ramp, LARGEST_USUAL), 0.0), turn.carry("warming.top", 0.0))
    usual = runs.previous(top, turn.carry("warming.top", 0.0))
    turn.keep("warming.top", top)
    rise = np.where(thermometry.believable, value - last, 0.0)
    fell = (rise < -FALL) & (rise < -FALL_RATE / 60.0 * thermometry.last_age)
    fell_at = runs.last_where(fell, rows.elapsed, turn.carry("warming.fell", -np.inf))
    turn.keep("warming.fell", fell_at)
    return Warming(
        ramp=ramp,
        usual_ramp=usual,
        jumped=_jumped(turn, rows, thermometry.last_age, rise, ramp=ramp, fell=fell),
        restless=rows.elapsed - fell_at <= RESTLESS_SECONDS,
        sagged=_sagged(turn, rows),
    )


def _ramp(turn: Turn, rows: Rows, value: Floats, last: Floats, last_at: Floats) -> Floats:
    runs = rows.runs
    held = turn.carry("warming.anchors", np.nan, (5,))  # cell of the clock, and (°C, s) of two readings back
    cell = np.floor(rows.elapsed / STRETCH_SECONDS)
    turned = (cell != runs.previous(cell, held[:, 0])) & ~np.isnan(last)
    near = runs.last_where(turned, last, held[:, 1])
    near_at = runs.last_where(turned, last_at, held[:, 2])
    far = runs.last_where(turned, runs.previous(near, held[:, 1]), held[:, 3])
    far_at = runs.last_where(turned, runs.previous(near_at, held[:, 2]), held[:, 4])
    turn.keep("warming.anchors", np.column_stack([cell, near, near_at, far, far_at]))
    new, old = rows.elapsed - near_at, near_at - far_at
    plain = (new >= LEAST_SECONDS) & (old >= LEAST_SECONDS) & (new + old <= MOST_SECONDS)
    seconds_new, seconds_old = np.where(plain, new, np.nan), np.where(plain, old, np.nan)
    return np.asarray(60.0 * np.minimum((value - near) / seconds_new, (near - far) / seconds_old))


def _jumped(turn: Turn, rows: Rows, age: Floats, rise: Floats, *, ramp: Floats, fell: Bools) -> Bools:
    """After a jump up that no ramp led to, until the temperature falls like no cell, ramps on, or has sunk away."""
    runs, value = rows.runs, rows.surface
    before = runs.previous(rise, turn.carry("warming.rise", 0.0))
    jump = (rise > HEAT_STEP) & (rise > JUMP_RATE / 60.0 * age) & (before < RAMPING)
    landed = runs.last_where(jump, value, turn.carry("warming.landed", np.nan))
    left = fell | (ramp >= RAMPING) | (value < landed - SUNK)
    standing = runs.last_where(jump | left, jump.astype(float), turn.carry("warming.jumped", 0.0))
    turn.keep("warming.rise", rise)
    turn.keep("warming.landed", landed)
    turn.keep("warming.jumped", standing)
    return standing > 0


def _sagged(turn: Turn, rows: Rows) -> Bools:
    """A drop out of the blue: the knee at the end of a discharge gets steep, but from reading to reading."""
    drop = rows.before_voltage - rows.held_voltage
    before = rows.runs.previous(drop, turn.carry("warming.drop", 0.0))
    turn.keep("warming.drop", drop)
    sudden = (
        (drop > DROP_VOLT)
        & (drop > DROP_STEEPER * before)
        & (np.abs(rows.held_current - rows.before_current) < DROP_CURRENT * rows.scale)
        & rows.same_step
    )
    at = rows.runs.last_where(sudden, rows.elapsed, turn.carry("warming.sagged", -np.inf))
    turn.keep("warming.sagged", at)
    return np.asarray(rows.elapsed - at <= DROP_SECONDS)
