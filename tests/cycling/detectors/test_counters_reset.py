"""counters-reset: a test that goes on with fresh counters is named, the ways of cyclers are not."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch, concat
from tests.cycling.build import START, cell, watched

HELD = cell(4)
ROW = 900


def resumed(batch: Batch, row: int = ROW, gap: float = 0.0, *names: str) -> Batch:
    """The batch as resumed at ``row`` after ``gap`` s with counters from the beginning."""
    later = np.arange(len(batch)) >= row
    columns = {
        name: np.where(later, batch.numbers(name) - batch.numbers(name)[row], batch.numbers(name)) for name in names
    }
    if "cycle_count" in columns:
        columns["cycle_count"] = np.where(later, columns["cycle_count"] + 1, columns["cycle_count"])
    return batch.with_columns(unix_time_second=batch.numbers("unix_time_second") + np.where(later, gap, 0.0), **columns)


def charged(batch: Batch, by: str | None = None) -> Batch:
    """The batch with Ah counters: running on, or from 0 at every ``by``."""
    flow = np.maximum(batch.numbers("current_ampere"), 0.0) * 30 / 3600
    total = np.cumsum(flow)
    if by:
        key = batch.numbers(by)
        first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        total = total - np.repeat(total[first], np.diff(np.append(first, len(key))))
    return batch.with_columns(charging_capacity_ah=total)


def test_a_test_that_goes_on_with_fresh_counters_says_which_and_after_how_long() -> None:
    batch = resumed(HELD, ROW, 26 * 3600.0, "cycle_count", "test_time_second", "record_index")
    alert = watched(batch).of("counters-reset")
    assert alert.opened_at == batch.numbers("unix_time_second")[ROW]
    assert "cycle 3 → 1, test time 7.49 h → 0.00 h, record index 899 → 0, after 26 h without readings" in alert.message
    assert alert.closed_at is not None
    assert 3600 <= alert.closed_at - alert.opened_at <= 3700


@pytest.mark.parametrize("name", ["cycle_count", "test_time_second", "record_index"])
def test_one_counter_alone_is_enough(name: str) -> None:
    assert watched(resumed(HELD, ROW, 0.0, name)).kinds() == ["counters-reset"]


def test_ah_that_ran_on_and_fall_are_a_reset() -> None:
    batch = resumed(charged(HELD), ROW, 0.0, "charging_capacity_ah")
    assert watched(batch).kinds() == ["counters-reset"]
    assert "charged Ah " in watched(batch).of("counters-reset").message


@pytest.mark.parametrize("by", ["cycle_count", "step_count"])
def test_ah_that_begin_anew_with_every_cycle_or_step_are_the_cyclers_way(by: str) -> None:
    assert watched(charged(HELD, by)).kinds() == []


def test_a_looping_step_number_is_none() -> None:
    steps = HELD.numbers("step_count") % 4
    assert watched(HELD.with_columns(step_id=steps)).kinds() == []


def test_a_cycle_counter_that_loops_is_told_at_most_twice() -> None:
    batch = cell(8)
    looped = watched(batch.with_columns(cycle_count=(batch.numbers("step_count") + 1) // 2 % 2))
    assert 1 <= len(looped.alerts) <= 2


def test_a_new_test_begins_with_fresh_counters() -> None:
    after = cell(2, test="T2", start=START + 30.0 * len(HELD) + 500)
    assert "counters-reset" not in watched(concat([HELD, after])).kinds()


def test_swapped_repeated_and_late_rows_are_none() -> None:
    order = np.arange(len(HELD))
    order[[500, 501]] = order[[501, 500]]
    late = np.insert(order, 700, 640)
    very_late = np.insert(order, 1000, np.arange(300, 340))
    for rows in (order, np.repeat(order, 2), late, very_late):
        assert watched(HELD.take(rows)).kinds() == []


def test_a_clock_set_back_is_none() -> None:
    later = np.arange(len(HELD)) >= ROW
    assert watched(HELD.with_columns(unix_time_second=HELD.numbers("unix_time_second") - 3600.0 * later)).kinds() == [
        "clock-shift"
    ]


def test_without_counters_it_is_silent() -> None:
    bare = {
        name: v for name, v in HELD.columns.items() if name not in ("cycle_count", "test_time_second", "record_index")
    }
    assert watched(Batch(bare)).kinds() == []
