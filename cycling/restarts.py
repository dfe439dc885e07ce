"""Did the cycler's counters fall back: cycle, record index, test time, Ah? A new test on the channel may begin anew,
and some cyclers start some counter again at every step or loop; that is their way, not a restart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.readings import Batch
from cycling.rows import Bools, Floats

COUNTERS = ("cycle_count", "test_time_second", "record_index", "charging_capacity_ah", "discharging_capacity_ah")
JITTER = {"test_time_second": 2.0}  # s; a fall by less is rounding
LEAST_CHARGE = 0.02  # Ah on a counter before its fall says anything
BACKWARD = 2.0  # s of wall time; a row from before the last one is late, it restarts nothing
OFTEN = 2  # times that one counter alone may fall before that is its way
KEPT = 8  # steps over which the Ah counters ran on: they do not start again with a step or a cycle
INSIDE = 3  # readings into a step; a counter that starts again with the step may be a reading late


@dataclass(frozen=True, kw_only=True)
class Restarts:
    """Per row: whether counters restarted here, data time since they last did (s, infinite where never), the wall
    time since the row before (s), and each counter's value and the one before."""

    restarted: Bools
    age: Floats
    gap: Floats
    values: dict[str, Floats]
    before: dict[str, Floats]
    fell: dict[str, Bools]


def restarts_of(turn: Turn, batch: Batch, rows: Rows) -> Restarts:
    """Compare the counters of every row with the newest before."""
    runs = rows.runs
    values = {name: batch.numbers(name) for name in COUNTERS}
    before, fell = {}, {}
    for name, value in values.items():
        carry = turn.carry(f"restarts.{name}", np.nan)
        if name not in batch.columns and np.isnan(carry).all():
            before[name], fell[name] = value, np.zeros(runs.length, dtype=bool)
            continue
        held = runs.last_where(~np.isnan(value), value, carry)
        before[name] = runs.previous(held, carry)
        turn.keep(f"restarts.{name}", held)
        fell[name] = value < before[name] - JITTER.get(name, 0.0)
    for name in COUNTERS[3:]:
        fell[name] &= (before[name] > LEAST_CHARGE) & (values[name] < 0.5 * before[name])
    unix_before = runs.previous(rows.unix, turn.carry("restarts.unix", np.nan))
    turn.keep("restarts.unix", rows.unix)
    gap = rows.unix - unix_before
    restarted = _restarted(turn, rows, values, fell) & ~(gap < -BACKWARD)
    at = runs.last_where(restarted, rows.elapsed, turn.carry("restarts.at", -np.inf))
    turn.keep("restarts.at", at)
    return Restarts(restarted=restarted, age=rows.elapsed - at, gap=gap, values=values, before=before, fell=fell)


def _restarted(turn: Turn, rows: Rows, values: dict[str, Floats], fell: dict[str, Bools]) -> Bools:
    cycle, time, record = (fell[name] for name in COUNTERS[:3])
    given = {name: ~np.isnan(values[name]) for name in COUNTERS[:3]}
    # One of them alone, while another goes on, is a restart at first; when it comes again it is a loop.
    cycle_alone = cycle & ~time & ~record & (given["test_time_second"] | given["record_index"])
    time_alone = time & ~cycle & ~record & (given["cycle_count"] | given["record_index"])
    record_alone = record & ~cycle & ~time & (given["cycle_count"] | given["test_time_second"])
    main = cycle | time | record
    for name, alone in (("cycle", cycle_alone), ("time", time_alone), ("record", record_alone)):
        main &= ~alone | (_times(turn, rows, f"restarts.{name}.alone", alone) <= OFTEN)
    charge = (fell["charging_capacity_ah"] | fell["discharging_capacity_ah"]) & ~(cycle | time | record)
    falls = _times(turn, rows, "restarts.charge", charge)
    steps = _times(turn, rows, "restarts.steps", ~rows.same_step)
    ran_on = (falls <= 1) & (steps >= KEPT)
    inside = rows.same_step & (rows.step_row > INSIDE) & (falls <= OFTEN)
    return np.asarray(main | (charge & (ran_on | inside)))


def _times(turn: Turn, rows: Rows, name: str, flag: Bools) -> Floats:
    """How often ``flag`` has held in this test so far."""
    times = rows.runs.running_sum(flag.astype(float), turn.carry(name, 0.0))
    turn.keep(name, times)
    return times
