"""Did the voltage move by more than it does before and after, in the direction of the current, while that stayed?

A contact that comes loose in the middle of a step puts resistance in series: within readings the voltage of a
discharge falls, that of a charge rises, by I·ΔR, and goes on as before. Over two windows of a quarter of the time
each, before and after, the voltage shows how it moves by itself; what it moved more in the half between them, over
the current, is the jump. The beginning of a step (flatter from window to window) and its end (steeper and steeper)
never give one, so the ends need no mask. A cold cell that warms itself does: what this channel's like steps show is
learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats, Ints
from cycling.spikes import Spikes
from cycling.stillness import COPY_SECONDS, Stillness

ANCHOR_SECONDS = 60.0  # s between the voltages kept, or one reading where they come more seldom
BEFORE, BETWEEN, AFTER = 3, 6, 3  # such stretches
KEPT = BEFORE + BETWEEN + AFTER
LONGEST_SECONDS = 150.0  # between two readings: later the windows are longer than what a voltage keeps straight
STEEPEST = 0.02 / 60  # V/s before: the knee of a cold cell that warms itself levels off again
LOADED, STEADY = 0.05, 0.02  # of the largest current; of the current, from end to end
LEAST_OHM, HIGHEST_OHM = 0.005, 10.0  # a smaller jump is none; no contact has more
ROUNDING = 1e-6
QUIET_SECONDS = 1800.0  # after a spike: where the voltage jumps from reading to reading, no windows can be laid
HISTORY, NEEDED = 10, 3  # steps remembered per direction; alike among them
LIKE_SHARE, LIKE_KELVIN = 1.3, 5.0  # of current and temperature
SURPRISING_OHM, SURPRISING_SHARE = 0.012, 2.0  # not learned, as it may be a fault …
ACCEPTED_AFTER = 4  # … until so many steps in a row had it

VOLT_AT, AMPERE_AT, SECONDS_AT, STRETCH_AT = range(4)  # of an anchor
STRETCH, TOP, AMPERE, KELVIN = range(4)  # of the step that is on


@dataclass(frozen=True, kw_only=True)
class SeriesJump:
    """For the rows at which the largest jump of a step so far was seen, in order: the row, its size (ohm), by how much
    the voltage moved for it (V), and the largest of the like steps before (ohm; NaN while there are too few). Per row:
    the data time (s) of the newest that was larger than usual."""

    rows: Ints
    ohm: Floats
    volt: Floats
    usual: Floats
    newest: Floats


class _Seen(NamedTuple):
    row: int
    run: int
    stretch: float
    ohm: float
    ampere: float
    kelvin: float


def series_jump_of(turn: Turn, rows: Rows, stillness: Stillness, spikes: Spikes) -> SeriesJump:
    """Look for jumps at the rows at which an anchor stands."""
    runs = rows.runs
    stretch, at = _anchors(turn, rows, stillness, spikes)
    found: list[tuple[float, float, float, float]] = []
    if len(at):
        seen = _jumps(turn, rows, stretch, at)
        if seen:
            found = _judged(turn, seen)
    table = np.array(found, dtype=np.float64).reshape(-1, 4)
    where, ohm, usual = table[:, 0].astype(np.int64), table[:, 1], table[:, 3]
    surprising = np.zeros(runs.length, dtype=bool)
    surprising[where] = ohm > SURPRISING_OHM + SURPRISING_SHARE * usual  # NaN compares as no
    newest = runs.last_where(surprising, rows.elapsed, turn.carry("jump.newest", -np.inf))
    turn.keep("jump.newest", newest)
    return SeriesJump(rows=where, ohm=ohm, volt=table[:, 2], usual=usual, newest=newest)


def _anchors(turn: Turn, rows: Rows, stillness: Stillness, spikes: Spikes) -> tuple[Floats, Ints]:
    """The stretch of undisturbed current each row is in (it counts up), and the rows with an anchor: under load."""
    runs = rows.runs
    load = np.abs(rows.held_current)
    goes_on = rows.same_step & ~rows.hole & rows.running & rows.readable & (rows.dt <= LONGEST_SECONDS)
    goes_on &= (load > LOADED * rows.scale) & (np.abs(rows.held_current - rows.before_current) <= STEADY * load)
    # What stands still, or jumps from reading to reading, is named elsewhere.
    goes_on &= (stillness.all_seconds < COPY_SECONDS) & (rows.elapsed - spikes.newest > QUIET_SECONDS) & ~spikes.away
    held = turn.carry("jump.at", 0.0, (2,))  # stretch, and cell of the clock
    stretch = runs.running_sum((~goes_on).astype(float), held[:, 0])
    cell = np.floor(rows.elapsed / ANCHOR_SECONDS)
    turned = cell != runs.previous(cell, held[:, 1])
    turn.keep("jump.at", np.column_stack([stretch, cell]))
    return stretch, np.flatnonzero(turned & goes_on)


def _jumps(turn: Turn, rows: Rows, stretch: Floats, at: Ints) -> list[_Seen]:
    """What the windows that end at each anchor show, where they show anything new."""
    run = rows.runs.of_row[at]
    touched, first, count = np.unique(run, return_index=True, return_counts=True)
    held = turn.carry("jump.anchors", np.nan, (KEPT, 4))
    block = KEPT * np.arange(len(touched)) + first  # where each run's anchors begin: the carried ones, then its own
    table = np.empty((KEPT * len(touched) + len(at), 4))
    table[(block[:, None] + np.arange(KEPT)).ravel()] = held[touched].reshape(-1, 4)
    place = np.repeat(KEPT * np.arange(1, len(touched) + 1), count) + np.arange(len(at))
    table[place] = np.column_stack([rows.voltage[at], rows.current[at], rows.elapsed[at], stretch[at]])
    ends = block + KEPT + count
    held[touched] = table[ends[:, None] + np.arange(-KEPT, 0)]
    turn.keep_runs("jump.anchors", held)
    whole = table[place - KEPT, STRETCH_AT] == stretch[at]
    run, at, place = run[whole], at[whole], place[whole]
    ampere = table[place - KEPT, AMPERE_AT]
    steady = np.abs(table[place, AMPERE_AT] - ampere) <= STEADY * np.abs(ampere)
    run, at, place, ampere = run[steady], at[steady], place[steady], ampere[steady]
    if not len(at):
        return []
    edges = table[place[:, None] - np.array([KEPT, BETWEEN + AFTER, AFTER, 0])]
    volts, seconds = np.diff(edges[:, :, VOLT_AT], axis=1), np.diff(edges[:, :, SECONDS_AT], axis=1)
    rates = volts / seconds / ampere[:, None]
    moved = (rates[:, 1] - np.maximum(rates[:, 0], rates[:, 2])) * seconds[:, 1]
    by_itself = np.maximum(rates[:, 0], 0.0)
    stayed = (rates[:, 1] - by_itself) * seconds[:, 1] + (rates[:, 2] - by_itself) * seconds[:, 2]
    ohm = np.minimum(moved, 1.5 * stayed)  # a reading that stands apart moves the voltage, but not for long
    new = _news(run, stretch[at], ohm)
    ohm[np.abs(volts[:, 0] / seconds[:, 0]) > STEEPEST] = 0.0
    columns = (at, run, stretch[at], ohm, ampere, rows.surface[at])
    return [_Seen._make(each) for each in zip(*(column[new].tolist() for column in columns), strict=True)]


def _news(run: Ints, stretch: Floats, ohm: Floats) -> Bools:
    """Which jumps are the first of their stretch or may be its largest so far (they are looked at again)."""
    first = np.append(True, (run[1:] != run[:-1]) | (stretch[1:] != stretch[:-1]))
    lifted = np.clip(ohm, 0.0, HIGHEST_OHM) + 2.0 * HIGHEST_OHM * np.cumsum(first)  # so that stretches do not mix
    top = np.maximum.accumulate(lifted)
    return np.asarray(first | ((lifted >= np.append(0.0, top[:-1]) - ROUNDING) & (ohm > 0.0)))


def _judged(turn: Turn, seen: list[_Seen]) -> list[tuple[float, float, float, float]]:
    """The jumps that are the largest of their step so far, each beside what like steps had; a step that is over is
    taken into the history."""
    on = turn.carry("jump.open", np.nan, (4,))
    history = turn.carry("jump.history", np.nan, (2, HISTORY, 3))  # the largest jump of a step, its A and °C
    strange = turn.carry("jump.strange", 0.0)
    found = []
    for row, run, stretch, ohm, ampere, kelvin in seen:
        if stretch != on[run, STRETCH]:
            if on[run, STRETCH] == on[run, STRETCH]:
                _learn(history[run], strange, run, on[run])
            on[run] = stretch, 0.0, ampere, kelvin
        if ohm <= on[run, TOP]:
            continue
        on[run, TOP] = ohm
        if ohm >= LEAST_OHM:
            found.append((float(row), ohm, ohm * ampere, _usual(history[run], on[run])))
    turn.keep_runs("jump.open", on)
    turn.keep_runs("jump.history", history)
    turn.keep_runs("jump.strange", strange)
    return found


def _learn(history: Floats, strange: Floats, run: int, step: Floats) -> None:
    usual = _usual(history, step)
    odd = step[TOP] > SURPRISING_OHM + SURPRISING_SHARE * usual
    strange[run] = strange[run] + 1 if odd else 0.0
    if odd and strange[run] < ACCEPTED_AFTER:
        return
    side = history[0 if step[AMPERE] > 0 else 1]
    side[1:] = side[:-1].copy()
    side[0] = step[TOP:]


def _usual(history: Floats, step: Floats) -> float:
    """The largest jump of the steps before this one that were like it (ohm)."""
    side = history[0 if step[AMPERE] > 0 else 1]
    apart = np.abs(side[:, 2] - step[KELVIN])
    like = (np.abs(np.log(side[:, 1] / step[AMPERE])) <= np.log(LIKE_SHARE)) & (
        (apart <= LIKE_KELVIN) | (np.isnan(side[:, 2]) & np.isnan(step[KELVIN]))
    )
    return float(side[like, 0].max()) if np.count_nonzero(like) >= NEEDED else float("nan")
