"""soft-short: currents that stand on a floor at constant voltage, dips that recover, and what only looks like them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from tests.cycling.build import START, cell, in_discharge, watched
from tests.cycling.charged_cell import FAST, SLOW, Charge, charged

KIND = "soft-short"
HELD = cell(4)
MIDDLE = in_discharge(HELD, cycle=3)
USUAL, SHORTED = Charge(), Charge(leak=0.25)


def dipping(rows: Sequence[int], volt: float | Sequence[float], batch: Batch = HELD) -> Batch:
    volts = batch.numbers("voltage_volt").copy()
    volts[list(rows)] -= volt
    return batch.with_columns(voltage_volt=volts)


# A floor.


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
def test_two_charges_that_stand_on_a_floor_are_found(bare: bool, every: float) -> None:
    batch = charged([*[USUAL] * 5, SHORTED, SHORTED, USUAL], every=every, bare=bare)
    alert = watched(batch).of(KIND)
    assert alert.severity is Severity.P2
    assert "stands at 25" in alert.message
    assert alert.cleared_at is not None


def test_it_is_found_while_the_second_charge_goes_on() -> None:
    batch = charged([*[USUAL] * 5, SHORTED, SHORTED])
    alert = watched(batch).of(KIND)
    types, counts = batch.texts("step_type"), batch.numbers("step_count")
    second = np.flatnonzero((types == "CV_CHG") & (counts == 5 * 6 + 2))
    assert START + 30.0 * second[0] < alert.opened_at < START + 30.0 * second[-1]


def test_one_charge_on_a_floor_is_not_enough() -> None:
    assert watched(charged([*[USUAL] * 5, SHORTED, USUAL, SHORTED, USUAL])).kinds() == []


def test_any_cut_gives_the_same() -> None:
    batch = charged([*[USUAL] * 4, SHORTED, SHORTED, USUAL], every=60.0)
    cuts = list(range(5, len(batch), 23))
    assert watched(batch).alerts == watched(batch, cuts=cuts, restarts=True).alerts


def test_a_cell_with_more_resistance_tapers_longer_but_ends_where_it_should() -> None:
    assert watched(charged([*[USUAL] * 5, *[Charge(taper=SLOW)] * 3])).kinds() == []


def test_a_taper_that_is_cut_by_time_while_it_falls_is_none() -> None:
    """Three times the usual time constant, ended at 2.5 times the usual time on three times the usual current."""
    slow = Charge(taper=3 * FAST, longest=6000.0)
    assert watched(charged([*[USUAL] * 5, *[slow] * 3])).kinds() == []


def test_a_floor_alone_without_a_longer_time_is_none() -> None:
    assert watched(charged([*[USUAL] * 5, *[Charge(leak=0.25, longest=2400.0)] * 3])).kinds() == []


def test_a_colder_chamber_is_learned_anew() -> None:
    cold = Charge(celsius=4.0, leak=0.25)  # as if the cold made a floor
    assert KIND not in watched(charged([*[USUAL] * 5, *[cold] * 2])).kinds()


def test_another_charge_current_or_voltage_is_learned_anew() -> None:
    fast = Charge(ampere=3.0, taper=SLOW, cutoff=0.25, leak=0.2)
    lower = Charge(volt=4.1, leak=0.25)
    assert KIND not in watched(charged([*[USUAL] * 5, fast, fast])).kinds()
    assert KIND not in watched(charged([*[USUAL] * 5, lower, lower])).kinds()


def test_the_first_charges_are_learned_from() -> None:
    assert watched(charged([USUAL, USUAL, SHORTED, SHORTED])).kinds() == []


def test_a_program_that_ends_its_charges_earlier_is_none() -> None:
    assert watched(charged([*[USUAL] * 5, *[Charge(cutoff=0.3)] * 4])).kinds() == []


# Dips.


@pytest.mark.parametrize("volt", [0.035, 0.05, 0.08])
def test_three_dips_within_an_hour_are_found(volt: float) -> None:
    rows = [MIDDLE.start, MIDDLE.start + 9, MIDDLE.start + 17]
    alert = watched(dipping(rows, volt)).of(KIND)
    assert alert.opened_at == START + 30.0 * (rows[-1] + 1)
    assert alert.severity is Severity.P2
    assert volt - 0.01 < alert.evidence["dip_volt"] <= volt  # the lesser of both jumps of a falling voltage
    assert "while the current stayed at -2.00 A (dip 3 within 60 min)" in alert.message


def test_two_dips_or_three_far_apart_are_not() -> None:
    assert watched(dipping([MIDDLE.start, MIDDLE.start + 9], 0.05)).kinds() == []
    apart = [in_discharge(HELD, cycle=cycle, skip=50).start for cycle in (2, 3, 4)]
    assert watched(dipping(apart, 0.05)).kinds() == []


def test_jumps_up_are_no_short() -> None:
    rows = [MIDDLE.start, MIDDLE.start + 9, MIDDLE.start + 17]
    assert watched(dipping(rows, -0.05)).kinds() == []
    both = dipping([*rows, MIDDLE.start + 5, MIDDLE.start + 12], [0.05, 0.05, 0.05, -0.05, -0.05])
    assert watched(both).kinds() == []


def test_larger_dips_are_a_contact_and_only_that() -> None:
    rows = [MIDDLE.start + k for k in (0, 5, 9, 14, 18)]
    assert watched(dipping(rows[:3], 0.2)).kinds() == ["contact-intermittent"]
    assert watched(dipping(rows, [0.2, 0.05, 0.05, 0.05, 0.05])).kinds() == ["contact-intermittent"]


def test_a_contact_that_shows_itself_later_ends_it() -> None:
    rows = [MIDDLE.start + k for k in (0, 5, 9, 14)]
    seen = watched(dipping(rows, [0.05, 0.05, 0.05, 0.3]))
    assert seen.of(KIND).cleared_at == seen.of("contact-intermittent").opened_at


def test_dips_with_the_current_are_pulses() -> None:
    rows = [MIDDLE.start, MIDDLE.start + 9, MIDDLE.start + 17]
    ampere = HELD.numbers("current_ampere").copy()
    ampere[rows] -= 1.0
    assert watched(dipping(rows, 0.05).with_columns(current_ampere=ampere)).kinds() == []


def test_the_first_minute_of_a_step_is_left_alone() -> None:
    rows = [int(np.flatnonzero(HELD.numbers("step_count") == step)[1]) for step in (5, 7, 9)]
    assert KIND not in watched(dipping(rows, 0.05)).kinds()


def test_a_noisy_channel_is_judged_by_its_own_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 0.015, len(HELD))
    assert KIND not in watched(HELD.with_columns(voltage_volt=HELD.numbers("voltage_volt") + noise)).kinds()
