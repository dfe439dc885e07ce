"""Capacity drops: told after three cycles, and not told for what only looks like one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cycling.types import Cycle
from tests.cycling.build_cycles import changed, cycle, healthy, judged, kinds, later, less, told


@pytest.mark.parametrize("drop", [0.005, 0.01, 0.02, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_a_drop_is_told_at_its_third_cycle(drop: float, seed: int) -> None:
    found = judged(less(healthy(60, seed=seed), 1 - drop, 40))
    begins = [one for one in found if one.severity.value == "P2"]
    assert begins[0].at == cycle(42, 2.0).end_unix_time_second
    assert begins[0].words is not None
    assert begins[0].words.evidence["drop"] == pytest.approx(drop, rel=0.1)


def test_one_odd_cycle_is_for_the_log_only() -> None:
    found = judged(less(healthy(60), 0.9, 40, 41))
    assert [(one.what, one.severity.value) for one in found] == [("begins", "P4"), ("ends", "P4")]


def test_two_odd_cycles_are_no_drop_either() -> None:
    assert told(judged(less(healthy(60), 0.9, 40, 42))) == []


def test_an_odd_cycle_that_stays_worsens_to_a_drop() -> None:
    found = judged(less(healthy(60), 0.9, 40))
    assert [(one.what, one.severity.value) for one in found[:2]] == [("begins", "P4"), ("worsens", "P2")]


def test_it_ends_when_capacity_is_back() -> None:
    found = judged(less(healthy(80), 0.98, 40, 50))
    assert [one.what for one in found if one.kind == "capacity-drop"][-1] == "ends"


def test_a_fade_that_quickens_is_no_drop() -> None:
    cycles = [cycle(n, 2.0 - 1e-4 * n - 2e-5 * max(0, n - 60) ** 2) for n in range(1, 120)]
    assert "capacity-drop" not in kinds(judged(cycles))


def test_capacity_that_rises_and_levels_off_at_the_start_is_no_drop() -> None:
    assert told(judged([cycle(n, 2.0 - 0.1 * np.exp(-n / 8)) for n in range(1, 60)])) == []


@pytest.mark.parametrize("kelvin", [1.0, 1.9, 3.0])
def test_a_chamber_that_cools_is_no_drop(kelvin: float) -> None:
    colder = changed(less(healthy(80), 1 - 0.005 * kelvin, 40), 40, ambient_temperature_celsius_mean=1 - kelvin / 25)
    assert told(judged(colder)) == []


def test_the_rebound_after_a_check_up_is_no_drop_when_it_is_over() -> None:
    cycles = changed(less(healthy(80), 1.01, 41, 44), 40, 41, kind="checkup")
    assert told(judged(cycles)) == []


def test_what_a_rest_gave_back_is_no_drop_when_it_is_gone() -> None:
    assert told(judged(later(less(healthy(80), 1.02, 40, 42), 40, 100.0))) == []


def test_a_new_current_is_a_new_series() -> None:
    faster = changed(less(healthy(90), 0.95, 40), 40, discharge_duration_second=0.5)
    assert told(judged(changed(faster, 40, 45, kind="checkup"))) == []


def unmeasured(cycles: list[Cycle]) -> list[Cycle]:
    nothing = dict.fromkeys(("surface_temperature_celsius_mean", "ambient_temperature_celsius_mean"), np.nan)
    return [replace(one, **nothing) for one in cycles]


def test_without_a_temperature_a_small_drop_is_for_the_digest_and_a_large_one_for_the_phone() -> None:
    for drop, severity in ((0.01, "P3"), (0.05, "P2")):
        found = told(judged(unmeasured(less(healthy(60), 1 - drop, 40))))
        assert found[0][2] == severity


def test_a_colder_room_shows_in_the_resistance() -> None:
    cold = changed(less(healthy(80), 0.985, 40, 45), 40, 45, internal_resistance_ohm=1.03)
    assert told(judged(unmeasured(cold))) == []


def test_the_dips_of_calces_cells_are_no_drops() -> None:
    """26 dips in 885 cycles, where the constant-voltage step was skipped; twice two in a row."""
    cycles, dips = healthy(300), [40, 73, 91, 92, 130, 140, 144, 200, 241, 242, 290]
    for n, dip in enumerate(dips):
        cycles = less(cycles, 0.92 - 0.01 * n, dip, dip + 1)
    assert told(judged(cycles)) == []
