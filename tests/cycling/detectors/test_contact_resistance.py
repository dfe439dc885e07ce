"""contact-resistance: two starts in a row with too much R0, a jump within a step, and what may differ."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from tests.cycling.build import cell, spoil, watched

KIND = "contact-resistance"
HELD = cell(9)
UNDECLARED = ("step_type", "step_count", "cycle_count")
CYCLE, STEP = HELD.numbers("cycle_count"), HELD.texts("step_type")


def added(ohm: float, cycles: tuple[int, ...], steps: tuple[str, ...] = ("CCCV_CHG", "CC_DCH")) -> Batch:
    """More resistance in series while those steps begin (their first 0.3 V)."""
    volts, ampere = HELD.numbers("voltage_volt"), HELD.numbers("current_ampere")
    rows = np.isin(CYCLE, cycles) & np.isin(STEP, steps) & (volts > 3.3) & (volts < 4.05)
    return HELD.with_columns(voltage_volt=np.where(rows, volts + ohm * ampere, volts))


def bare(batch: Batch) -> Batch:
    return Batch({name: values for name, values in batch.columns.items() if name not in UNDECLARED})


@pytest.mark.parametrize("known", [True, False])
def test_the_second_start_in_a_row_is_named(known: bool) -> None:
    batch = added(0.04, (6, 7))
    alert = watched(batch if known else bare(batch)).of(KIND)
    second = np.flatnonzero((CYCLE == 6) & (STEP == "CC_DCH"))[0]
    assert alert.opened_at == HELD.numbers("unix_time_second")[second]
    assert alert.severity is Severity.P3
    assert "where 75 mΩ are usual" in alert.message


def test_more_than_twice_the_usual_calls() -> None:
    assert watched(added(0.1, (6, 7))).of(KIND).severity is Severity.P2


def test_it_stays_while_it_lasts_and_ends_when_it_is_mended() -> None:
    alert = watched(added(0.05, (5, 6, 7, 8))).of(KIND)
    mended = np.flatnonzero(CYCLE == 9)[0]
    assert alert.closed_at == HELD.numbers("unix_time_second")[mended]


def test_one_start_and_small_changes_are_left_alone() -> None:
    assert watched(added(0.05, (6,), ("CC_DCH",))).kinds() == []
    assert watched(added(0.012, (6, 7, 8))).kinds() == []


def test_ageing_is_followed() -> None:
    """2 mΩ more from cycle to cycle."""
    volts, ampere = HELD.numbers("voltage_volt"), HELD.numbers("current_ampere")
    begins = (volts > 3.3) & (volts < 4.05)
    older = HELD.with_columns(voltage_volt=np.where(begins, volts + 0.002 * (CYCLE - 1) * ampere, volts))
    assert watched(older).kinds() == []


def test_a_cold_cell_is_another_cell() -> None:
    cold = added(0.08, (6, 7))
    chamber = np.where(np.isin(CYCLE, (6, 7)), -20.0, 0.0)
    temperatures = {
        name: cold.numbers(name) + chamber for name in ("surface_temperature_celsius", "ambient_temperature_celsius")
    }
    assert KIND not in watched(cold.with_columns(**temperatures)).kinds()


def test_pulses_at_another_state_of_charge_are_new() -> None:
    """A pulse test within rests: six pulses, each 0.2 V lower, whose R0 grows to twice that of the discharges."""
    batch = HELD
    for cycle in (6, 7, 8):
        rest = np.flatnonzero((cycle == CYCLE) & (STEP == "REST"))[-20:]
        for pulse in (0, 1):
            low = 3.9 - 0.2 * pulse - 0.15 * (cycle - 6)
            rows = rest[10 * pulse : 10 * pulse + 10]
            volts = np.full(10, low)
            volts[3] -= 2.0 * 0.15
            batch = spoil(
                batch,
                slice(int(rows[0]), int(rows[-1]) + 1),
                voltage_volt=volts,
                current_ampere=np.where(np.arange(10) == 3, -2.0, 0.0),
                step_type=np.where(np.arange(10) == 3, "CC_DCH", "REST").astype(object),
            )
    assert watched(batch).kinds() == []


def test_a_longer_time_between_the_readings_is_not_compared() -> None:
    """Every third reading from cycle 6 on: more polarisation in the first reading of a step."""
    slower = added(0.05, (6, 7, 8, 9))
    sparse = slower.take((CYCLE < 6) | (np.arange(len(HELD)) % 4 == 0))
    assert KIND not in watched(sparse).kinds()


def within(step: str, ohm: float, *, ramp: int = 1, skip: int = 40, cycle: int = 6) -> Batch:
    """More resistance in series from the middle of one step to its end, grown within ``ramp`` readings."""
    rows = np.flatnonzero((cycle == CYCLE) & (step == STEP))[skip:]
    volts, ampere = HELD.numbers("voltage_volt").copy(), HELD.numbers("current_ampere")
    volts[rows] += ohm * ampere[rows] * np.minimum(1.0, np.arange(1, len(rows) + 1) / ramp)
    return HELD.with_columns(voltage_volt=np.clip(volts, 2.71, 4.2))  # the cycler keeps to its limits


@pytest.mark.parametrize("ramp", [1, 10])
@pytest.mark.parametrize("step", ["CCCV_CHG", "CC_DCH"])
@pytest.mark.parametrize("ohm", [0.02, 0.05, 0.1])
def test_a_jump_within_a_step_is_named_before_the_step_ends(step: str, ohm: float, ramp: int) -> None:
    seen = watched(within(step, ohm, ramp=ramp))
    begun = np.flatnonzero((CYCLE == 6) & (step == STEP))[40]
    alert = seen.of(KIND)
    assert seen.kinds() == [KIND]
    assert 0 <= alert.opened_at - HELD.numbers("unix_time_second")[begun] <= 600
    assert alert.severity is Severity.P3
    assert "while the current stayed" in alert.message


def test_a_jump_is_over_at_the_next_start_without_it() -> None:
    alert = watched(within("CCCV_CHG", 0.05)).of(KIND)
    discharge = np.flatnonzero((CYCLE == 6) & (STEP == "CC_DCH"))[0]
    assert alert.closed_at == HELD.numbers("unix_time_second")[discharge]


def test_a_jump_that_no_start_can_answer_is_told_for_a_day() -> None:
    """Without rests there is no start to measure."""
    loaded = HELD.take(STEP != "REST")
    batch = loaded.with_columns(test_time_second=30.0 * np.arange(len(loaded)))
    rows = np.flatnonzero((batch.numbers("cycle_count") == 5) & (batch.texts("step_type") == "CC_DCH"))[40:]
    volts = batch.numbers("voltage_volt").copy()
    volts[rows] -= 0.1
    alert = watched(batch.with_columns(voltage_volt=volts), detectors={KIND: {"quiet_seconds": 7200.0}}).of(KIND)
    assert alert.closed_at is not None
    assert 7200 < alert.closed_at - alert.opened_at < 7200 + 900


def test_a_jump_the_other_way_is_no_contact_that_came_loose() -> None:
    assert watched(within("CC_DCH", -0.05)).kinds() == []


def test_single_readings_are_no_jump_within_a_step() -> None:
    """Nor pairs of them, which are no spikes either."""
    volts = HELD.numbers("voltage_volt").copy()
    rows = np.flatnonzero((CYCLE == 6) & (STEP == "CC_DCH"))
    for place in (40, 60, 80):
        volts[rows[place : place + 2]] -= 0.06
    assert KIND not in watched(HELD.with_columns(voltage_volt=volts)).kinds()


def test_a_jump_with_the_current_is_no_contact() -> None:
    """A pulse on top of the discharge: 3 A for ten minutes instead of 2, by the cell's own 100 mΩ."""
    rows = np.flatnonzero((CYCLE == 6) & (STEP == "CC_DCH"))[40:60]
    volts, ampere = HELD.numbers("voltage_volt").copy(), HELD.numbers("current_ampere").copy()
    volts[rows] -= 0.1
    ampere[rows] -= 1.0
    assert KIND not in watched(HELD.with_columns(voltage_volt=volts, current_ampere=ampere)).kinds()


