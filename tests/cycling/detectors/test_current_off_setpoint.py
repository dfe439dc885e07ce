"""current-off-setpoint: a constant current against the step's earlier runs, and all the currents that may differ."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch, concat
from tests.cycling.build import START, cell, in_discharge, spoil, watched

KIND = "current-off-setpoint"
HELD = cell(6)
MIDDLE = in_discharge(HELD, cycle=5)
UNDECLARED = ("step_type", "step_count", "cycle_count")


def scaled(batch: Batch, rows: slice, factor: float) -> Batch:
    return spoil(batch, rows, current_ampere=batch.numbers("current_ampere")[rows] * factor)


def bare(batch: Batch) -> Batch:
    return Batch({name: values for name, values in batch.columns.items() if name not in UNDECLARED})


@pytest.mark.parametrize("factor", [0.98, 1.02, 0.95, 0.9])
@pytest.mark.parametrize("known", [True, False])
def test_two_percent_are_found_in_two_minutes(factor: float, known: bool) -> None:
    batch = scaled(HELD, MIDDLE, factor)
    alert = watched(batch if known else bare(batch)).of(KIND)
    assert alert.opened_at - (START + 30.0 * MIDDLE.start) <= 120.0
    assert "where earlier runs of this step had 2.000 A" in alert.message


def test_a_fault_that_begins_with_the_step_is_found() -> None:
    whole = in_discharge(HELD, cycle=5, skip=0, rows=120)
    alert = watched(scaled(HELD, whole, 0.97)).of(KIND)
    assert alert.opened_at - (START + 30.0 * whole.start) <= 180.0


def test_it_is_found_in_five_minutes_at_two_minutes_per_reading() -> None:
    slow = cell(6, every=120.0)
    off = in_discharge(slow, cycle=5)
    alert = watched(scaled(slow, off, 0.95)).of(KIND)
    assert alert.opened_at - (START + 120.0 * off.start) <= 300.0


def test_the_fixed_bias_of_a_meter_is_in_the_history() -> None:
    assert watched(scaled(HELD, slice(None), 0.97)).kinds() == []


def test_one_per_cent_and_short_dips_are_left_alone() -> None:
    assert watched(scaled(HELD, MIDDLE, 0.99)).kinds() == []
    short = slice(MIDDLE.start, MIDDLE.start + 2)
    assert watched(scaled(HELD, short, 0.95)).kinds() == []


def test_a_taper_is_left_alone() -> None:
    """The current of the last charges falls earlier: the cells aged."""
    aged = HELD
    for cycle in (5, 6):
        charge = np.flatnonzero((HELD.numbers("cycle_count") == cycle) & (HELD.texts("step_type") == "CCCV_CHG"))
        rows = slice(int(charge[0]) + 100, int(charge[-1]) + 1)
        count = rows.stop - rows.start
        aged = spoil(
            aged,
            rows,
            current_ampere=1.5 * np.exp(-np.arange(count) / 25),
            voltage_volt=4.199 + 1e-5 * np.arange(count),
        )
    assert watched(aged).kinds() == []


def test_a_rate_test_and_a_check_up_are_new_steps() -> None:
    batch = HELD
    for cycle, factor in ((3, 0.1), (4, 1.5), (5, 0.33), (6, 0.75)):
        batch = scaled(batch, in_discharge(HELD, cycle=cycle, skip=0, rows=120), factor)
    assert KIND not in watched(batch).kinds()


def test_two_setpoints_that_take_turns_are_both_known() -> None:
    batch = cell(14)
    for cycle in range(2, 15, 2):
        batch = scaled(batch, in_discharge(batch, cycle=cycle, skip=0, rows=120), 0.95)
    assert watched(batch).kinds() == []


def test_nothing_is_said_before_there_is_a_history() -> None:
    assert watched(scaled(cell(2), in_discharge(cell(2), cycle=2), 0.95)).kinds() == []


def test_a_new_test_learns_anew() -> None:
    after = cell(2, test="T2", start=float(HELD.numbers("unix_time_second")[-1]) + 30)
    assert watched(concat([HELD, scaled(after, slice(None), 0.95)])).kinds() == []


def test_pulses_within_a_step_are_left_alone() -> None:
    wave = np.where(np.arange(120) % 4 < 2, 1.0, 0.95)
    whole = in_discharge(HELD, cycle=5, skip=0, rows=120)
    assert KIND not in watched(spoil(HELD, whole, current_ampere=-2.0 * wave)).kinds()


def test_a_lost_contact_is_the_cause() -> None:
    assert watched(spoil(HELD, MIDDLE, current_ampere=0.001, voltage_volt=3.7)).kinds() == ["contact-lost"]


def test_a_charger_that_tapers_early_is_left_alone() -> None:
    """It regulates its own terminals: 0.1 V below the top the current begins to fall by 0.4 % a reading."""
    charge = np.flatnonzero((HELD.numbers("cycle_count") == 5) & (HELD.texts("step_type") == "CCCV_CHG"))
    rows = slice(int(charge[0]) + 100, int(charge[0]) + 125)
    tapering = 1.5 * np.exp(-0.004 * np.arange(25))
    assert watched(spoil(HELD, rows, current_ampere=tapering)).kinds() == []
