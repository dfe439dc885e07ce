"""Does a charge or discharge get anywhere: did its current come, and how long has it run beside its earlier runs?

Only time under current counts, so rests, calendar ageing, holds and gaps in the data never make a step long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import CHARGE, REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats, Runs

NEEDED = 3  # steps of a direction, or cycles, before there is a history
# A cycle of a few readings, as when somebody starts a test again and again, says nothing of how much one moves: charge
# that the largest current moves in so many hours.
LEAST_HOURS = 0.05
KNOWN_BY = 10  # reading of a step from which its current is known
FULL_VOLT, NEAR_FULL_VOLT = 4.2, 0.1  # a full cell may take no charge


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Per row: ``waiting``: the step says that current flows, and none has since it began, ``waited`` (s) ago;
    ``loaded``: current flows. Seconds under current of this step, and how long the largest step of this direction so
    far (current by time) would have taken at this step's current. Charge moved to and fro in this cycle (Ah), and the
    most that any cycle so far moved. NaN before there were three."""

    waiting: Bools
    waited: Floats
    loaded: Bools
    step_seconds: Floats
    step_longest: Floats
    cycle_charge: Floats
    cycle_most: Floats


def progress_of(turn: Turn, rows: Rows) -> Progress:
    """Judge every row."""
    runs = rows.runs
    least = _least(rows)
    flows = np.abs(rows.held_current) > least
    flowed = _since(turn, runs, "flowed", flows.astype(float), ~rows.same_step)
    began = runs.last_where(~rows.same_step, rows.elapsed, turn.carry("progress.began", 0.0))
    turn.keep("progress.began", began)
    top = np.minimum(rows.limits.voltage_max, FULL_VOLT)[runs.of_row]
    full = (rows.direction == CHARGE) & ~(rows.held_voltage < top - NEAR_FULL_VOLT)
    waiting = rows.declared & (rows.direction != REST) & rows.running & (flowed == 0) & ~full
    loaded = flows & (rows.direction != REST) & rows.running
    spent = np.where(loaded, rows.dt, 0.0)
    cycle = rows.cycler_cycle
    turned = cycle != runs.previous(cycle, turn.carry("progress.cycle", np.nan))
    turn.keep("progress.cycle", cycle)
    step_seconds = _since(turn, runs, "step", spent, ~rows.same_step)
    both = rows.throughput.steps["charging_capacity_ah"] + rows.throughput.steps["discharging_capacity_ah"]
    cycle_charge = _since(turn, runs, "charge", both, turned)
    return Progress(
        waiting=waiting,
        waited=rows.elapsed - began,
        loaded=loaded,
        step_seconds=step_seconds,
        step_longest=_longest_step(turn, rows, step_seconds),
        cycle_charge=cycle_charge,
        cycle_most=_most(turn, rows, cycle_charge, turned & ~np.isnan(cycle)),
    )


def _least(rows: Rows) -> Floats:
    """C/100 (A) where the capacity is known, else 1 % of the largest current."""
    nominal = rows.limits.nominal[rows.runs.of_row]
    return np.maximum(np.where(np.isnan(nominal), 0.01 * rows.scale, nominal / 100.0), 0.001)


def _since(turn: Turn, runs: Runs, name: str, values: Floats, anew: Bools) -> Floats:
    """The sum of the values since the last row that begins anew."""
    total, base = turn.carry(f"progress.{name}", 0.0), turn.carry(f"progress.{name}.base", 0.0)
    summed = runs.running_sum(values, total)
    started = runs.last_where(anew, summed - values, base)
    turn.keep(f"progress.{name}", summed)
    turn.keep(f"progress.{name}.base", started)
    return np.asarray(summed - started)


def _longest_step(turn: Turn, rows: Rows, seconds: Floats) -> Floats:
    """From its tenth reading on: how long the largest step of this direction would have taken at its current."""
    runs = rows.runs
    before = runs.previous(seconds, turn.carry("progress.seconds", 0.0))
    setpoint, direction = turn.carry("progress.setpoint", np.nan), turn.carry("progress.direction", REST)
    ampere, heading = runs.previous(rows.setpoint, setpoint), runs.previous(rows.direction, direction)
    ended = ~rows.same_step & (before > 0) & (heading != REST)
    known = rows.step_row == KNOWN_BY
    past = turn.carry("progress.past", 0.0, (2, 2))  # per direction: how many, and the largest (A s)
    longest = np.full(runs.length, np.nan)
    for row in np.flatnonzero(ended | known).tolist():
        run = int(runs.of_row[row])
        if ended[row] and ampere[row] > 0:
            side = past[run, 0 if heading[row] == CHARGE else 1]
            side[:] = side[0] + 1, max(side[1], before[row] * ampere[row])
        if known[row] and rows.direction[row] != REST and rows.setpoint[row] > 0:
            count, largest = past[run, 0 if rows.direction[row] == CHARGE else 1]
            longest[row] = largest / rows.setpoint[row] if count >= NEEDED else np.nan
    longest = runs.last_where(known | ~rows.same_step, longest, turn.carry("progress.longest", np.nan))
    turn.keep("progress.seconds", seconds)
    turn.keep("progress.setpoint", rows.setpoint)
    turn.keep("progress.direction", rows.direction)
    turn.keep_runs("progress.past", past)
    turn.keep("progress.longest", longest)
    return longest


def _most(turn: Turn, rows: Rows, charge: Floats, turned: Bools) -> Floats:
    """The most that a cycle before this one moved (Ah)."""
    runs = rows.runs
    before = runs.previous(charge, turn.carry("progress.cycle_charge", 0.0))
    past = turn.carry("progress.cycles", 0.0, (2,))  # how many, and the most
    most = np.full(runs.length, np.nan)
    for row in np.flatnonzero(turned).tolist():
        side = past[int(runs.of_row[row])]
        if before[row] > LEAST_HOURS * rows.scale[row]:
            side[:] = side[0] + 1, max(side[1], before[row])
        most[row] = side[1] if side[0] >= NEEDED else np.nan
    most = runs.last_where(turned, most, turn.carry("progress.most", np.nan))
    turn.keep("progress.cycle_charge", charge)
    turn.keep_runs("progress.cycles", past)
    turn.keep("progress.most", most)
    return most
