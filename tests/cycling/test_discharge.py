"""Discharge curves and the band of replicates, from first principles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cycling.discharge import POINTS, discharge_curve
from cycling.replicates import FEWEST, band, fellows_of


def test_the_charge_taken_out_is_current_times_time() -> None:
    seconds = np.arange(0.0, 7201.0, 1.0)
    amperes = np.where(seconds < 3600, 1.0, -0.5)
    charge, volts = discharge_curve(seconds, 4.0 - 1e-4 * seconds, amperes)
    assert charge[0] == 0.0
    assert charge[-1] == pytest.approx(0.5, abs=1e-3)
    assert volts[0] > volts[-1]
    assert len(charge) <= POINTS + 2
    assert (np.diff(charge) >= 0).all()


def test_rest_and_noise_around_zero_take_nothing_out() -> None:
    seconds = np.arange(0.0, 300.0, 1.0)
    amperes = np.where(seconds < 100, -1.0, -0.001)
    charge, _ = discharge_curve(seconds, np.full(300, 3.5), amperes)
    assert charge[-1] == pytest.approx(99 / 3600)


def test_over_a_long_hole_nothing_is_counted_but_ten_minutes() -> None:
    charge, _ = discharge_curve(np.array([0.0, 10.0, 90_000.0]), np.array([3.5, 3.4, 3.3]), np.full(3, -1.0))
    assert charge[-1] == pytest.approx(610 / 3600)


@pytest.mark.parametrize("amperes", [[1.0, 1.0], [0.0, 0.0], [math.nan, math.nan], []])
def test_without_a_discharge_there_is_no_curve(amperes: list[float]) -> None:
    rows = len(amperes)
    charge, volts = discharge_curve(np.arange(rows, dtype=float), np.full(rows, 3.5), np.array(amperes, dtype=float))
    assert len(charge) == len(volts) == 0


def test_fellows_are_the_other_tests_of_the_same_batch_and_protocol() -> None:
    facts = [
        {"test": "a", "batch": "x", "protocol": "1C"},
        {"test": "b", "batch": "x", "protocol": "1C"},
        {"test": "c", "batch": "x", "protocol": "2C"},
        {"test": "d", "protocol": "1C"},
    ]
    assert fellows_of("a", facts) == ["b"]
    assert fellows_of("d", facts) == []
    assert fellows_of("unknown", facts) == []


def test_a_band_stands_only_where_there_are_fellows_enough() -> None:
    counts = [1, 1, 1, 2, 2, 2, 3, 3]
    values = [1.0, 2.0, 3.0, 1.0, 1.5, 2.0, 9.0, 9.0]
    told = band({"cycle_count": counts, "discharging_capacity_ah": values, "kind": ["regular"] * 8})
    assert told["cycle_count"] == [1.0, 2.0]
    assert told["p50"] == [2.0, 1.5]
    assert told["p5"][0] == pytest.approx(1.1)
    assert told["p95"][0] == pytest.approx(2.9)
    assert told["fellows"] == [FEWEST, FEWEST]


def test_bad_cycles_check_ups_and_missing_values_tear_no_band() -> None:
    kinds = ["regular", "regular", "regular", "faulty", "checkup", "regular"]
    values = [1.0, 1.0, 1.0, 50.0, 60.0, math.nan]
    told = band({"cycle_count": [1] * 6, "discharging_capacity_ah": values, "kind": kinds})
    assert told["p95"] == [1.0]
    assert band({})["cycle_count"] == []
