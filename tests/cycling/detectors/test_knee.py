"""Knees: told when the fade has quickened for good, not for even fades or dips."""

from __future__ import annotations

import pytest

from tests.cycling.build_cycles import cycle, healthy, judged, kinds, less


def bent(slope: float, knee: int, cycles: int = 400, before: float = 5e-5) -> list[float]:
    return [2.0 * (1 - before * n - slope * max(0, n - knee)) for n in range(1, cycles)]


@pytest.mark.parametrize("slope", [4e-4, 1e-3])
def test_it_is_found_within_fifty_cycles(slope: float) -> None:
    found = [one for one in judged([cycle(n + 1, q) for n, q in enumerate(bent(slope, 200))]) if one.what == "begins"]
    assert found[0].kind == "knee"
    assert cycle(200, 2.0).end_unix_time_second < found[0].at < cycle(250, 2.0).end_unix_time_second


@pytest.mark.parametrize("fade", [2e-5, 2e-4, 8e-4])
def test_an_even_fade_has_none(fade: float) -> None:
    assert "knee" not in kinds(judged([cycle(n, 2.0 * (1 - fade * n)) for n in range(1, 200)]))


def test_single_dips_tilt_nothing() -> None:
    cycles = healthy(200)
    for dip in (120, 133, 147, 160):
        cycles = less(cycles, 0.85, dip, dip + 1)
    assert "knee" not in kinds(judged(cycles))


def test_it_stays_open_while_the_cell_goes_on_fading() -> None:
    found = [one.what for one in judged([cycle(n + 1, q) for n, q in enumerate(bent(1e-3, 150))]) if one.kind == "knee"]
    assert found == ["begins"]


def test_a_cell_that_gained_at_first_and_fades_now_has_none() -> None:
    capacities = [2.0 - 0.002 * abs(n - 40) / 40 for n in range(1, 110)]
    assert "knee" not in kinds(judged([cycle(n + 1, q) for n, q in enumerate(capacities)]))
