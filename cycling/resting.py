"""How fast does the voltage of a resting cell fall, beyond what relaxation explains?

A rest is cut into quarters of an hour, and the slope of the last hour is taken from the means of four of them. What
relaxation explains is what the earlier rests of the channel did at equal age after the same kind of step; before
there are two such rests, what the hour before leaves: relaxation decays, a leak does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.climate import Climate
from cycling.context import REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats, Ints, Runs
from cycling.thermometry import Thermometry

BLOCK_SECONDS = 900.0
BLOCKS = 32  # of the newest rest: eight hours, two long windows
HOUR, LONG = 4, 16  # blocks of a window
YOUNGEST_SECONDS, OLD_SECONDS = 7200.0, 43200.0  # ages from which an hour, and four hours, are judged
READINGS, BLOCK_READINGS = 10, 2  # in an hour, in each block
GAP_SECONDS = 1800.0  # without a reading: the rest begins anew
SMALL_RATE, SMALL_SHARE = 1 / 500, 0.01  # of the capacity an hour, of the test's largest current: still a rest
LEFT_OF_HOUR, LEFT_OF_LONG = 0.8, 0.6  # of its slope relaxation keeps at most from one window to the next
STRAIGHT_VOLT, STRAIGHT_SHARE = 6e-4, 0.2  # off a straight line, at most; of the fall. A step is no slope
CALM_KELVIN = 1.0  # by which the temperature may move (0.1 to 0.5 mV/K)
AGES = (7200.0, 10800.0, 14400.0, 21600.0, 28800.0, 43200.0)  # s at which the slope of a rest is remembered
RESTS, NEEDED = 4, 2  # remembered after charges, and after discharges
ALIKE_VOLT = 0.05  # by which the voltages of like rests may differ
MORE_RELAXED = 1.5  # times what earlier rests did is still relaxation: currents and temperatures differ
SUSPECT = 1e-3  # V/h of leak; a rest that showed it teaches nothing
VOLT, TIME, AIR, SURFACE = range(4)
FALLEN = len(AGES) + 1  # place of the long window's slope in what is remembered; the first is the voltage


@dataclass(frozen=True, kw_only=True)
class Resting:
    """Per row: ``age`` of the rest (s, 0 under load); ``leak`` and ``long_leak`` (V/h, negative): what neither
    relaxation nor a moving temperature explains of the slope of the last hour, and of the last four; ``slope`` and
    ``long_slope`` as measured (V/h); NaN where it cannot be said. ``warmth_known``: a temperature vouches for that.
    ``judged_at``: data time (s) at which it could last be said."""

    age: Floats
    slope: Floats
    leak: Floats
    long_slope: Floats
    long_leak: Floats
    warmth_known: Bools
    judged_at: Floats


def resting_of(turn: Turn, rows: Rows, climate: Climate, thermometry: Thermometry) -> Resting:
    """Judge every row; the quarters of the newest rest and the slopes of earlier ones are carried over."""
    runs = rows.runs
    carried = turn.carry("resting.state", 0.0, (3,))  # resting, since, direction before
    since_row = runs.previous(rows.elapsed, turn.carry("resting.elapsed", np.nan))
    turn.keep("resting.elapsed", rows.elapsed)
    resting = _at_rest(rows)
    broken = rows.seam | (rows.elapsed - since_row > GAP_SECONDS)
    goes_on = resting & ~broken & (runs.previous(resting.astype(float), carried[:, 0]) > 0)
    since = runs.last_where(~goes_on, rows.elapsed, carried[:, 1])
    side = runs.last_where(~resting, np.sign(rows.held_current), carried[:, 2])
    turn.keep("resting.state", np.column_stack([resting, since, side]))
    age = np.where(resting, rows.elapsed - since, 0.0)
    block = np.where(resting, np.floor(age / BLOCK_SECONDS), -1.0)
    sums, before = _sums(turn, rows, resting, (age - block * BLOCK_SECONDS), block, climate, thermometry)
    marks = (before >= 0) & ((block != before) | ~goes_on)
    verdict = turn.carry("resting.verdict", np.nan, (6,))
    judged = np.full((runs.length, 6), np.nan)
    ended = np.flatnonzero(marks)
    if len(ended):
        _walk(
            turn, rows, ended, before, np.where(goes_on, block, -1.0), sums, runs.previous(side, carried[:, 2]), judged
        )
    changed = marks | ~goes_on
    of_rows = [runs.last_where(changed, judged[:, n], verdict[:, n]) for n in range(5)]
    said = marks & ~np.isnan(judged[:, 1])
    judged_at = runs.last_where(said, rows.elapsed, verdict[:, 5])
    turn.keep("resting.verdict", np.column_stack([*of_rows, judged_at]))
    slope, leak, long_slope, long_leak, warmth = of_rows
    return Resting(
        age=age,
        slope=slope,
        leak=leak,
        long_slope=long_slope,
        long_leak=long_leak,
        warmth_known=warmth > 0,
        judged_at=judged_at,
    )


def _at_rest(rows: Rows) -> Bools:
    """No current worth the name flows, and the step, where it is declared, is a rest."""
    slight = SMALL_RATE * rows.limits.nominal[rows.runs.of_row]
    small = np.abs(rows.held_current) <= np.fmax(SMALL_SHARE * rows.scale, slight)
    return np.asarray(small & (~rows.declared | (rows.direction == REST)))


def _sums(
    turn: Turn,
    rows: Rows,
    resting: Bools,
    late: Floats,
    block: Floats,
    climate: Climate,
    thermometry: Thermometry,
) -> tuple[Floats, Floats]:
    """Sums up to the row before, in whole µV, ms and mK (exact however the rows are cut): voltage, time within the
    block, air, cell, and how many there were of each; and which block the row before was of (-1 under load)."""
    runs = rows.runs
    good = resting & rows.readable
    air = np.where(np.isnan(climate.air), rows.limits.setpoint, climate.air)
    columns = (
        np.where(good, 1e6 * rows.voltage, np.nan),
        np.where(good, 1e3 * late, np.nan),
        np.where(good, 1e3 * air, np.nan),
        np.where(good & thermometry.believable, 1e3 * rows.surface, np.nan),
    )
    values = np.column_stack([np.rint(np.nan_to_num(column)) for column in columns])
    counts = np.column_stack([~np.isnan(column) for column in columns]).astype(float)
    held = turn.carry("resting.sums", 0.0, (8,))
    total = _totals(runs, np.column_stack([values, counts]), held)
    turn.keep("resting.sums", total)
    before = runs.previous(block, turn.carry("resting.block", -1.0))
    turn.keep("resting.block", block)
    return np.asarray(runs.previous(total, held)), before


def _totals(runs: Runs, values: Floats, carry: Floats) -> Floats:
    running = np.cumsum(values, axis=0)
    return np.asarray(running - (running - values)[runs.start_of_row] + carry[runs.of_row])


def _walk(
    turn: Turn, rows: Rows, ended: Ints, before: Floats, block: Floats, sums: Floats, side: Floats, judged: Floats
) -> None:
    """Close the blocks that ended at the row before, and write what follows at their rows into ``judged``. ``block``
    is -1 where the rest ended; ``side`` is the direction before it."""
    runs = rows.runs
    ring = turn.carry("resting.ring", np.nan, (BLOCKS, 4))
    base = turn.carry("resting.base", 0.0, (8,))
    counted = turn.carry("resting.counted", 0.0, (HOUR,))
    now = turn.carry("resting.now", np.nan, (FALLEN + 2,))  # of this rest: voltage, slopes, whether it was suspect
    past = turn.carry("resting.past", np.nan, (2, RESTS, FALLEN + 1))
    for row in ended.tolist():
        run, at = int(runs.of_row[row]), int(before[row])
        place = 0 if side[row] > 0 else 1
        if at == 0:
            ring[run], counted[run], now[run] = np.nan, 0.0, np.nan
        _close(ring[run], counted[run], sums[row] - base[run], at)
        base[run] = sums[row]
        if block[row] > before[row]:
            skipped = min(int(block[row]) - at - 1, BLOCKS)
            age = (at + 1) * BLOCK_SECONDS
            if age >= YOUNGEST_SECONDS:
                judged[row, :5] = _verdict(ring[run], counted[run], now[run], past[run, place], age)
            for _ in range(skipped):
                _push(ring[run], counted[run], np.full(4, np.nan), 0.0)
        elif not np.isnan(now[run, 1]) and not now[run, -1] > 0:
            past[run, place] = np.roll(past[run, place], 1, axis=0)
            past[run, place, 0] = now[run, :-1]
    for name, values in (("ring", ring), ("base", base), ("counted", counted), ("now", now), ("past", past)):
        turn.keep_runs(f"resting.{name}", values)


def _close(ring: Floats, counted: Floats, sums: Floats, block: int) -> None:
    means = np.full(4, np.nan)
    enough = sums[4:] > 0
    enough[:2] &= sums[4] >= BLOCK_READINGS
    means[enough] = sums[:4][enough] / sums[4:][enough] / np.array([1e6, 3.6e6, 1e3, 1e3])[enough]
    means[TIME] += block * BLOCK_SECONDS / 3600
    _push(ring, counted, means, float(sums[4]))


def _push(ring: Floats, counted: Floats, means: Floats, count: float) -> None:
    ring[1:] = ring[:-1].copy()
    ring[0] = means
    counted[1:] = counted[:-1].copy()
    counted[0] = count


def _verdict(ring: Floats, counted: Floats, now: Floats, past: Floats, age: float) -> list[float]:
    """Slope, leak, long slope, long leak (V/h), and whether a temperature was known; ``now`` learns from it."""
    unknown = float("nan")
    slope, before = _slope(ring[:HOUR]), _slope(ring[HOUR : 2 * HOUR], straight=False)
    long_slope, long_before = unknown, unknown
    if age >= OLD_SECONDS:
        long_slope, long_before = _slope(ring[:LONG]), _slope(ring[LONG:], straight=False)
    known = [mean for mean in past if abs(mean[0] - ring[0, VOLT]) <= ALIKE_VOLT]
    leak = long_leak = unknown
    if counted.sum() >= READINGS and _moved(ring[:HOUR, SURFACE]) <= CALM_KELVIN:
        if _moved(ring[: 2 * HOUR, AIR]) <= CALM_KELVIN:
            leak = _beyond(slope, before, LEFT_OF_HOUR, [rest[_age_place(age)] for rest in known])
        if _moved(ring[:, AIR]) <= CALM_KELVIN:
            long_leak = _beyond(long_slope, long_before, LEFT_OF_LONG, [rest[FALLEN] for rest in known])
    if np.isnan(now[0]):
        now[0] = ring[0, VOLT]
    if age in AGES:
        now[_age_place(age)] = slope
    if age == OLD_SECONDS:
        now[FALLEN] = long_slope
    now[-1] = np.fmax(now[-1], float(leak < -SUSPECT))
    warmth = not np.isnan(ring[:HOUR, (AIR, SURFACE)]).all()
    return [slope, leak, long_slope, long_leak, float(warmth)]


def _slope(window: Floats, *, straight: bool = True) -> float:
    """V/h of a window of block means, NaN where one is missing or, if it must be ``straight``, where it bends."""
    hours, volt = window[:, TIME], window[:, VOLT]
    if np.isnan(volt).any():
        return float("nan")
    off = hours - hours.mean()
    slope = float((off * volt).sum() / (off * off).sum())
    left = np.abs(volt - volt.mean() - slope * off).max()
    allowed = max(STRAIGHT_VOLT, STRAIGHT_SHARE * abs(slope) * float(np.ptp(hours)))
    return slope if not straight or left <= allowed else float("nan")


def _beyond(slope: float, before: float, left: float, earlier: list[float]) -> float:
    """What of a slope relaxation does not explain, at most the slope itself; NaN where the voltage falls and nothing
    tells yet whether that will pass."""
    told = [value for value in earlier if not np.isnan(value)]
    if len(told) >= NEEDED:
        return slope - MORE_RELAXED * min(0.0, float(np.median(told)))
    lasting = max(slope, (slope - left * min(before, 0.0)) / (1 - left)) if slope == slope else slope
    return float("nan") if slope < -SUSPECT < lasting else lasting


def _moved(kelvin: Floats) -> float:
    """By how much a temperature moved; 0 where none is known: then nothing speaks against it."""
    known = kelvin[~np.isnan(kelvin)]
    return float(np.ptp(known)) if len(known) else 0.0


def _age_place(age: float) -> int:
    """Where the slope at the newest remembered age stands."""
    return int(np.searchsorted(AGES, age, side="right"))
