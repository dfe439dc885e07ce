"""C4 thermal runaway: found in two readings, and not to be had by a sensor."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.types import Severity
from tests.cycling.build import START, spoil, watched
from tests.cycling.warm_cell import cycles, rows_of, warm_cell

KIND = "thermal-runaway"


@pytest.mark.parametrize("rate", [12.0, 20.0, 60.0])
@pytest.mark.parametrize("every", [5.0, 30.0])
def test_a_runaway_is_found_as_it_begins(every: float, rate: float) -> None:
    batch = warm_cell(cycles(6), every=every)
    rows = rows_of(batch, "CC_CHG", 5)
    values = batch.numbers("surface_temperature_celsius")[rows]
    values = np.minimum(values + rate / 60.0 * every * np.arange(len(values)), 140.0)
    alert = watched(spoil(batch, rows, surface_temperature_celsius=values)).of(KIND)
    assert alert.severity is Severity.P1
    assert alert.opened_at - (START + every * rows.start) <= max(90.0, 3 * every)


def test_before_anything_is_learned_a_runaway_is_found_too() -> None:
    batch = warm_cell(cycles(1))
    rows = rows_of(batch, "CC_CHG", 0)
    values = np.minimum(
        batch.numbers("surface_temperature_celsius")[rows] + 8.0 * np.arange(rows.stop - rows.start), 140
    )
    assert KIND in watched(spoil(batch, rows, surface_temperature_celsius=values)).kinds()


def test_an_input_that_floats_is_no_runaway() -> None:
    batch = warm_cell(cycles(6))
    rows = rows_of(batch, "CC_DCH", 5)
    floating = 45 + np.random.default_rng(2).normal(0, 15, rows.stop - rows.start)
    assert KIND not in watched(spoil(batch, rows, surface_temperature_celsius=floating)).kinds()


def test_a_thermocouple_that_is_put_back_is_no_runaway() -> None:
    batch = warm_cell(cycles(6), every=5.0)
    rows = rows_of(batch, "CC_DCH", 5)
    values = batch.numbers("surface_temperature_celsius").copy()
    back = slice(rows.start + 240, rows.stop)
    air = batch.numbers("ambient_temperature_celsius")
    values[rows] = air[rows]
    gone = np.exp(-np.arange(back.stop - back.start) / 3)
    values[back] = batch.numbers("surface_temperature_celsius")[back] * (1 - gone) + air[back] * gone
    assert KIND not in watched(spoil(batch, slice(None), surface_temperature_celsius=values)).kinds()


def test_a_voltage_that_sags_in_a_cell_that_is_too_warm_is_a_runaway() -> None:
    batch = warm_cell(cycles(6))
    rows = rows_of(batch, "CC_CHG", 5)
    warm = batch.numbers("surface_temperature_celsius").copy()
    warm[rows] += np.minimum(15.0, 1.5 * np.arange(rows.stop - rows.start))
    volt = batch.numbers("voltage_volt").copy()
    volt[rows.start + 15 : rows.stop] -= 0.25
    spoiled = spoil(batch, slice(None), surface_temperature_celsius=warm, voltage_volt=volt)
    assert KIND in watched(spoiled).kinds()
    assert KIND not in watched(spoil(batch, slice(None), surface_temperature_celsius=warm)).kinds()
