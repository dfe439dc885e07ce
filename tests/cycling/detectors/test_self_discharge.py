"""self-discharge: voltages that fall at rest, and everything that relaxation and temperature do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cycling.readings import Batch, concat
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import START, Seen, spoil, watched
from tests.cycling.resting_cell import age_of, leaking, rest_of, resting_cell, without_steps
from tests.cycling.warm_cell import steady

KIND = "self-discharge"
SIX = resting_cell(2)  # rests 0 and 2 come after a charge, 1 and 3 after a discharge
LONG = resting_cell(1, hours=24.0, every=120.0)
HOUR = 3600.0


def rest_begin(batch: Batch, number: int) -> float:
    return float(batch.numbers("unix_time_second")[np.argmax(rest_of(batch) == number)])


def opened(seen: Seen, batch: Batch, number: int) -> float:
    """Hours after the rest began."""
    return (seen.of(KIND).opened_at - rest_begin(batch, number)) / HOUR


@pytest.mark.parametrize("rate", [3.0, 10.0])
@pytest.mark.parametrize("rest", [0, 1])
@pytest.mark.parametrize("known", [True, False])
def test_a_leak_is_found_after_a_charge_and_after_a_discharge(rate: float, rest: int, known: bool) -> None:
    batch = leaking(SIX, {rest: rate})
    seen = watched(batch if known else without_steps(batch))
    assert KIND in seen.kinds()
    assert 2.0 <= opened(seen, batch, rest) <= 6.0
    assert seen.of(KIND).severity is Severity.P2


def test_a_leak_that_begins_in_the_middle_of_a_rest_is_found() -> None:
    seen = watched(leaking(SIX, {1: 3.0}, begin=3 * HOUR))
    assert seen.kinds() == [KIND]
    assert 3.0 < opened(seen, SIX, 1) <= 5.5


def test_a_steep_fall_is_danger() -> None:
    assert watched(leaking(SIX, {1: 30.0})).of(KIND).severity is Severity.P1


def test_half_a_day_of_rest_shows_smaller_leaks() -> None:
    assert watched(leaking(SIX, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0})).kinds() == []
    seen = watched(leaking(LONG, {1: 1.0}, every=120.0))
    assert seen.kinds() == [KIND]
    assert opened(seen, LONG, 1) >= 12.0
    assert "over the last 4 h" in seen.of(KIND).message


def test_earlier_rests_make_it_quicker_after_a_charge() -> None:
    """Without them a falling voltage must be seen not to decay."""
    batch = resting_cell(4)
    first, later = watched(leaking(batch, {0: 8.0})), watched(leaking(batch, {6: 8.0}))
    assert opened(later, batch, 6) < opened(first, batch, 0)
    assert opened(later, batch, 6) <= 3.0


def test_the_leak_current_is_said_where_the_capacity_is_known() -> None:
    alert = watched(leaking(SIX, {1: 10.0})).of(KIND)
    assert 0.01 < alert.evidence["leak_ampere"] <= 0.02  # 2 Ah that change by 1 V; it still relaxes upwards
    assert "mA if 1 % of charge is 10 mV" in alert.message

    def unknown(watch: Watch) -> None:
        watch.facts["T1"] = type(watch.facts["T1"])(test="T1")

    blank = watched(leaking(SIX, {1: 10.0}), change=unknown).of(KIND)
    assert "mA" not in blank.message
    assert "leak_ampere" not in blank.evidence


def test_it_lasts_until_a_rest_shows_none() -> None:
    batch = resting_cell(4)
    alert = watched(leaking(batch, {0: 10.0, 1: 10.0, 2: 10.0})).of(KIND)
    assert alert.cleared_at is not None
    assert alert.cleared_at >= rest_begin(batch, 3) + 2 * HOUR


def test_it_is_over_after_a_day_without_a_long_rest() -> None:
    rests = resting_cell(1, hours=5.0)
    short = resting_cell(12, hours=0.25)
    after = short.with_columns(
        unix_time_second=short.numbers("unix_time_second") + 60.0 * len(rests),
        test_time_second=short.numbers("test_time_second") + 60.0 * len(rests),
        step_count=short.numbers("step_count") + 100,
    )
    alert = watched(concat([leaking(rests, {1: 10.0}), after])).of(KIND)
    assert alert.cleared_at is not None
    assert alert.cleared_at - alert.opened_at > 86400.0


# What must not alarm.


@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
def test_relaxation_is_no_leak(every: float) -> None:
    assert watched(resting_cell(2, every=every)).kinds() == []


@pytest.mark.parametrize("seconds", [900.0, 3600.0, 7200.0])
def test_slow_relaxation_after_a_charge_is_no_leak(seconds: float) -> None:
    """From -5 to -20 mV/h in the first hour."""
    assert watched(resting_cell(4, after_charge=0.05, relaxation=seconds)).kinds() == []


def test_relaxation_of_three_hours_is_no_leak() -> None:
    batch = resting_cell(3, after_charge=0.0)
    volts = batch.numbers("voltage_volt") + np.where(
        rest_of(batch) % 2 == 0, 0.06 * np.exp(-age_of(batch) / (3 * HOUR)), 0.0
    )
    assert watched(batch.with_columns(voltage_volt=volts)).kinds() == []


def test_a_rest_of_less_than_two_hours_is_not_judged() -> None:
    assert watched(leaking(resting_cell(3, hours=1.9), {1: 10.0, 2: 10.0})).kinds() == []


def told_off(batch: Batch, change: Callable[[np.ndarray], np.ndarray], volt_per_kelvin: float) -> Batch:
    """The second rest in a chamber whose temperature changes with time at rest (s); the cell's voltage follows."""
    kelvin = np.where(rest_of(batch) == 1, change(age_of(batch)), 0.0)
    return batch.with_columns(
        voltage_volt=batch.numbers("voltage_volt") + volt_per_kelvin * kelvin,
        ambient_temperature_celsius=batch.numbers("ambient_temperature_celsius") + kelvin,
        surface_temperature_celsius=batch.numbers("surface_temperature_celsius") + kelvin,
    )


