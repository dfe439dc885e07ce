"""Which test a reading belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cycling.identity import CurrentTest, assign_tests, new_cell
from cycling.readings import Batch, concat

Row = dict[str, str | None]


def batch(rows: Sequence[Mapping[str, str | None]]) -> Batch:
    names = ("channel", "test", "cell", "channel_status")
    full = [{"channel": "c", **row} for row in rows]
    return Batch({name: np.array([row.get(name) for row in full], dtype=object) for name in names})


def named_by(*rows: Mapping[str, str | None], current: dict[str, CurrentTest] | None = None) -> list[str]:
    return list(assign_tests(batch(rows), current or {})[0].texts("test"))


def test_a_first_reading_without_a_test_gets_the_first_name() -> None:
    assert named_by({}, {}) == ["c-001", "c-001"]


def test_a_named_test_becomes_the_current_one() -> None:
    assert named_by({}, {"test": "run A"}, {}) == ["c-001", "run A", "run A"]


def test_another_cell_begins_another_test() -> None:
    assert named_by({"cell": "A"}, {}, {"cell": "B"}, {"cell": "B"}) == ["c-001", "c-001", "c-002", "c-002"]


def test_learning_the_cell_later_begins_no_other_test() -> None:
    assert named_by({}, {"cell": "A"}, {"cell": "A"}) == ["c-001"] * 3


def test_running_after_finished_begins_another_test_whatever_came_between() -> None:
    statuses = ["running", "finished", None, "idle", "running", "paused", "running"]
    names = named_by(*[{"channel_status": status} for status in statuses])
    assert names == ["c-001"] * 4 + ["c-002"] * 3


def test_a_status_that_merely_pauses_begins_no_other_test() -> None:
    statuses = ["running", "paused", "running", "stopped", "running", "error", "running"]
    assert set(named_by(*[{"channel_status": status} for status in statuses])) == {"c-001"}


def test_what_the_source_names_wins_over_counting_up() -> None:
    rows: list[Row] = [
        {"test": "A", "channel_status": "finished"},
        {"test": "A", "channel_status": "running"},
        {"channel_status": "running"},
    ]
    assert named_by(*rows) == ["A", "A", "A"]


def test_counting_never_takes_a_name_the_source_used() -> None:
    rows: list[Row] = [{"test": "c-004", "channel_status": "finished"}, {"channel_status": "running"}]
    assert named_by(*rows) == ["c-004", "c-005"]


def test_a_new_test_forgets_the_cell_of_the_earlier_one() -> None:
    rows: list[Row] = [
        {"cell": "A", "channel_status": "finished"},
        {"channel_status": "running"},
        {"cell": "B"},
    ]
    assert named_by(*rows) == ["c-001", "c-002", "c-002"]


def test_channels_do_not_touch_one_another() -> None:
    assert named_by({"channel": "a", "cell": "A"}, {"channel": "b", "cell": "B"}) == ["a-001", "b-001"]


def test_only_what_changed_is_told() -> None:
    current = {"c": CurrentTest(test="A", status="running")}
    assert assign_tests(batch([{}, {"channel_status": "running"}]), current)[1] == {}
    changed = assign_tests(batch([{"channel_status": "finished"}]), current)[1]
    assert changed == {"c": CurrentTest(test="A", status="finished")}


def test_a_cell_given_as_a_number_is_a_cell_all_the_same() -> None:
    rows = batch([{}, {}]).with_columns(cell=np.array([417.0, 418.0]))
    assert list(assign_tests(rows, {})[0].texts("test")) == ["c-001", "c-002"]


def test_a_person_who_puts_another_cell_on_a_channel_begins_another_test() -> None:
    before = CurrentTest(test="c-001", cell="A", status="running", number=1)
    assert new_cell("c", before, "A") == before
    assert new_cell("c", before, "B") == CurrentTest(test="c-002", cell="B", number=2)
    assert new_cell("c", None, "B") == CurrentTest(test="c-001", cell="B", number=1)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "channel": st.sampled_from(["a", "b"]),
            "test": st.sampled_from([None, None, "A", "a-003"]),
            "cell": st.sampled_from([None, None, "X", "Y"]),
            "channel_status": st.sampled_from([None, "running", "finished", "idle"]),
        }
    ),
    max_size=12,
)


@given(ROWS, st.integers(0, 12))
def test_however_the_rows_are_cut_the_tests_are_the_same(rows: list[Row], cut: int) -> None:
    whole, all_changes = assign_tests(batch(rows), {})
    first, changes = assign_tests(batch(rows[:cut]), {})
    second, more = assign_tests(batch(rows[cut:]), changes)
    assert list(concat([first, second]).texts("test")) == list(whole.texts("test"))
    assert {**changes, **more} == all_changes
