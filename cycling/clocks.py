"""Does the wall clock of the readings run with their test time? Their offset tells of clocks that were set, of
daylight saving and of drift; a pause of the channel, in which the test time stands still, is none of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.readings import Batch
from cycling.rows import Bools, Floats

LEAST_STEP = 1.5  # s; whole-second stamps jitter by 1
TAKEN_BACK = 2.0  # s that two steps in a row may differ by, to be one wrong stamp
DAYLIGHT, DAYLIGHT_MARGIN = 3600.0, 5.0  # s
LONGEST_STEP = 90.0  # s forward; where arrival tells nothing, more is a pause
USUAL = 2.5  # times the step that this test has shown twice
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Per row: the newest step of the wall clock against the test time (s, NaN where none), how much of it still
    stands, its age (s of data time); the drift of the last whole day (s/day, NaN where not known) and its age."""

    step: Floats
    stands: Floats
    age: Floats
    drift: Floats
    drift_age: Floats


def clocks_of(turn: Turn, batch: Batch, rows: Rows, time_factor: float) -> Clocks:
    """Compare the clocks of every row with those of the row before."""
    runs = rows.runs
    test_time = batch.numbers("test_time_second") / time_factor
    arrival = batch.numbers("arrival_time_second")
    tested, lately = _since(turn, rows, "clocks.test", test_time), _since(turn, rows, "clocks.arrival", arrival)
    walled = _since(turn, rows, "clocks.unix", rows.unix)
    jump = np.where(tested >= 0, walled - tested, np.nan)
    small = np.abs(jump) < LEAST_STEP
    paused = (jump > 0) & ((tested <= 1e-6) | ~rows.running | ~_was_running(turn, rows))
    smooth = runs.running_sum(np.where(small, jump, 0.0), turn.carry("clocks.smooth", 0.0))
    turn.keep("clocks.smooth", smooth)
    lead = rows.unix - arrival  # how far the wall clock is ahead of the arrival; hardly ever ahead at all
    ahead = lead - _furthest(turn, rows, lead)
    believed = _believed(jump, tested=tested, lately=lately, walled=walled, ahead=ahead) & ~paused
    standing = _steps(turn, rows, jump, ~np.isnan(jump) & ~small & believed, smooth)
    drift, drift_age = _drift(turn, rows, smooth, time_factor)
    stands = standing[:, 0] + smooth - standing[:, 2]
    return Clocks(
        step=standing[:, 0], stands=stands, age=rows.elapsed - standing[:, 1], drift=drift, drift_age=drift_age
    )


def _since(turn: Turn, rows: Rows, name: str, clock: Floats) -> Floats:
    """Seconds since the row before by this clock."""
    passed: Floats = clock - rows.runs.previous(clock, turn.carry(name, np.nan))
    turn.keep(name, clock)
    return passed


def _was_running(turn: Turn, rows: Rows) -> Bools:
    before = rows.runs.previous(rows.running.astype(float), turn.carry("clocks.running", 1.0)) > 0
    turn.keep("clocks.running", rows.running.astype(float))
    return before


def _furthest(turn: Turn, rows: Rows, lead: Floats) -> Floats:
    """How far the wall clock has been ahead of the arrival at most, before each row."""
    carried = turn.carry("clocks.lead", -np.inf)
    most = rows.runs.running_max(lead, carried)
    before: Floats = rows.runs.previous(most, carried)
    turn.keep("clocks.lead", most)
    return before


def _believed(jump: Floats, *, tested: Floats, lately: Floats, walled: Floats, ahead: Floats) -> Bools:
    """Which steps are a clock's: time cannot go back; a step forward may as well be a pause, unless the arrivals
    went on with the test time and the clock is now further ahead of them than it ever was: a reading that was held
    up on its way, with a pause behind it, is not. A replayed file has no arrivals of its own: there they are the wall
    clock to the bit."""
    told = np.abs(lately - walled) > 0
    agrees = np.abs(lately - tested) <= np.maximum(2.0, 0.25 * np.abs(jump))
    prompt = lately >= 0.5 * tested  # a backlog that arrives at once tells nothing
    forward = np.where(told, agrees & prompt & (ahead > 0.5 * jump), jump <= LONGEST_STEP)
    return np.asarray((jump < 0) | _daylight(jump) | forward)