def cooled(seconds: np.ndarray) -> np.ndarray:
    return -20.0 * np.clip((seconds - 3 * HOUR) / (1.5 * HOUR), 0.0, 1.0)


def test_a_chamber_that_cools_is_no_leak() -> None:
    assert KIND not in watched(told_off(SIX, cooled, 0.0005)).kinds()


def test_a_cell_that_cools_without_a_chamber_sensor_is_no_leak() -> None:
    batch = told_off(SIX, cooled, 0.0005)
    blind = batch.with_columns(ambient_temperature_celsius=np.full(len(batch), np.nan))
    assert KIND not in watched(blind).kinds()


def test_a_rippling_chamber_neither_alarms_nor_hides_a_leak() -> None:
    ripple = resting_cell(2, chamber=steady(25.0))
    assert KIND not in watched(ripple).kinds()
    assert KIND in watched(leaking(ripple, {1: 4.0})).kinds()


def test_without_any_temperature_a_leak_must_be_twice_as_large() -> None:
    hidden = ("surface_temperature_celsius", "ambient_temperature_celsius")

    def blind(batch: Batch) -> Batch:
        return Batch({name: values for name, values in batch.columns.items() if name not in hidden})

    assert watched(blind(leaking(SIX, {1: 3.0}))).kinds() == []
    assert watched(blind(leaking(SIX, {1: 6.0}))).kinds() == [KIND]


def test_a_gap_begins_the_rest_anew() -> None:
    batch = leaking(resting_cell(1, hours=5.0), {1: 10.0})
    ages = np.where(rest_of(batch) == 1, age_of(batch), -1.0)
    gap = batch.take((ages < 1.5 * HOUR) | (ages > 2.6 * HOUR))
    assert watched(batch).kinds() == [KIND]
    assert KIND not in watched(gap).kinds()


def test_fewer_than_ten_readings_in_an_hour_say_nothing() -> None:
    seldom = resting_cell(2, every=400.0)
    assert KIND not in watched(leaking(seldom, {1: 10.0}, every=400.0)).kinds()


def test_voltages_of_whole_millivolts_are_enough() -> None:
    def rounded(batch: Batch) -> Batch:
        return batch.with_columns(voltage_volt=np.round(batch.numbers("voltage_volt"), 3))

    assert watched(rounded(SIX)).kinds() == []
    assert watched(rounded(LONG)).kinds() == []
    assert watched(rounded(leaking(SIX, {1: 4.0}))).kinds() == [KIND]


@pytest.mark.parametrize("volt", [-0.003, -0.01])
def test_a_step_of_the_voltage_is_no_slope(volt: float) -> None:
    """A meter that changed its range, a contact that settled."""
    stepped = np.where((rest_of(SIX) == 1) & (age_of(SIX) > 3.4 * HOUR), volt, 0.0)
    assert watched(SIX.with_columns(voltage_volt=SIX.numbers("voltage_volt") + stepped)).kinds() == []


def test_a_current_that_flows_makes_it_no_rest() -> None:
    batch = leaking(SIX, {1: 10.0})
    drained = batch.with_columns(current_ampere=np.where(rest_of(batch) == 1, -0.03, batch.numbers("current_ampere")))
    assert KIND not in watched(without_steps(drained)).kinds()


def test_missing_and_impossible_rows_change_nothing() -> None:
    odd = spoil(SIX, slice(7, None, 13), voltage_volt=np.nan)
    assert KIND not in watched(odd).kinds()
    assert KIND in watched(spoil(leaking(SIX, {1: 4.0}), slice(7, None, 13), voltage_volt=99.0)).kinds()


def test_any_cut_gives_the_same() -> None:
    batch = leaking(resting_cell(3, hours=4.0), {4: 5.0})
    cuts = list(range(11, len(batch), 37))
    assert watched(batch).alerts == watched(batch, cuts=cuts, restarts=True).alerts
    assert batch.numbers("unix_time_second")[0] == START
