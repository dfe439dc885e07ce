"""contact-resistance: two starts in a row with too much R0, and the starts that may differ."""

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
