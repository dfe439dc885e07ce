"""What shows only beside other cells: laggards, batches that shift at once, channels out of calibration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cycling.topology import TestFacts
from cycling.types import Cycle
from tests.cycling.build_cycles import changed, cohort, healthy, judged, kinds, later, less

LIVES, FACTS = cohort(6, 90)


def slower(share: float) -> list[Cycle]:
    return [one for each in LIVES[0] for one in less([each], 1 - share * each.cycle_count, each.cycle_count)]


def test_a_cell_that_fades_faster_than_five_others_is_a_laggard() -> None:
    found = judged(slower(0.0005), *LIVES[1:], facts=FACTS)
    assert [(one.kind, one.channel) for one in found if one.kind == "laggard"] == [("laggard", "a-01")]


def test_four_others_are_too_few_and_other_batches_are_no_replicates() -> None:
    assert "laggard" not in kinds(judged(slower(0.0005), *LIVES[2:], facts=FACTS))
    strangers = {name: replace(fact, batch=name) for name, fact in FACTS.items()}
    assert judged(slower(0.0005), *LIVES[1:], facts=strangers) == []
    assert judged(slower(0.0005), *LIVES[1:]) == []


def test_a_laggard_is_compared_at_equal_cycles_also_when_it_started_later() -> None:
    late = [
        replace(
            one,
            start_unix_time_second=one.start_unix_time_second + 1e6,
            end_unix_time_second=one.end_unix_time_second + 1e6,
        )
        for one in slower(0.0005)
    ]
    assert kinds(judged(late, *LIVES[1:], facts=FACTS)) == ["laggard"]


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_three_cells_of_a_batch_that_step_at_once_are_one_alert_of_the_batch(share: float) -> None:
    tests = [less(one, share, 50 + n) if n < 3 else one for n, one in enumerate(LIVES)]
    found = [one for one in judged(*tests, facts=FACTS) if one.kind == "batch-shift"]
    assert found[0].what == "begins"
    assert found[0].scope == "batch:B7"
    assert found[0].channels == ("a-01", "a-03", "b-02")
    assert [one.what for one in found].count("begins") == 1


def test_a_fourth_cell_widens_the_alert() -> None:
    tests = [less(one, 0.99, 50 + n) if n < 4 else one for n, one in enumerate(LIVES)]
    found = [one for one in judged(*tests, facts=FACTS) if one.kind == "batch-shift"]
    assert [one.what for one in found][:2] == ["begins", "worsens"]
    assert len(found[1].channels) == 4


def test_it_ends_when_nobody_has_stepped_for_long() -> None:
    tests = [less(one, 0.99, 45) if n < 3 else one for n, one in enumerate(LIVES)]
    assert [one.what for one in judged(*tests, facts=FACTS) if one.kind == "batch-shift"] == ["begins", "ends"]


def test_cells_of_one_cycler_two_cells_or_opposite_steps_are_no_batch_shift() -> None:
    lives, facts = cohort(6, 70, cyclers=1)
    one_cycler = [less(one, 1.01, 50) if n < 3 else one for n, one in enumerate(lives)]
    two_cells = [less(one, 1.01, 50) if n < 2 else one for n, one in enumerate(LIVES)]
    opposite = [less(one, 1.01 if n % 2 else 0.99, 50) if n < 4 else one for n, one in enumerate(LIVES)]
    apart = [less(one, 1.01, 40 + 10 * n) if n < 3 else one for n, one in enumerate(LIVES)]
    for tests, known in ((one_cycler, facts), (two_cells, FACTS), (opposite, FACTS), (apart, FACTS)):
        assert "batch-shift" not in kinds(judged(*tests, facts=known))


def test_cells_resumed_together_at_different_cycles_with_more_capacity_are_one_batch_shift() -> None:
    tests = [later(less(one[n:], 1.015, 45), 45, 400.0) if n < 5 else one for n, one in enumerate(LIVES)]
    found = judged(*tests, facts=FACTS)
    shift = next(one for one in found if one.kind == "batch-shift")
    assert shift.words is not None
    assert shift.words.evidence["resumed"]


def test_a_capacity_rise_on_counters_that_start_again_is_named_for_each_cell() -> None:
    cycles = [
        replace(one, cycler_cycle_count=one.cycle_count - 40.0) if one.cycle_count > 40 else one
        for one in less(healthy(80), 1.02, 41)
    ]
    found = [one for one in judged(cycles) if one.kind == "calibration-suspect"]
    assert [(one.what, one.severity.value) for one in found][:2] == [("begins", "P4"), ("worsens", "P3")]
    assert found[0].words is not None
    assert "where the test was resumed" in found[0].words.message


def test_what_a_rest_gives_back_and_loses_again_is_for_the_log() -> None:
    cycles = later(healthy(80), 41, 200.0)
    for n in range(41, 60):
        cycles = less(cycles, 1 + 0.03 * 0.7 ** (n - 41), n, n + 1)
    found = [one for one in judged(cycles) if one.kind == "calibration-suspect"]
    assert {one.severity.value for one in found} <= {"P4"}


def test_an_efficiency_beside_all_others_is_a_calibration() -> None:
    off = changed(LIVES[0], 1, charging_capacity_ah=1.004)
    assert kinds(judged(off, *LIVES[1:], facts=FACTS)) == ["calibration-suspect"]
    assert kinds(judged(off, *LIVES[1:4], facts=FACTS)) == []  # three others are too few


def test_more_out_than_in_for_twenty_cycles_is_a_calibration_without_any_others() -> None:
    found = kinds(judged(changed(healthy(60), 1, charging_capacity_ah=0.996)))
    assert found == ["calibration-suspect"]


def test_a_batch_in_which_all_are_alike_off_is_nobodys_calibration() -> None:
    alike = [changed(one, 1, charging_capacity_ah=1.004) for one in LIVES]
    assert judged(*alike, facts={name: TestFacts(test=name, batch="B7") for name in FACTS}) == []
