"""Internal resistance: jumps and rises, where it was measured at the same temperature."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cycling.build_cycles import changed, cycle, healthy, judged, kinds

KIND = "resistance-rise"


@pytest.mark.parametrize("rise", [0.1, 0.2, 0.5])
def test_a_jump_is_told_within_three_cycles(rise: float) -> None:
    found = judged(changed(healthy(60), 40, internal_resistance_ohm=1 + rise))
    assert found[0].kind == KIND
    assert found[0].at <= cycle(42, 2.0).end_unix_time_second


def test_a_slow_rise_is_told_at_a_third_and_is_urgent_at_twice_the_first() -> None:
    cycles = [cycle(n, 2.0, internal_resistance_ohm=0.05 * (1 + 0.005 * n)) for n in range(1, 260)]
    found = [one for one in judged(cycles) if one.kind == KIND]
    assert [(one.what, one.severity.value) for one in found] == [("begins", "P3"), ("worsens", "P2")]


def test_zero_means_not_measured() -> None:
    for value in (0.0, np.nan):
        assert judged([cycle(n, 2.0, internal_resistance_ohm=value) for n in range(1, 60)]) == []
    rare = [cycle(n, 2.0, internal_resistance_ohm=0.05 if n % 10 == 0 else 0.0) for n in range(1, 200)]
    assert judged(rare) == []


def test_one_odd_measurement_is_no_rise() -> None:
    assert judged(changed(healthy(60), 40, 41, internal_resistance_ohm=3.0)) == []


def test_a_colder_chamber_is_no_rise() -> None:
    colder = changed(changed(healthy(120), 60, internal_resistance_ohm=1.5), 60, ambient_temperature_celsius_mean=0.4)
    assert KIND not in kinds(judged(colder))