def _daylight(jump: Floats) -> Bools:
    return np.asarray(np.abs(np.abs(jump) - DAYLIGHT) <= DAYLIGHT_MARGIN)


def _steps(turn: Turn, rows: Rows, jump: Floats, events: Bools, smooth: Floats) -> Floats:
    """The newest step at each row, of shape (rows, 3): its size (s), data time, and the smooth offset then. A step
    that the next reading takes back is a wrong stamp, and one no larger than usual is this cycler's way."""
    runs = rows.runs
    newest = turn.carry("clocks.step", np.nan, (3,))
    usual = turn.carry("clocks.usual", 0.0, (2,))
    stepped = turn.carry("clocks.stepped", -np.inf)
    taken_back = np.abs(jump + runs.previous(jump, turn.carry("clocks.jump", np.nan))) <= TAKEN_BACK
    turn.keep("clocks.jump", jump)
    number = runs.count(np.ones(runs.length, dtype=bool), turn.carry("clocks.rows", 0.0))
    turn.keep("clocks.rows", number)
    standing = newest.copy()
    found = np.flatnonzero(events)
    told = np.empty((len(found), 3))
    for place, row in enumerate(found.tolist()):
        run, size = int(runs.of_row[row]), float(jump[row])
        if taken_back[row]:
            newest[run] = np.nan if number[row] - stepped[run] <= 1 else newest[run]
        elif _daylight(jump[row : row + 1])[0] or abs(size) > USUAL * usual[run, 0]:
            newest[run] = size, rows.elapsed[row], smooth[row]
            stepped[run] = number[row]
        usual[run] = np.sort([*usual[run], abs(size)])[1:]
        told[place] = newest[run]
    turn.keep_runs("clocks.step", newest)
    turn.keep_runs("clocks.usual", usual)
    turn.keep_runs("clocks.stepped", stepped)
    of_event = np.full(runs.length, -1.0)
    of_event[found] = np.arange(len(found))
    last = runs.last_where(of_event >= 0, of_event, np.full(len(standing), -1.0)).astype(int)
    return np.concatenate([standing, told])[np.where(last >= 0, len(standing) + last, runs.of_row)]


def _drift(turn: Turn, rows: Rows, smooth: Floats, time_factor: float) -> tuple[Floats, Floats]:
    """How much the offset moved, steps apart, over the last whole day of data: s/day, and its age (s of data)."""
    runs = rows.runs
    wall = rows.elapsed / time_factor
    day = np.floor(wall / DAY)
    ended = day != runs.previous(day, turn.carry("clocks.day", np.nan))
    turn.keep("clocks.day", day)
    begin = turn.carry("clocks.day_began", np.nan, (2,))  # smooth offset and wall seconds when the day began
    drift, at = turn.carry("clocks.drift", np.nan), turn.carry("clocks.drift_at", -np.inf)
    rate = np.full(runs.length, np.nan)
    for row in np.flatnonzero(ended).tolist():
        run = int(runs.of_row[row])
        lasted = wall[row] - begin[run, 1]
        if lasted >= 0.5 * DAY:
            rate[row] = (smooth[row] - begin[run, 0]) / lasted * DAY
        begin[run] = smooth[row], wall[row]
    turn.keep_runs("clocks.day_began", begin)
    drift = runs.last_where(ended, rate, drift)
    since = runs.last_where(ended, rows.elapsed, at)
    turn.keep("clocks.drift", drift)
    turn.keep("clocks.drift_at", since)
    return drift, rows.elapsed - since
