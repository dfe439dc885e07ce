"""A voltage that leaps while the current stays is a contact's; one that creeps, or stays there, is a cell's."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from tests.cycling.build import cell, in_discharge, spoil, watched

HELD = cell(4)


def charge(skip: int, rows: int) -> slice:
    first = int(np.flatnonzero((HELD.numbers("cycle_count") == 3) & (HELD.texts("step_type") == "CCCV_CHG"))[0])
    return slice(first + skip, first + skip + rows)


ONE = charge(80, 1)  # a spike by itself, an hour before
LOOSE = spoil(HELD, ONE, voltage_volt=HELD.numbers("voltage_volt")[ONE] + 0.2)


def kinds(batch: Batch) -> set[str]:
    return set(watched(batch).kinds())


@pytest.mark.parametrize("rows", [2, 3])
def test_spikes_that_follow_each_other_are_no_over_voltage(rows: int) -> None:
    at = charge(150, rows)
    high = HELD.numbers("voltage_volt")[at] + np.array([0.3, 0.45, 0.25])[:rows]
    assert "over-voltage" not in kinds(spoil(LOOSE, at, voltage_volt=high))


@pytest.mark.parametrize(("batch", "readings"), [(HELD, 2), (LOOSE, 5)], ids=["sound", "loose"])
def test_a_voltage_that_leapt_and_stays_is_told_soon_unless_its_contact_is_loose(batch: Batch, readings: int) -> None:
    at = charge(100, 20)
    alert = watched(spoil(batch, at, voltage_volt=4.5)).of("over-voltage")
    assert alert.opened_at <= HELD.numbers("unix_time_second")[at.start + readings - 1]


def test_a_voltage_that_creeps_over_is_told_at_its_second_reading() -> None:
    at = charge(150, 30)
    climbing = np.maximum(HELD.numbers("voltage_volt")[at], 4.2) + 0.01 * np.arange(30)
    over = at.start + int(np.argmax(climbing > 1.005 * 4.25))
    alert = watched(spoil(HELD, at, voltage_volt=climbing)).of("over-voltage")
    assert alert.opened_at <= HELD.numbers("unix_time_second")[over + 1]


def test_a_cell_that_is_driven_over_in_the_tail_of_its_charge_has_its_contact() -> None:
    at = charge(190, 18)  # the current is a few percent of the setpoint here
    climbing = 4.2 + np.minimum(0.15, 0.012 * np.arange(18))
    assert kinds(spoil(HELD, at, voltage_volt=climbing)) == {"over-voltage"}


def test_spikes_in_a_tail_that_carries_next_to_nothing_are_no_lost_contact() -> None:
    at = charge(198, 2)
    assert "contact-lost" not in kinds(spoil(LOOSE, at, voltage_volt=np.array([4.5, 4.6])))


def test_a_contact_that_opens_at_the_top_voltage_before_the_usual_end_of_the_taper_is_lost() -> None:
    noise = np.random.default_rng(3)
    at = charge(165, 43)  # at a third of the setpoint; the charges before went down to 2 %
    current, voltage = noise.normal(0, 0.0015, 43), 4.17 + noise.normal(0, 5e-4, 43)
    assert kinds(spoil(HELD, at, current_ampere=current, voltage_volt=voltage)) == {"contact-lost"}


def test_a_taper_that_wavers_about_a_tenth_of_the_setpoint_is_one_charge() -> None:
    """Else the charges before seem to have taken minutes, and every later one has gone on for long enough."""
    noise, wavering = np.random.default_rng(3), HELD.numbers("current_ampere").copy()
    for cycle in (1, 2):
        first = int(np.flatnonzero(HELD.numbers("cycle_count") == cycle)[0])
        wavering[first + 176 : first + 186] = 0.15 + 0.01 * (-1.0) ** np.arange(10)
    at = charge(165, 43)
    wavering[at] = noise.normal(0, 0.0015, 43)
    voltage = 4.17 + noise.normal(0, 5e-4, 43)
    lost = HELD.with_columns(current_ampere=wavering)
    assert kinds(spoil(lost, at, voltage_volt=voltage)) == {"contact-lost"}


@pytest.mark.parametrize("named", ["PULSE", ""])
def test_pulses_in_a_step_of_a_name_of_its_own_lose_no_contact(named: str) -> None:
    at = in_discharge(HELD, cycle=3, skip=10, rows=80)
    current = np.where(np.arange(80) % 8 < 2, -3.0, 0.0)
    names = np.full(80, named, dtype=object)
    pulses = spoil(HELD, at, current_ampere=current, voltage_volt=3.7 + 0.05 * current, step_type=names)
    assert "contact-lost" not in kinds(pulses)
    counted = pulses.numbers("step_count") + np.cumsum(np.diff(np.append(0, pulses.numbers("current_ampere"))) > 2)
    assert "contact-lost" not in kinds(pulses.with_columns(step_count=counted))


def test_one_sample_is_one_reading_also_where_temperatures_come_from_a_logger_of_their_own() -> None:
    end = in_discharge(HELD, cycle=3, skip=115, rows=5)
    low = spoil(HELD, end, voltage_volt=2.55, current_ampere=-1.998)
    assert "under-voltage" not in kinds(
        low.with_columns(unix_time_second=1.7e9 + 5.0 * np.arange(len(low))).with_columns(
            test_time_second=5.0 * np.arange(len(low))
        )
    )
