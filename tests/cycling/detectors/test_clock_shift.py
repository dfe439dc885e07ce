"""clock-shift: steps, daylight saving and drift are named; pauses, jitter and backfill are not."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.rows import Floats
from cycling.types import Severity
from tests.cycling.build import START, cell, watched

HELD = cell(4)
ROW = 900


def shifted(by: float | Floats, row: int = ROW, batch: Batch = HELD, *, arriving: bool = False) -> Batch:
    """The batch whose wall clock is off from a row on; with ``arriving`` the rows come as if it were not."""
    unix = batch.numbers("unix_time_second")
    moved = batch.with_columns(unix_time_second=unix + np.where(np.arange(len(batch)) >= row, by, 0.0))
    return moved.with_columns(arrival_time_second=unix + 0.4) if arriving else moved


@pytest.mark.parametrize("arriving", [False, True])
@pytest.mark.parametrize(
    ("by", "said"), [(-3600.0, "as for daylight saving"), (37.0, "ahead by 37 s"), (-37.0, "back")]
)
def test_a_step_is_found_at_the_second_reading(by: float, said: str, arriving: bool) -> None:
    alert = watched(shifted(by, arriving=arriving)).of("clock-shift")
    assert alert.severity is Severity.P3
    assert alert.opened_at == START + 30.0 * (ROW + 1) + by
    assert said in alert.message
    assert alert.closed_at is not None


@pytest.mark.parametrize("every", [1.0, 5.0, 120.0])
def test_it_is_found_at_any_cadence(every: float) -> None:
    batch = cell(3, every=every)
    for by in (-3600.0, 37.0, 3600.0):
        assert [kind for kind in watched(shifted(by, 600, batch)).kinds() if kind == "clock-shift"] == ["clock-shift"]


def test_a_fast_drift_is_told_and_a_slow_one_logged() -> None:
    batch = cell(24, every=30.0)
    days = np.arange(len(batch)) * 30.0 / 86_400
    fast = watched(shifted(8.0 * days, 0, batch))
    assert fast.of("clock-shift").severity is Severity.P3
    assert "8.0 s fast" in fast.of("clock-shift").message
    slow = watched(shifted(2.0 * days, 0, batch))
    assert {alert.severity for alert in slow.alerts.values()} == {Severity.P4}


@pytest.mark.parametrize("seconds", [120.0, 900.0, 7200.0, 86_400.0])
def test_a_pause_is_none(seconds: float) -> None:
    assert "clock-shift" not in watched(shifted(seconds)).kinds()
    unix = shifted(seconds).numbers("unix_time_second")
    assert "clock-shift" not in watched(shifted(seconds).with_columns(arrival_time_second=unix + 0.4)).kinds()


def test_a_pause_in_which_the_rows_go_on_is_none() -> None:
    later = np.arange(len(HELD)) - ROW
    stands = np.clip(later, 0, 40) * 30.0
    assert watched(HELD.with_columns(test_time_second=HELD.numbers("test_time_second") - stands)).kinds() == []


def test_whole_seconds_are_jitter() -> None:
    batch = cell(12, every=7.3)
    assert watched(batch.with_columns(unix_time_second=np.floor(batch.numbers("unix_time_second")))).kinds() == []


def test_one_wrong_stamp_is_none() -> None:
    for by in (37.0, -37.0, 3600.0, 3e8):
        wrong = shifted(np.where(np.arange(len(HELD)) == ROW, by, 0.0))
        assert "clock-shift" not in watched(wrong).kinds()


def test_a_cycler_that_stops_its_clock_a_little_between_steps_is_told_at_most_once() -> None:
    batch = cell(8)
    lag = 3.0 * (batch.numbers("step_count") - 1)
    assert len(watched(batch.with_columns(unix_time_second=batch.numbers("unix_time_second") + lag)).alerts) <= 2


def test_readings_that_arrive_later_are_none() -> None:
    unix = HELD.numbers("unix_time_second")
    arrival = unix + 0.4
    arrival[300:500] = unix[500] + 0.5  # a backlog of 100 min at once
    assert "clock-shift" not in watched(HELD.with_columns(arrival_time_second=arrival)).kinds()


def test_counters_that_start_again_are_no_shift() -> None:
    test_time = np.where(
        np.arange(len(HELD)) >= ROW, HELD.numbers("test_time_second") - 27_000, HELD.numbers("test_time_second")
    )
    assert watched(HELD.with_columns(test_time_second=test_time)).kinds() == ["counters-reset"]


def test_without_test_time_it_is_silent() -> None:
    bare = {name: values for name, values in shifted(37.0).columns.items() if name != "test_time_second"}
    assert watched(Batch(bare)).kinds() == []


def test_a_reading_that_was_held_up_before_a_pause_has_not_set_the_clock() -> None:
    """A program that tries for three seconds to send a reading, and measures the next one after that."""
    batch = cell(2, every=1.0)
    row = 300
    clock = batch.numbers("unix_time_second") + np.where(np.arange(len(batch)) > row, 3.0, 0.0)
    arrival = clock + np.random.default_rng(5).uniform(0.002, 0.009, len(batch))
    arrival[row] += 3.0
    held_up = batch.with_columns(unix_time_second=clock, arrival_time_second=arrival)
    assert "clock-shift" not in watched(held_up).kinds()


def test_a_program_that_sent_nothing_for_a_while_has_not_set_its_clock() -> None:
    """Arrivals that went on with the wall clock, some milliseconds later each, tell of a pause."""
    batch = cell(2, every=1.0)
    late = np.where(np.arange(len(batch)) >= 300, 10.0, 0.0)
    clock = batch.numbers("unix_time_second") + late
    lag = np.random.default_rng(5).uniform(0.0002, 0.0009, len(batch))
    paused = batch.with_columns(unix_time_second=clock, arrival_time_second=clock + lag)
    assert "clock-shift" not in watched(paused).kinds()
