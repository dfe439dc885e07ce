"""Kinds of cycles: formation, check-ups and what becomes the new normal."""

from __future__ import annotations

from cycling.cycles import NAMES, RawCycle
from cycling.grading import Grades
from cycling.topology import TestFacts
from cycling.types import Cycle


def raw(number: int, *, discharged: float = 2.0, hours: float = 1.0) -> RawCycle:
    sums = dict.fromkeys(NAMES, 0.0) | {
        "charging_capacity_ah": discharged * 1.001,
        "discharging_capacity_ah": discharged,
        "charge_s": 7200.0,
        "discharge_s": hours * 3600,
    }
    return RawCycle(
        channel="a-01",
        test="T1",
        cycle_count=number,
        cycler_cycle_count=number,
        start=number * 1e4,
        end=number * 1e4 + 9e3,
        sums=sums,
        surface_min=24.0,
        surface_max=30.0,
    )


def graded(raws: list[RawCycle], facts: TestFacts | None = None) -> list[Cycle]:
    """The newest row of each cycle, in order."""
    grades, rows = Grades(), {}
    for one in raws:
        for cycle in grades.grade([one], {"T1": facts}.get, lambda _raw: False):
            rows[cycle.cycle_count] = cycle
    return [rows[number] for number in sorted(rows)]


def test_slow_first_cycles_turn_out_to_be_formation() -> None:
    kinds = [cycle.kind for cycle in graded([raw(n, hours=10.0 if n <= 3 else 1.0) for n in range(1, 9)])]
    assert kinds == ["formation"] * 3 + ["regular"] * 5


def test_formation_does_not_count_for_the_reference() -> None:
    rows = graded([raw(n, hours=10.0, discharged=3.0) for n in (1, 2, 3)] + [raw(n) for n in range(4, 20)])
    assert rows[-1].state_of_health == 1.0


def test_a_slow_cycle_among_regular_ones_is_a_check_up() -> None:
    kinds = [cycle.kind for cycle in graded([raw(n, hours=3.0 if n == 20 else 1.0) for n in range(1, 24)])]
    assert kinds.count("checkup") == 1
    assert kinds[19] == "checkup"


def test_a_lasting_change_of_current_becomes_the_new_normal() -> None:
    kinds = [cycle.kind for cycle in graded([raw(n, hours=1.0 if n < 20 else 2.0) for n in range(1, 40)])]
    assert kinds[-10:] == ["regular"] * 10


def test_health_against_the_first_check_up() -> None:
    facts = TestFacts(test="T1", end_of_life_reference="first-checkup")
    rows = graded(
        [raw(n, hours=3.0 if n == 15 else 1.0, discharged=2.2 if n == 15 else 1.1) for n in range(1, 20)], facts
    )
    assert rows[-1].state_of_health == 0.5


def test_what_was_learned_survives_a_save() -> None:
    first, second = Grades(), None
    for n in range(1, 14):
        first.grade([raw(n)], {}.get, lambda _raw: False)
    second = Grades(first.save())
    (cycle,) = second.grade([raw(14, discharged=1.0)], {}.get, lambda _raw: False)
    assert cycle.state_of_health == 0.5
    assert second.state_of_health("T1") == 0.5
