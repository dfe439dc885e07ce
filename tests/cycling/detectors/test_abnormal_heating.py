"""C3 abnormal heating: how soon it is found, how it worsens, and what is a sensor instead."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from tests.cycling.build import START, spoil, watched
from tests.cycling.warm_cell import THERMAL, cycles, rows_of, warm_cell

KIND = "abnormal-heating"


def heated(batch: Batch, rows: slice, every: float, rate: float, most: float = 30.0) -> Batch:
    more = np.minimum(most, rate / 60.0 * every * np.arange(rows.stop - rows.start))
    return spoil(batch, rows, surface_temperature_celsius=batch.numbers("surface_temperature_celsius")[rows] + more)


@pytest.mark.parametrize(("rate", "minutes"), [(0.5, 20), (2.0, 10), (5.0, 8)])
@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
@pytest.mark.parametrize("kind", ["CC_DCH", "CC_CHG", "CV_CHG"])
def test_heat_of_a_cells_own_is_found_in_minutes(kind: str, every: float, rate: float, minutes: float) -> None:
    batch = warm_cell(cycles(6), every=every)
    rows = rows_of(batch, kind, 5)
    alert = watched(heated(batch, rows, every, rate)).of(KIND)
    assert alert.opened_at - (START + every * rows.start) <= 60 * minutes


def test_it_gets_worse_beyond_ten_kelvin() -> None:
    batch = warm_cell(cycles(6))
    rows = rows_of(batch, "CC_DCH", 5)
    assert watched(heated(batch, rows, 30.0, 2.0, most=8.0)).of(KIND).severity is Severity.P2
    assert watched(heated(batch, rows, 30.0, 2.0, most=16.0)).of(KIND).severity is Severity.P1


def test_heat_in_a_rest_is_found() -> None:
    batch = warm_cell(cycles(6, rest=60.0))
    assert KIND in watched(heated(batch, rows_of(batch, "REST", -1), 30.0, 2.0)).kinds()


def test_a_temperature_that_jumped_is_a_sensor_never_heat() -> None:
    batch = warm_cell(cycles(6))
    rows = rows_of(batch, "CC_DCH", 5)
    values = batch.numbers("surface_temperature_celsius")[rows] + 18.0
    assert not set(watched(spoil(batch, rows, surface_temperature_celsius=values)).kinds()) & THERMAL


def test_a_charge_that_starts_hot_is_no_abnormal_heating() -> None:
    batch = warm_cell(cycles(8, rest=60.0))
    rest = rows_of(batch, "REST", 9, begin=0.05, end=1.0)  # cut out: the charge follows the discharge at once
    kept = batch.take(np.setdiff1d(np.arange(len(batch)), np.arange(rest.start, rest.stop)))
    assert KIND not in watched(kept).kinds()


def test_the_first_run_of_a_step_is_left_alone() -> None:
    batch = warm_cell(cycles(6) + cycles(1, 1.5, 4.0))
    assert KIND not in watched(batch).kinds()
