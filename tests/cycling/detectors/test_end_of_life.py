"""End of life as the test itself defines it."""

from __future__ import annotations

from dataclasses import replace

from cycling.topology import TestFacts
from cycling.types import Cycle
from tests.cycling.build_cycles import changed, cycle, judged, less


def fading(reference: float = 2.0) -> list[Cycle]:
    return [cycle(n, 2.0 - 0.004 * n, state_of_health=(2.0 - 0.004 * n) / reference) for n in range(1, 160)]


def crossed(cycles: list[Cycle], **facts: object) -> list[tuple[float, str]]:
    found = judged(cycles, facts={"T1": TestFacts(test="T1", **facts)})  # type: ignore[arg-type]
    return [(one.at, one.what) for one in found if one.kind == "end-of-life"]


def test_the_median_of_three_cycles_crosses_eighty_percent() -> None:
    assert crossed(fading()) == [(cycle(101, 2.0).end_unix_time_second, "begins")]


def test_the_fraction_of_the_test_counts() -> None:
    assert crossed(fading(), end_of_life_fraction=0.9) == [(cycle(51, 2.0).end_unix_time_second, "begins")]


def test_one_low_cycle_is_not_the_end() -> None:
    steady = [cycle(n, 1.9) for n in range(1, 80)]
    assert crossed(less(steady, 0.8, 40, 41)) == []


def test_a_fast_cycle_of_a_rate_test_is_not_the_end() -> None:
    steady = [cycle(n, 1.9) for n in range(1, 80)]
    fast = changed(less(steady, 0.5, 40, 45), 40, 45, kind="checkup", discharge_duration_second=0.3)
    for reference in ("initial", "nominal"):
        assert crossed(fast, end_of_life_reference=reference) == []


def test_one_check_up_is_enough_where_check_ups_are_the_reference() -> None:
    cycles = []
    for one in fading(reference=2.1):
        slow = one.cycle_count % 25 == 0
        share = 2.1 / 2.0 if slow else 1.0
        duration = one.discharge_duration_second * (3 if slow else 1)
        (kept,) = less([one], share, 0)
        cycles.append(replace(kept, kind="checkup" if slow else "regular", discharge_duration_second=duration))
    found = crossed(cycles, end_of_life_reference="first-checkup")
    assert found == [(cycle(100, 2.0).end_unix_time_second, "begins")]


def test_a_rest_that_gives_a_little_back_does_not_end_it() -> None:
    rested = less(fading(), 1.02, 110, 115)
    assert [what for _at, what in crossed(rested)] == ["begins"]
