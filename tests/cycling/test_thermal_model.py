"""The expectations themselves: what they learn, and that no cut into batches changes a bit of them."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from cycling import heat_balance, step_history
from cycling.limits import limits_of
from cycling.memory import Memory, Turn
from cycling.readings import Batch
from cycling.rows import runs_of
from cycling.sight import sight_of
from cycling.thermal import Thermal
from tests.cycling.build import lab
from tests.cycling.warm_cell import cycles, rows_of, warm_cell


def thermal(batch: Batch, memory: Memory | None = None) -> Thermal:
    memory = memory or Memory()
    runs = runs_of(memory.places(batch.texts("channel").tolist()))
    turn = Turn(memory, runs, [batch.texts("channel")[0]], [batch.texts("test")[0]])
    unix = batch.numbers("unix_time_second")
    limits = limits_of(lab(), lambda _test: None, turn.channels, turn.tests, runs.of_row, unix)
    seen = sight_of(turn, batch, limits, 1.0)
    turn.close()
    return seen.thermal


def test_the_heat_balance_finds_what_made_the_data() -> None:
    kappa, joule, reversible, offset = 1 / 900, 0.004, -0.001, 0.0005
    sums, rise = [0.0] * heat_balance.SUMS, 0.0
    for minute in range(600):
        ampere = (2.0, 0.0, -3.0)[minute // 60 % 3]
        warmth = joule * ampere**2 + reversible * ampere + offset
        level = warmth / kappa
        after = level + (rise - level) * np.exp(-120 * kappa)
        mean = level + (rise - after) / (120 * kappa)
        heat_balance.add(sums, mean, ampere**2 * 120, ampere * 120, 120.0, after - rise, 1.0)
        rise = float(after)
    found = heat_balance.fit(sums)
    assert found == pytest.approx((kappa, joule, reversible, offset), rel=0.05, abs=2e-4)


def test_no_heat_balance_without_current() -> None:
    sums = [0.0] * heat_balance.SUMS
    for _ in range(50):
        heat_balance.add(sums, 0.1, 0.0, 0.0, 120.0, 0.01, 1.0)
    assert heat_balance.fit(sums) is None


@pytest.mark.parametrize("count", [0, 1, heat_balance.WORTH_ARRAYS - 1, heat_balance.WORTH_ARRAYS, 40])
def test_intervals_handed_in_together_add_to_the_last_bit_what_one_by_one_does(count: int) -> None:
    noise = np.random.default_rng(count)
    start = noise.normal(0, 1e3, heat_balance.SUMS).tolist()
    intervals = list(
        zip(*noise.normal(0, [[3.0], [500.0], [90.0], [120.0], [0.3], [10.0]], (6, count)).tolist(), strict=True)
    )
    one_by_one = list(start)
    for interval in intervals:
        heat_balance.add(one_by_one, *interval)
    assert heat_balance.added(start, intervals) == one_by_one
    for cut in (1, count // 2, count - 1):
        assert heat_balance.added(heat_balance.added(start, intervals[:cut]), intervals[cut:]) == one_by_one


def test_the_history_is_the_median_of_three_runs_and_the_oldest_step_makes_room() -> None:
    keys = np.full((step_history.KEYS, step_history.KEY_SIZE), np.nan)
    curves = np.full((step_history.KEYS, step_history.RUNS, len(step_history.KNOTS)), np.nan)
    key = (1.0, 2.0, 25.0, np.nan)
    for time, level in enumerate((1.0, 9.0, 3.0)):
        assert step_history.usual(keys, curves, step_history.find(keys, key, False)) == []
        place = step_history.find(keys, key, False)
        step_history.learn(keys, curves, place, key, [level] * len(step_history.KNOTS), float(time))
    place = step_history.find(keys, (1.0, 2.1, 26.0, np.nan), False)
    assert step_history.at(step_history.usual(keys, curves, place), 1000.0) == (3.0, 0.0)
    for ampere in (5.0, 7.0, 9.0, 11.0):
        step_history.learn(
            keys, curves, -1, (1.0, ampere, 25.0, np.nan), [1.0] * len(step_history.KNOTS), 10.0 + ampere
        )
    assert step_history.find(keys, key, False) == -1


@pytest.mark.parametrize("bare", [False, True], ids=["with steps", "bare"])
def test_both_expectations_follow_a_healthy_cell(bare: bool) -> None:
    seen = thermal(warm_cell(cycles(8), bare=bare))
    late = slice(len(seen.rise) // 2, None)
    assert not seen.learning[late].mean() > 0.1
    for residual in (seen.r_history[late], seen.r_model[late]):
        assert np.nanpercentile(np.abs(residual), 99) < 2.0
    assert np.nanmax(seen.unverified_minutes[late]) < 300


@pytest.mark.parametrize("every", [30.0, 77.0, 120.0])
def test_no_cut_and_no_restart_changes_a_bit(every: float) -> None:
    batch = warm_cell(cycles(6), every=every)
    holes = batch.numbers("surface_temperature_celsius").copy()
    holes[::41] = np.nan
    holes[rows_of(batch, "CC_DCH", 4)] = 26.0
    batch = batch.with_columns(surface_temperature_celsius=holes)
    whole = thermal(batch)
    edges = np.random.default_rng(4).integers(1, len(batch), 80).tolist()
    memory, parts = Memory(), []
    for begin, end in pairwise(sorted({0, *edges, *range(500, 560), len(batch)})):
        parts.append(thermal(batch.take(slice(begin, end)), memory))
        memory = Memory.restore(memory.save())
    for field in fields(Thermal):
        if field.name != "surroundings":
            pieces = np.concatenate([getattr(part, field.name) for part in parts])
            assert np.array_equal(pieces, getattr(whole, field.name), equal_nan=pieces.dtype == float), field.name
