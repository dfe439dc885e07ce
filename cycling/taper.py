"""Does the current at constant voltage fall as it did in the charges before, or does it end on a floor?

A cell with a short inside takes the short's current for ever. Where that is more than the current at which the step
should end, the taper lasts longer and levels off. A cold or aged cell tapers longer too, but goes on falling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.climate import Climate
from cycling.context import CHARGE, Rows
from cycling.median import median_of, median_of_known
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.thermometry import Thermometry

BELOW_TOP_VOLT = 0.008  # from here on a charge is at its voltage
NOTHING = 0.005  # of the largest current: the step is over, whatever it is called
LEAST, LEAST_SECONDS = 0.02, 60.0  # of the largest current, and s: a smaller or shorter taper is none
TAPERS, NEEDED, LOOKED_AT = 8, 3, 5  # remembered; like ones needed; of the newest like ones the median counts
LIKE_CURRENT, LIKE_VOLT, LIKE_KELVIN = 0.2, 0.01, 2.0  # share, V and K by which like charges may differ
LONG, SINCE = 2.0, 1.5  # times the usual: how long it must last, and since when its current must have stood
FLOOR, STANDS = 1.5, 0.85  # times the usual end current, and of the current then
TOPS = 3
AMPERE, VOLT, KELVIN, SECONDS, END = range(5)


@dataclass(frozen=True, kw_only=True)
class Taper:
    """Per row: ``floors``: how many charges in a row, the one of now included, came to stand on a current above the
    usual end; ``seconds`` and ``ampere``: how long this taper has lasted, and its current; ``usual_seconds`` and
    ``usual_ampere``: how the like ones before ended, NaN outside of a taper and while that is being learned."""

    floors: Floats
    seconds: Floats
    ampere: Floats
    usual_seconds: Floats
    usual_ampere: Floats


@dataclass(frozen=True, kw_only=True)
class _Charge:
    """Per row: the charge it belongs to."""

    inside: Bools  # at its voltage
    entry: Bools  # the first such row
    end: Bools  # the first row after it
    entered: Floats  # shape (rows, 4): at (s), and A, V to reach, °C then
    seconds: Floats
    ampere: Floats


def taper_of(turn: Turn, rows: Rows, climate: Climate, thermometry: Thermometry) -> Taper:
    """Judge every row; like tapers of before are carried over."""
    runs = rows.runs
    charge = _charge(turn, rows, climate, thermometry)
    usual = _usual(turn, rows, charge)
    long = charge.inside & (charge.seconds >= SINCE * usual[:, 0])
    was_long = runs.previous(long.astype(float), turn.carry("taper.long", 0.0)) > 0
    mark = runs.last_where(long & ~was_long, charge.ampere, turn.carry("taper.mark", np.nan))
    floor = (
        long
        & (charge.seconds >= LONG * usual[:, 0])
        & (charge.ampere >= FLOOR * usual[:, 1])
        & (charge.ampere >= STANDS * mark)
        & (np.abs(rows.held_voltage - charge.entered[:, 1 + VOLT]) <= LIKE_VOLT)
    )
    turn.keep("taper.long", long.astype(float))
    turn.keep("taper.mark", mark)
    return Taper(
        floors=_floors(turn, rows, charge, floor, usual),
        seconds=charge.seconds,
        ampere=charge.ampere,
        usual_seconds=np.where(charge.inside, usual[:, 0], np.nan),
        usual_ampere=np.where(charge.inside, usual[:, 1], np.nan),
    )


def _charge(turn: Turn, rows: Rows, climate: Climate, thermometry: Thermometry) -> _Charge:
    runs = rows.runs
    charging = (rows.direction == CHARGE) & (rows.held_current > NOTHING * rows.scale) & ~rows.hole
    carried = turn.carry("taper.charging", 0.0, (2,))
    was_charging = runs.previous(charging.astype(float), carried[:, 0]) > 0
    top = _top(turn, rows, was_charging & ~charging & ~rows.hole)
    reached = charging & (rows.held_voltage >= top - BELOW_TOP_VOLT)
    count = runs.tally(charging, reached, turn.carry("taper.reached", 0.0))
    inside = charging & (count > 0)
    entry = reached & (count == 1)
    was_inside = runs.previous(inside.astype(float), carried[:, 1]) > 0
    turn.keep("taper.charging", np.column_stack([charging, inside]).astype(float))
    turn.keep("taper.reached", count)
    air = np.where(np.isnan(climate.air), rows.limits.setpoint, climate.air)
    kelvin = np.where(np.isnan(air) & thermometry.believable, rows.surface, air)
    held = turn.carry("taper.entered", np.nan, (4,))
    at_entry = (rows.elapsed, np.fmax(rows.held_current, rows.before_current), top, kelvin)
    entered = np.column_stack([runs.last_where(entry, value, held[:, n]) for n, value in enumerate(at_entry)])
    turn.keep("taper.entered", entered)
    return _Charge(
        inside=inside,
        entry=entry,
        end=was_inside & ~charging & ~rows.hole,
        entered=entered,
        seconds=np.where(inside, rows.elapsed - entered[:, 0], 0.0),
        ampere=np.where(inside, np.fmax(rows.held_current, rows.before_current), 0.0),
    )


def _top(turn: Turn, rows: Rows, ended: Bools) -> Floats:
    """The voltage the last charges ended at (median of three), NaN before there was one."""
    runs = rows.runs
    tops = turn.carry("taper.tops", np.nan, (TOPS,))
    top = np.full(runs.length, np.nan)
    for row in np.flatnonzero(ended).tolist():
        run = int(runs.of_row[row])
        tops[run, 1:] = tops[run, :-1].copy()
        tops[run, 0] = rows.before_voltage[row]
        top[row] = median_of_known(tops[run])
    top = runs.last_where(ended, top, turn.carry("taper.top", np.nan))
    turn.keep("taper.top", top)
    turn.keep_runs("taper.tops", tops)
    return top


def _usual(turn: Turn, rows: Rows, charge: _Charge) -> Floats:
    """How long (s), and at which current (A), the like tapers before this one ended: shape (rows, 2)."""
    runs = rows.runs
    held = turn.carry("taper.usual", np.nan, (2,))
    past = turn.carry("taper.past", np.nan, (TAPERS, 5))
    before = np.column_stack([charge.entered[:, 1:], charge.seconds, charge.ampere])
    last = turn.carry("taper.last", np.nan, (5,))
    finished = runs.previous(before, last)
    turn.keep("taper.last", before)
    usual, now = np.full((runs.length, 2), np.nan), held.copy()
    for row in np.flatnonzero(charge.entry | charge.end).tolist():
        run = int(runs.of_row[row])
        if charge.end[row]:
            if _teaches(finished[row], now[run], float(rows.scale[row])):
                past[run, 1:] = past[run, :-1].copy()
                past[run, 0] = finished[row]
        else:
            now[run] = usual[row] = _like(past[run], before[row])
    turn.keep_runs("taper.past", past)
    out = np.column_stack([runs.last_where(charge.entry, usual[:, n], held[:, n]) for n in range(2)])
    turn.keep("taper.usual", out)
    return out


def _teaches(taper: Floats, usual: Floats, scale: float) -> bool:
    """A taper that is one, and is not the very fault."""
    floor = taper[SECONDS] >= LONG * usual[0] and taper[END] >= FLOOR * usual[1]
    return bool(taper[SECONDS] >= LEAST_SECONDS and taper[AMPERE] >= LEAST * scale and not floor)


def _like(past: Floats, taper: Floats) -> Floats:
    """Median time and end current of the newest tapers from like currents, voltages and temperatures."""
    apart = np.abs(past - taper)
    kelvin = apart[:, KELVIN]
    warm = np.isnan(kelvin) | (kelvin <= LIKE_KELVIN)
    alike = warm & (apart[:, AMPERE] <= LIKE_CURRENT * taper[AMPERE]) & (apart[:, VOLT] <= LIKE_VOLT)
    like = past[alike][:LOOKED_AT]
    if len(like) < NEEDED:
        return np.full(2, np.nan)
    return np.array([median_of(like[:, SECONDS]), median_of(like[:, END])])


def _floors(turn: Turn, rows: Rows, charge: _Charge, floor: Bools, usual: Floats) -> Floats:
    """Charges in a row that stood on a floor when they ended, and the one of now."""
    runs = rows.runs
    at_end = runs.previous(floor.astype(float), turn.carry("taper.floor", 0.0)) > 0
    known = ~np.isnan(runs.previous(usual[:, 0], turn.carry("taper.known", np.nan)))
    carried = turn.carry("taper.floors", 0.0)
    finished, counts = carried.copy(), np.zeros(runs.length)
    judged = charge.end & known
    for row in np.flatnonzero(judged).tolist():
        run = int(runs.of_row[row])
        finished[run] = counts[row] = finished[run] + 1 if at_end[row] else 0.0
    counts = runs.last_where(judged, counts, carried)
    turn.keep("taper.floor", floor.astype(float))
    turn.keep("taper.known", usual[:, 0])
    turn.keep("taper.floors", counts)
    return np.asarray(counts + floor)
