"""The air around the cell: what the channel's chamber sensor reads, beside what it should and what it usually does.

A chamber cycles about its setpoint and its sensor has a place of its own (NASA's 4 °C chamber: +1.6 °C, and ±1 °C of
compressor about that), so the usual level and the usual span are learned beside the setpoint (``cycling.habit``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling import habit
from cycling.context import Rows
from cycling.habit import BLOCK, Habit
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.thermometry import SENTINELS

COLDEST, HOTTEST = -60.0, 130.0  # °C, beyond is no climate chamber
STALE = 600.0  # s; a sensor read less often than that says nothing of now
GAP = 1800.0  # s between readings; what was before says nothing of what is
LEAP, LEAP_WITHIN = 10.0, 300.0  # K between readings that are at most so many s apart: a sensor, not air
NEAR = 1.0  # K from the setpoint: from here a deviation counts its time
AWAY = 0.8  # K from both the setpoint and the usual: the air is on its way out
STILL = 0.4  # K between the hours: held as only a chamber does


@dataclass(frozen=True, kw_only=True)
class Climate:
    """Per row, in °C and K, NaN where not known. ``air`` is the newest believable value of the chamber sensor,
    ``setpoint`` as lab.toml says (``told``) or learned, ``off`` their difference. ``masked``: a commanded change
    is under way. ``leapt``: the air came here by a jump that no air makes. ``level``, ``recent``, ``last``: mean
    difference over 60, 15 and 5 min; ``usual``, ``low``, ``high``: the mean, the lowest and the highest 5 min of the
    hours before; ``away``: for how long (s) it has been 0.8 K from both setpoint and usual; ``since``: unix time at
    which the air was last near its setpoint; ``still``: held as in a chamber."""

    air: Floats
    setpoint: Floats
    told: Bools
    off: Floats
    masked: Bools
    leapt: Bools
    level: Floats
    recent: Floats
    last: Floats
    usual: Floats
    low: Floats
    high: Floats
    since: Floats
    away: Floats
    still: Bools


def climate_of(turn: Turn, rows: Rows) -> Climate:
    """Judge the air of every row."""
    runs, setpoint = rows.runs, rows.limits.setpoint
    held, held_at = turn.carry("climate.air", np.nan), turn.carry("climate.at", np.nan)
    if np.isnan(rows.ambient).all() and np.isnan(held).all():
        return _nothing(runs.length, setpoint)
    good = _believable(rows.ambient, setpoint)
    air = runs.last_where(good, rows.ambient, held)
    air_at = runs.last_where(good, rows.elapsed, held_at)
    before, before_at = runs.previous(air, held), runs.previous(air_at, held_at)
    known = _known(turn, rows, good, air)
    told = ~np.isnan(setpoint)
    reference = np.where(told, setpoint, known[:, habit.LEARNED])
    fresh = (rows.elapsed - air_at <= STALE) & ~(rows.elapsed - before_at > GAP)
    off = np.where(fresh, air - reference, np.nan)
    near = np.abs(off) <= NEAR
    jumped = good & (np.abs(air - before) > LEAP) & (rows.elapsed - before_at <= LEAP_WITHIN)
    leapt = runs.last_where(jumped | near, jumped.astype(float), turn.carry("climate.leapt", 0.0))
    since = runs.last_where(near, rows.unix, turn.carry("climate.since", np.nan))
    usual = known[:, habit.USUAL] - reference
    apart = np.fmin(np.abs(off), np.abs(off - usual)) > AWAY
    home = runs.last_where(~apart, rows.elapsed, turn.carry("climate.home", 0.0))
    turn.keep("climate.home", home)
    turn.keep("climate.air", air)
    turn.keep("climate.at", air_at)
    turn.keep("climate.leapt", leapt)
    turn.keep("climate.since", since)
    return Climate(
        air=air,
        setpoint=reference,
        told=told,
        off=off,
        masked=rows.elapsed < known[:, habit.MASKED_UNTIL],
        leapt=leapt > 0,
        level=known[:, habit.LEVEL] - reference,
        recent=known[:, habit.RECENT] - reference,
        last=known[:, habit.LAST] - reference,
        usual=usual,
        low=known[:, habit.LOW] - reference,
        high=known[:, habit.HIGH] - reference,
        since=since,
        away=rows.elapsed - home,
        still=known[:, habit.SPAN] <= STILL,
    )


def _nothing(length: int, setpoint: Floats) -> Climate:
    missing, never = np.full(length, np.nan), np.zeros(length, dtype=bool)
    return Climate(
        air=missing,
        setpoint=setpoint,
        told=~np.isnan(setpoint),
        off=missing,
        masked=never,
        leapt=never,
        level=missing,
        recent=missing,
        last=missing,
        usual=missing,
        low=missing,
        high=missing,
        since=missing,
        away=missing,
        still=never,
    )


def _believable(value: Floats, setpoint: Floats) -> Bools:
    """Where the sensor tells a temperature that air in a chamber can have."""
    good = (value > COLDEST) & (value < HOTTEST)
    for sentinel in SENTINELS:
        if COLDEST < sentinel < HOTTEST:
            good &= np.abs(value - sentinel) >= 0.05
    return np.asarray(good & ~((value == 0.0) & ~(np.abs(setpoint) < LEAP)))  # loggers write 0 for nothing


def _known(turn: Turn, rows: Rows, good: Bools, air: Floats) -> Floats:
    """What the habit tells at each row, of shape (rows, TOLD): it changes where a block ends and at commands."""
    runs, setpoint = rows.runs, rows.limits.setpoint
    sums, counts = turn.carry("climate.total", 0.0), turn.carry("climate.count", 0.0)
    total = runs.running_sum(np.where(good, rows.ambient, 0.0), sums)
    count = runs.running_sum(good.astype(float), counts)
    block = np.floor(rows.elapsed / BLOCK)
    passed = block - runs.previous(block, turn.carry("climate.block", np.nan))
    before = runs.previous(setpoint, turn.carry("climate.setpoint", np.nan))
    state = turn.carry("climate.state", np.nan, (habit.SIZE,))
    standing = state[:, : habit.TOLD].copy()
    commanded = (setpoint != before) & ~np.isnan(setpoint)
    events = np.flatnonzero((passed != 0) | commanded)
    total_before, count_before = runs.previous(total, sums), runs.previous(count, counts)
    parts = (runs.of_row, total_before, count_before, passed, rows.elapsed, setpoint, before, air, commanded)
    run, one, told = -1, Habit([]), []
    for of, sum_then, count_then, gone, at, target, target_before, air_now, is_command in zip(
        *(column[events].tolist() for column in parts), strict=True
    ):
        if of != run:
            if run >= 0:
                state[run] = one.held
            run, one = of, Habit(state[of].tolist())
        if gone != 0:
            one.end_block(sum_then, count_then, gone, at, target)
        if is_command:
            one.command(target_before, target, air_now, at)
        told.append(one.held[: habit.TOLD])
    if run >= 0:
        state[run] = one.held
    turn.keep("climate.total", total)
    turn.keep("climate.count", count)
    turn.keep("climate.block", block)
    turn.keep("climate.setpoint", setpoint)
    if len(events):
        turn.keep_runs("climate.state", state)
    of_event = np.full(runs.length, -1.0)
    of_event[events] = np.arange(len(events))
    newest = runs.last_where(of_event >= 0, of_event, np.full(len(standing), -1.0)).astype(int)
    table = np.concatenate([standing, np.reshape(told, (-1, habit.TOLD))])
    return table[np.where(newest >= 0, len(standing) + newest, runs.of_row)]
