"""contact-intermittent: jumps that come back while the current stays, and everything that only looks like them."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from tests.cycling.build import START, cell, in_discharge, spoil, watched

KIND = "contact-intermittent"
HELD = cell(4)
MIDDLE = in_discharge(HELD, cycle=3)
UNDECLARED = ("step_type", "step_count", "cycle_count")


def jumping(batch: Batch, rows: list[int], volt: float | list[float]) -> Batch:
    volts = batch.numbers("voltage_volt").copy()
    volts[rows] += volt
    return batch.with_columns(voltage_volt=volts)


def bare(batch: Batch) -> Batch:
    return Batch({name: values for name, values in batch.columns.items() if name not in UNDECLARED})


def polled(batch: Batch, times: int, every: float) -> Batch:
    held = batch.take(np.repeat(np.arange(len(batch)), times))
    clock = every * np.arange(len(held))
    return held.with_columns(
        unix_time_second=START + clock, test_time_second=clock, record_index=np.arange(len(held), dtype=float)
    )


@pytest.mark.parametrize("volt", [0.1, -0.1, 0.5, -0.5])
@pytest.mark.parametrize("known", [True, False])
def test_a_jump_is_logged_one_reading_later(volt: float, known: bool) -> None:
    batch = jumping(HELD, [MIDDLE.start], volt)
    alert = watched(batch if known else bare(batch)).of(KIND)
    assert alert.opened_at == START + 30.0 * (MIDDLE.start + 1)
    assert alert.severity is Severity.P4


def test_two_jumps_within_an_hour_are_shown_and_three_call() -> None:
    rows = [MIDDLE.start, MIDDLE.start + 9, MIDDLE.start + 17]
    assert watched(jumping(HELD, rows[:2], 0.2)).of(KIND).severity is Severity.P3
    alert = watched(jumping(HELD, rows, [0.2, -0.3, 0.4])).of(KIND)
    assert alert.severity is Severity.P2
    assert "mV for one reading and came back while the current stayed at -2.00 A" in alert.message


def test_jumps_side_by_side_are_found() -> None:
    rows = list(range(MIDDLE.start, MIDDLE.start + 12))
    seen = watched(jumping(HELD, rows, [0.2, -0.2, 0.4, -0.1, 0.3, -0.5, 0.2, -0.4, 0.1, -0.2, 0.3, -0.3]))
    assert seen.of(KIND).severity is Severity.P2


def test_a_jump_between_two_measurements_of_a_fast_poll_is_found() -> None:
    fast = polled(HELD, 6, 5.0)
    assert watched(jumping(fast, [6 * MIDDLE.start + 2], -0.2)).kinds() == [KIND]


def test_a_jump_that_a_fast_poll_repeats_is_one() -> None:
    assert watched(polled(jumping(HELD, [MIDDLE.start], 0.2), 6, 5.0)).of(KIND).severity is Severity.P4


def test_small_bends_are_left_alone() -> None:
    assert watched(jumping(HELD, list(range(MIDDLE.start, MIDDLE.stop, 5)), 0.06)).kinds() == []


def test_a_noisy_channel_is_judged_by_its_own_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 0.015, len(HELD))
    noisy = HELD.with_columns(voltage_volt=HELD.numbers("voltage_volt") + noise)
    assert KIND not in watched(noisy).kinds()
    assert KIND in watched(jumping(noisy, [MIDDLE.start], -0.5)).kinds()


def test_pulses_change_the_current_too() -> None:
    pulses = np.arange(MIDDLE.start, MIDDLE.stop, 6)
    ampere = HELD.numbers("current_ampere").copy()
    ampere[pulses] = -4.0
    assert watched(jumping(HELD, pulses.tolist(), -0.2).with_columns(current_ampere=ampere)).kinds() == []


def test_a_drive_cycle_is_left_alone() -> None:
    noise = np.random.default_rng(5)
    share = noise.uniform(-0.8, 0.8, MIDDLE.stop - MIDDLE.start)
    volts = HELD.numbers("voltage_volt")[MIDDLE]
    assert KIND not in watched(spoil(HELD, MIDDLE, current_ampere=-2 + share, voltage_volt=volts + 0.1 * share)).kinds()


def test_the_steep_end_of_a_discharge_and_the_rebound_are_left_alone() -> None:
    end = in_discharge(HELD, cycle=3, skip=112, rows=8)
    volts = np.array([2.88, 2.84, 2.79, 2.7, 3.1, 3.2, 3.25, 3.27])
    ampere = np.array([-2.0, -2.0, -2.0, -2.0, 0.0, 0.0, 0.0, 0.0])
    assert watched(spoil(HELD, end, voltage_volt=volts, current_ampere=ampere)).kinds() == []


def test_a_step_change_is_no_jump() -> None:
    """One reading of charge between two discharges of equal current: every reading is of another step."""
    change = slice(MIDDLE.start, MIDDLE.start + 1)
    steps = (
        HELD.numbers("step_count") + 2 * (np.arange(len(HELD)) > MIDDLE.start) + (np.arange(len(HELD)) >= change.start)
    )
    assert watched(jumping(HELD, [MIDDLE.start], 0.3).with_columns(step_count=steps)).kinds() == []


def test_impossible_values_and_lost_contacts_are_no_jumps() -> None:
    assert KIND not in watched(spoil(HELD, slice(MIDDLE.start, MIDDLE.stop, 4), voltage_volt=99.0)).kinds()
    lost = spoil(HELD, slice(MIDDLE.start, MIDDLE.start + 5), voltage_volt=0.02, current_ampere=0.001)
    assert watched(lost).kinds() == ["contact-lost"]