def test_steps_that_always_bend_so_are_usual() -> None:
    """A cold cell warms itself and bends the voltage of every discharge; one that bends twice as far stands out."""

    def bent(volt: float, cycles: set[int]) -> Batch:
        volts = HELD.numbers("voltage_volt").copy()
        for cycle in cycles:
            rows = np.flatnonzero((cycle == CYCLE) & (STEP == "CC_DCH"))[40:]
            volts[rows] -= volt * np.minimum(1.0, np.arange(len(rows)) / 10)
        return HELD.with_columns(voltage_volt=volts)

    assert watched(bent(0.05, set(range(1, 10)))).kinds() == []
    usual = bent(0.05, set(range(1, 10))).numbers("voltage_volt") - HELD.numbers("voltage_volt")
    further = bent(0.11, {8})
    told = watched(further.with_columns(voltage_volt=further.numbers("voltage_volt") + usual)).of(KIND)
    assert told.opened_at > HELD.numbers("unix_time_second")[np.flatnonzero(CYCLE == 8)[0]]


def test_the_first_steps_teach() -> None:
    """Nothing is said before three like steps were seen."""
    assert watched(within("CC_DCH", 0.05, cycle=3)).kinds() == []
    assert watched(within("CC_DCH", 0.05, cycle=4)).kinds() == [KIND]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_jump_is_the_same_however_the_rows_come(restarts: bool) -> None:
    batch = within("CC_DCH", 0.05, ramp=10)
    begun = int(np.flatnonzero((CYCLE == 6) & (STEP == "CC_DCH"))[40])
    cuts = list(range(begun - 30, begun + 40, 3 if restarts else 1))
    assert watched(batch).alerts == watched(batch, cuts=cuts, restarts=restarts).alerts
