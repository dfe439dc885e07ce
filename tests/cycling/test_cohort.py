"""Cohorts as properties: what a band holds, which tests get a name, what a line keeps when it is thinned."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.cohort import LAYER_POINTS, LEAST, MOST_NAMED, MOST_ODD, PERCENTS, cohort, percentiles, thinned
from tests.cycling.build_lives import lives

RANDOM = np.random.default_rng(7)


def scattered(tests: int, cycles: int) -> dict[str, list[float]]:
    """Tests that fade at their own pace with noise; every third ends early."""
    pace = RANDOM.uniform(0.02, 0.06, tests)
    ends = [cycles // 2 if n % 3 == 0 else cycles for n in range(tests)]
    return {
        f"t-{n:04d}": list(100 - pace[n] * np.arange(ends[n]) + RANDOM.normal(0, 0.3, ends[n])) for n in range(tests)
    }


def test_percentiles_are_those_of_numpy_whatever_is_missing() -> None:
    table = RANDOM.normal(90, 5, (57, 40))
    table[RANDOM.random(table.shape) < 0.3] = np.nan
    found, count = percentiles(table, PERCENTS)
    assert np.allclose(found, np.nanpercentile(table, PERCENTS, axis=0))
    assert list(count) == list(np.isfinite(table).sum(axis=0))


def test_percentiles_of_nothing_are_nothing() -> None:
    for table in (np.full((3, 2), np.nan), np.empty((0, 2))):
        found, count = percentiles(table, PERCENTS)
        assert np.isnan(found).all()
        assert list(count) == [0, 0]


@pytest.mark.parametrize("axis", ["cycle", "throughput", "time"])
def test_a_band_holds_its_share_of_the_tests_and_the_median_lies_inside(axis: str) -> None:
    told = scattered(100, 120)
    shown = cohort(lives(told), {}, axis=axis)
    band = shown.groups[0].bands["fade"]
    assert (np.diff(band.values, axis=0) >= 0).all()
    low, lower, median, upper, high = band.values
    if axis == "cycle":
        for place, at in ((band.places[n], n) for n in (10, 50, 100)):
            values = np.array([row[int(place) - 1] for row in told.values() if len(row) >= place])
            assert np.mean((values >= low[at]) & (values <= high[at])) == pytest.approx(0.9, abs=0.03)
            assert np.mean((values >= lower[at]) & (values <= upper[at])) == pytest.approx(0.5, abs=0.03)
            assert median[at] == pytest.approx(np.median(values))
            assert band.count[at] == len(values)


def test_a_band_ends_where_too_few_tests_are_left() -> None:
    told = {f"t-{n}": [100.0] * (20 if n < LEAST - 1 else 10) for n in range(8)}
    assert cohort(lives(told), {}).groups[0].bands["fade"].places[-1] == 10


def test_many_cycles_are_taken_together_and_nobody_is_lost() -> None:
    shown = cohort(lives({f"t-{n}": [90.0 + n] * 2000 for n in range(5)}), {})
    band = shown.groups[0].bands["fade"]
    assert len(band.places) == 500
    assert (band.values[2] == 92.0).all()


def test_tests_of_two_protocols_are_two_groups() -> None:
    told = {f"t-{n}": [100.0 - n % 2 * 10] * 5 for n in range(8)}
    shown = cohort(lives(told), {test: "slow" if n % 2 else "fast" for n, test in enumerate(sorted(told))})
    assert [(group.name, group.tests) for group in shown.groups] == [("fast", 4), ("slow", 4)]
    assert [group.bands["fade"].values[2][0] for group in shown.groups] == [100.0, 90.0]


def test_of_a_few_tests_all_are_named_and_of_many_the_odd_and_the_chosen() -> None:
    few, many = scattered(MOST_NAMED, 10), scattered(200, 60)
    assert len(cohort(lives(few), {}).lines) == MOST_NAMED
    many["t-0150"] = [value - 25 for value in many["t-0150"]]
    shown = cohort(lives(many), {}, named=["t-0003"])
    assert [line.test for line in shown.lines][:2] == ["t-0003", "t-0150"]
    assert len(shown.lines) == 1 + MOST_ODD
    everyone = cohort(lives(many), {}, named=sorted(many))
    assert len(everyone.lines) == MOST_NAMED


def test_the_layer_of_all_cells_is_there_only_when_asked_for_and_is_thin() -> None:
    told = lives(scattered(30, 300))
    assert cohort(told, {}).layer == ()
    layer = cohort(told, {}, all_cells=True).layer
    assert [test for test, _, _ in layer] == list(told.tests)
    assert max(len(x) for _, x, _ in layer) <= LAYER_POINTS


def test_a_thinned_line_keeps_its_ends_and_a_single_bad_cycle() -> None:
    x = np.arange(1.0, 1001.0)
    y = 100 - 0.02 * x
    y[613] = 12.0
    y[5] = np.nan
    places, values = thinned(x, y, 40)
    assert len(places) <= 40
    assert (places[0], places[-1]) == (1.0, 1000.0)
    assert values.min() == 12.0


def test_a_cohort_without_cycles_is_empty() -> None:
    shown = cohort(lives({}), {})
    assert (shown.groups, shown.lines, shown.layer) == ((), (), ())
    blank = cohort(lives({"a": [float("nan")] * 3}), {})
    assert len(blank.lines[0].points["fade"][0]) == 0
