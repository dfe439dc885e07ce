"""Which rows go into the fold: a row that arrives after its successors is recorded, but not folded again."""

from __future__ import annotations

import numpy as np

from cycling.memory import Memory
from cycling.readings import Batch
from cycling.rows import Bools, Floats, Ints, Runs

LATE_WITHIN = 600.0  # s; a clock that goes back further was set back, its rows are new


def merge_order(clock: Floats, place: Ints, memory: Memory) -> tuple[Ints, Floats]:
    """The order in which rows are to be folded, and the clock of each row in that order.

    Channels are merged by the clock, rows of one channel stay in the order they came; within a channel the clock
    never goes back.
    """
    by_channel = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(place[by_channel]) != 0))
    runs = Runs(len(place), starts)
    carry = memory.array("clock", -np.inf)[place[by_channel][starts]]
    monotone = runs.running_max(clock[by_channel], carry)
    memory.put("clock", place[by_channel][starts], monotone[runs.ends])
    order = np.argsort(monotone, kind="stable")
    return by_channel[order], monotone[order]


def in_order(memory: Memory, runs: Runs, place: Ints, batch: Batch) -> Bools:
    """Which rows are new: not the copy of the row before, and not earlier than what the channel already said.

    ``batch`` stands sorted by channel in ``runs``; ``place`` is the channel of each run.
    """
    unix, test_time = batch.numbers("unix_time_second"), batch.numbers("test_time_second")
    record = batch.numbers("record_index")
    copied = np.ones(runs.length, dtype=bool)
    for name in ("unix_time_second", "test_time_second", "record_index", "voltage_volt", "current_ampere"):
        values = batch.numbers(name)
        before = runs.previous(values, memory.array(f"order.{name}", np.nan)[place])
        copied &= (values == before) | (np.isnan(values) & np.isnan(before))
        memory.put(f"order.{name}", place, values[runs.ends])
    late = np.ones(runs.length, dtype=bool)
    for name, values in (("unix", unix), ("time", test_time), ("record", record)):
        top = memory.array(f"order.top.{name}", -np.inf)[place]
        reached = runs.running_max(values, top)
        before = runs.previous(reached, top)
        memory.put(f"order.top.{name}", place, reached[runs.ends])
        behind = (values < before) & (before - values <= LATE_WITHIN)
        late &= behind if name == "unix" else (behind | np.isnan(values))
    return ~(copied | late)
