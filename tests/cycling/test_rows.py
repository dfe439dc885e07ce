"""Row arithmetic: however the rows are cut, the answer is the same to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cycling.rows import Runs, runs_of

floats = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
one_run = np.zeros(1)


def whole(length: int) -> Runs:
    return Runs(length, np.array([0]))


@given(floats, st.data())
def test_a_running_sum_does_not_depend_on_the_cut(values: list[float], data: st.DataObject) -> None:
    array = np.array(values)
    cut = data.draw(st.integers(0, len(values)))
    together = whole(len(array)).running_sum(array, one_run)
    parts, carry = [], one_run
    for piece in (array[:cut], array[cut:]):
        if len(piece):
            parts.append(whole(len(piece)).running_sum(piece, carry))
            carry = parts[-1][-1:]
    assert np.array_equal(together, np.concatenate(parts))


@given(floats)
def test_both_ways_to_sum_agree_to_the_last_bit(values: list[float]) -> None:
    array = np.array(values)
    short = Runs(len(array), np.arange(len(array)))  # one row per run: all at once
    one_by_one = np.array([whole(1).running_sum(array[k : k + 1], one_run)[0] for k in range(len(array))])
    assert np.array_equal(short.running_sum(array, np.zeros(len(array))), one_by_one)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(0, 5))
def test_count_says_how_many_in_a_row(flags: list[bool], carry: int) -> None:
    counted = whole(len(flags)).count(np.array(flags), np.array([float(carry)]))
    expected, run = [], carry
    for flag in flags:
        run = run + 1 if flag else 0
        expected.append(float(run))
    assert counted.tolist() == expected


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=60))
def test_last_where_is_the_newest_that_holds(rows: list[tuple[bool, int]]) -> None:
    flags = np.array([flag for flag, _ in rows])
    values = np.array([float(value) for _, value in rows])
    newest, last = [], -1.0
    for flag, value in rows:
        last = float(value) if flag else last
        newest.append(last)
    assert whole(len(rows)).last_where(flags, values, np.array([-1.0])).tolist() == newest


def test_runs_never_look_into_each_other() -> None:
    runs = runs_of(np.array([1, 1, 2, 2, 2]))
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert runs.previous(values, np.array([10.0, 20.0])).tolist() == [10, 1, 20, 3, 4]
    assert runs.count(np.ones(5, dtype=bool), np.array([5.0, 0.0])).tolist() == [6, 7, 1, 2, 3]
    assert runs.last_where(values > 2, values, np.array([-1.0, -2.0])).tolist() == [-1, -1, 3, 4, 5]
    assert runs.running_max(np.array([1.0, np.nan, 0.0, 7.0, 2.0]), np.array([0.5, 3.0])).tolist() == [1, 1, 3, 7, 7]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40), st.integers(1, 39))
def test_a_tally_is_the_same_however_the_rows_are_cut(rows: list[tuple[bool, bool]], cut: int) -> None:
    flag, counted = (np.array([row[n] for row in rows]) for n in (0, 1))
    whole = Runs(len(rows), np.array([0])).tally(flag, counted, np.zeros(1))
    expected, held = [], 0.0
    for on, counts in rows:
        held = held + counts if on else 0.0
        expected.append(held if on else 0.0)
    assert whole.tolist() == expected
    if cut < len(rows):
        first = Runs(cut, np.array([0])).tally(flag[:cut], counted[:cut], np.zeros(1))
        second = Runs(len(rows) - cut, np.array([0])).tally(flag[cut:], counted[cut:], first[-1:])
        assert [*first, *second] == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1))
def test_one_row_per_run_is_told_as_among_longer_runs(rows: list[tuple[bool, bool, float, float]]) -> None:
    flag, counted = (np.array([row[n] for row in rows]) for n in (0, 1))
    values, carry = (np.array([row[n] for row in rows]) for n in (2, 3))
    count = np.floor(np.abs(carry))
    single = Runs(len(rows), np.arange(len(rows)))
    longer = Runs(len(rows) + 2, np.arange(len(rows) + 1))  # the last has two rows

    def more(array: np.ndarray, by: int) -> np.ndarray:
        return np.concatenate([array, np.repeat(array[-1:], by)])

    f, c, v, known, number = more(flag, 2), more(counted, 2), more(values, 2), more(carry, 1), more(count, 1)
    both = (
        (single.previous(values, carry), longer.previous(v, known)),
        (single.last_where(flag, values, carry), longer.last_where(f, v, known)),
        (single.count(flag, count), longer.count(f, number)),
        (single.tally(flag, counted, count), longer.tally(f, c, number)),
        (single.running_sum(values, carry), longer.running_sum(v, known)),
        (single.running_max(values, carry), longer.running_max(v, known)),
    )
    for one, other in both:
        assert np.array_equal(one, other[: len(rows)])


def test_where_nothing_holds_every_run_keeps_what_it_carried() -> None:
    runs = Runs(7, np.array([0, 4]))
    never = np.zeros(7, dtype=bool)
    kept = runs.last_where(never, never, np.array([2.0, 5.0]))
    assert kept.dtype == np.float64
    assert kept.tolist() == [2.0] * 4 + [5.0] * 3
    assert runs.count(never, np.array([3.0, 1.0])).tolist() == [0.0] * 7


def test_long_runs_are_summed_each_from_what_it_carried() -> None:
    runs = Runs(11, np.array([0, 6]))  # the longer one first: nothing of it may be left in the other
    values = np.arange(11.0)
    expected = [*(100 + np.cumsum(values[:6])), *(-1 + np.cumsum(values[6:]))]
    assert runs.running_sum(values, np.array([100.0, -1.0])).tolist() == expected
