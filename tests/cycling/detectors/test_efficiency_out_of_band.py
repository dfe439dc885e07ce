"""Coulombic efficiency: three cycles on one side, beside the cell's own or beyond what can be."""

from __future__ import annotations

import pytest

from tests.cycling.build_cycles import changed, cycle, healthy, judged, kinds, later

KIND = "efficiency-out-of-band"


@pytest.mark.parametrize("loss", [0.005, 0.02])
def test_a_loss_is_told_at_its_third_cycle(loss: float) -> None:
    found = judged(changed(healthy(60), 40, charging_capacity_ah=1 + loss))
    assert found[0].kind == KIND
    assert found[0].at == cycle(42, 2.0).end_unix_time_second


def test_two_cycles_are_not_enough() -> None:
    assert judged(changed(healthy(60), 40, 42, charging_capacity_ah=1.02)) == []


def test_cycles_on_both_sides_are_scatter() -> None:
    cycles = healthy(60)
    for n, share in ((40, 1.01), (41, 0.995), (42, 1.01), (43, 0.995)):
        cycles = changed(cycles, n, n + 1, charging_capacity_ah=share)
    assert KIND not in kinds(judged(cycles))


def test_a_cell_that_always_loses_much_is_told_once_it_has_settled() -> None:
    found = judged(changed(healthy(40), 1, charging_capacity_ah=1.05))
    assert [(one.kind, one.at) for one in found] == [(KIND, cycle(13, 2.0).end_unix_time_second)]


def test_formation_is_no_loss_even_before_it_is_known_to_be_formation() -> None:
    assert judged(changed(healthy(60), 1, 6, charging_capacity_ah=1.12)) == []


def test_the_two_cycles_after_a_gap_are_masked() -> None:
    gap = later(changed(healthy(60), 40, 42, charging_capacity_ah=0.97), 40, 48.0)
    assert KIND not in kinds(judged(gap))


def test_it_ends_when_efficiency_is_back() -> None:
    found = judged(changed(healthy(60), 30, 36, charging_capacity_ah=1.01))
    assert [one.what for one in found] == ["begins", "ends"]
