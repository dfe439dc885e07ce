"""The gate between what was sent and a batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycling.readings import COLUMNS
from cycling.validation import Validated, validate

NOW = 1_763_800_000.0
GOOD: dict[str, Any] = {
    "channel": "arbin-1-07",
    "unix_time_second": NOW - 1,
    "voltage_volt": 3.7,
    "current_ampere": -1.0,
}


def check(*rows: dict[str, Any], lenient: bool = False, text_numbers: bool = False) -> Validated:
    """Validate good rows of which each says only what is different in it."""
    full = [{**GOOD, **row} for row in rows]
    names = dict.fromkeys(name for row in full for name in row)
    columns = {name: [row.get(name) for row in full] for name in names}
    return validate(columns, received=NOW, lenient=lenient, text_numbers=text_numbers)


def reason(**row: Any) -> str:
    """The reason for which a row is rejected that is good but for this."""
    (rejection,) = check(row).rejected
    assert rejection.column in row
    return rejection.reason


def test_a_good_row_is_accepted_as_it_is() -> None:
    result = check({"cycle_count": 3, "step_type": "CC_DCH", "test": "2017-05-12_CH07"})
    assert result.rejected == ()
    assert {name: values[0] for name, values in result.batch.columns.items()} == {
        **GOOD,
        "cycle_count": 3.0,
        "step_type": "CC_DCH",
        "test": "2017-05-12_CH07",
    }


@pytest.mark.parametrize("name", ["channel", "unix_time_second", "voltage_volt", "current_ampere"])
def test_a_row_without_a_required_value_is_rejected(name: str) -> None:
    assert reason(**{name: None}) == "missing, but required"


@pytest.mark.parametrize("name", ["channel", "unix_time_second", "voltage_volt", "current_ampere"])
def test_a_required_column_that_nobody_sent_rejects_every_row(name: str) -> None:
    columns = {key: [value, value] for key, value in GOOD.items() if key != name}
    result = validate(columns, received=NOW)
    assert len(result.batch) == 0
    assert [(r.index, r.column) for r in result.rejected] == [(0, name), (1, name)]


def test_a_recording_may_lack_voltage_and_current_but_not_its_channel() -> None:
    result = check({"voltage_volt": None}, {"current_ampere": None}, {"channel": None}, lenient=True)
    assert result.index.tolist() == [0, 1]
    assert math.isnan(result.batch.numbers("voltage_volt")[0])


@pytest.mark.parametrize(
    ("value", "word"),
    [("3.7", "text"), (True, "true or false"), ([3.7], "a list"), ({"v": 1}, "an object")],
)
def test_what_is_no_number_is_named_for_what_it_is(value: Any, word: str) -> None:
    assert reason(voltage_volt=value) == f"expected a number, not {word}"


def test_a_number_where_a_name_belongs_is_rejected() -> None:
    assert reason(channel=7) == "expected text, not a number"
    assert reason(test=7) == "expected text, not a number"


@pytest.mark.parametrize("value", [math.inf, -math.inf, 10**400])
def test_a_number_without_end_is_rejected_and_shown_in_words(value: Any) -> None:
    (rejection,) = check({"voltage_volt": value}).rejected
    assert rejection.reason == "not a finite number"
    assert isinstance(rejection.value, str)


def test_a_time_before_1970_or_more_than_a_day_ahead_is_rejected() -> None:
    assert reason(unix_time_second=-1) == "a time cannot be negative"
    assert reason(unix_time_second=NOW + 86_401).startswith("more than a day ahead")
    assert check({"unix_time_second": NOW + 86_399}).rejected == ()


def test_a_recording_is_not_judged_by_todays_clock() -> None:
    columns = {name: [value] for name, value in {**GOOD, "unix_time_second": 9e9}.items()}
    assert validate(columns, received=None).rejected == ()


@pytest.mark.parametrize("name", ["a b", "a/b", "", "x" * 65, "ä", "a\n", "<b>", 'x"y'])
def test_a_channel_name_is_kept_to_letters_that_are_safe_everywhere(name: str) -> None:
    assert len(check({"channel": name}).rejected) == 1


@pytest.mark.parametrize("name", ["a", "x" * 64, "Arbin.1_07-b", "-", ".."])
def test_every_name_of_the_contract_is_taken(name: str) -> None:
    assert check({"channel": name}).rejected == ()


def test_a_word_outside_the_vocabulary_is_rejected_with_what_is_allowed() -> None:
    assert "CC_CHG" in reason(step_type="CHARGE")
    assert "finished" in reason(channel_status="Finished")
    assert check({"step_type": "", "channel_status": None}).rejected == ()


def test_counters_are_whole_numbers_that_fit_their_type() -> None:
    assert reason(cycle_count=1.5) == "expected a whole number"
    assert reason(cycle_count=2**31) == "outside -2147483648 to 2147483648"
    assert reason(record_index=2**63) == reason(record_index=2**53) == f"outside {-(2**53)} to {2**53}"
    assert check({"cycle_count": 2**31 - 1, "record_index": 2**53 - 1, "step_id": -5.0}).rejected == ()


def test_a_voltage_the_archive_cannot_hold_is_rejected() -> None:
    assert reason(voltage_volt=1e300) == "too large for float32"
    assert reason(current_ampere=-1e39) == "too large for float32"


def test_temperatures_are_rounded_to_what_the_archive_keeps() -> None:
    (value,) = check({"surface_temperature_celsius": 25.1}).batch.numbers("surface_temperature_celsius")
    assert value == np.float32(25.1)
    assert reason(surface_temperature_celsius=1e39) == "too large for float32"


def test_a_resistance_of_0_was_not_measured() -> None:
    values = check({"internal_resistance_ohm": 0}, {"internal_resistance_ohm": 0.02}).batch
    assert math.isnan(values.numbers("internal_resistance_ohm")[0])


def test_a_missing_number_is_nan_and_a_missing_text_none() -> None:
    batch = check({"test": "", "cycle_count": None}, {"test": "t", "cycle_count": 1}).batch
    assert batch.texts("test").tolist() == [None, "t"]
    assert math.isnan(batch.numbers("cycle_count")[0])


def test_a_column_without_any_value_is_absent() -> None:
    assert "test_time_second" not in check({"test_time_second": None}).batch.columns


def test_only_the_first_trouble_of_a_row_is_told() -> None:
    result = check({"channel": "a/b", "voltage_volt": "x"})
    assert [(r.index, r.column) for r in result.rejected] == [(0, "channel")]


def test_other_columns_are_kept_under_their_own_name() -> None:
    batch = check({"Aux_Voltage(V)": 1.5, "operator": "Åsa", "flag": True}, {}).batch
    assert batch.columns["Aux_Voltage(V)"][0] == 1.5
    assert batch.columns["operator"].tolist() == ["Åsa", None]
    assert batch.columns["flag"][0] == 1.0


def test_another_column_of_numbers_and_text_is_kept_as_text() -> None:
    batch = check({"note": 1}, {"note": "x"}, {"note": {"a": [1]}}, {"note": 2**60}).batch
    assert batch.columns["note"].tolist() == ["1", "x", '{"a": [1]}', str(2**60)]


def test_an_unusable_column_name_rejects_the_rows_that_use_it() -> None:
    assert check({"": 1}, {"a\nb": 1}, {"\ud800": 1}, {"x" * 129: 1}, {}).index.tolist() == [4]


def test_broken_unicode_is_rejected_wherever_it_stands() -> None:
    assert check({"test": "\ud800"}, {"note": "\udfff"}, {"note": "fine"}).index.tolist() == [2]


def test_numbers_are_read_from_text_only_where_text_is_all_there_is() -> None:
    row = {
        **{name: str(value) for name, value in GOOD.items()},
        "cycle_count": " 3 ",
        "note": "007",
        "n": "7",
    }
    result = check(row, text_numbers=True)
    assert result.rejected == ()
    assert result.batch.numbers("cycle_count")[0] == 3.0
    assert result.batch.columns["note"][0] == "007"
    assert result.batch.columns["n"][0] == 7.0
    assert len(check(row).rejected) == 1


@pytest.mark.parametrize("text", ["1_000", "٣", "3,7", "0x10", "1e400", "Infinity"])
def test_text_that_only_python_would_read_as_a_number_is_rejected(text: str) -> None:
    assert len(check({"voltage_volt": text}, text_numbers=True).rejected) == 1


@pytest.mark.parametrize("text", ["", " ", "NaN", "null"])
def test_an_empty_field_is_a_missing_value(text: str) -> None:
    result = check({"cycle_count": text}, {"cycle_count": "1"}, text_numbers=True)
    assert math.isnan(result.batch.numbers("cycle_count")[0])


def test_numpy_columns_of_the_wrong_type_are_rejected_row_by_row() -> None:
    columns: dict[str, Any] = {name: np.array([value, value]) for name, value in GOOD.items()}
    assert validate(columns, received=NOW).rejected == ()
    for wrong in (np.array([True, False]), np.array(["a", "b"]), np.array([1, 2], dtype="datetime64[ns]")):
        assert len(validate({**columns, "voltage_volt": wrong}, received=NOW).rejected) == 2


def test_columns_of_different_lengths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="equally long"):
        validate({"channel": ["a"], "voltage_volt": [1.0, 2.0]}, received=NOW)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["CC_CHG", "running", "arbin-1-07", 3.7, 0, -1, 2**31, 1e300]),
)
ROWS = st.lists(st.dictionaries(st.sampled_from([*COLUMNS, "vendor", ""]), VALUES, max_size=6), min_size=1, max_size=8)


@given(ROWS, st.booleans(), st.booleans())
def test_every_row_is_either_accepted_or_rejected(
    rows: list[dict[str, Any]], lenient: bool, text_numbers: bool
) -> None:
    result = check(*rows, lenient=lenient, text_numbers=text_numbers)
    accepted, rejected = result.index.tolist(), [r.index for r in result.rejected]
    assert sorted(accepted + rejected) == list(range(len(rows)))
    assert accepted == sorted(accepted)
    assert rejected == sorted(rejected)
    assert len(result.batch) == len(accepted)
    assert all(r.reason for r in result.rejected)


@given(ROWS)
def test_a_rejected_row_changes_nothing_for_the_accepted_ones(rows: list[dict[str, Any]]) -> None:
    known = [{name: value for name, value in row.items() if name in COLUMNS} for row in rows]
    together = check(*known)
    for place, row in enumerate(together.index.tolist()):
        alone = check(known[row])
        assert alone.rejected == ()
        for name, values in alone.batch.columns.items():
            assert together.batch.columns[name][place] == values[0] or values[0] != values[0]
    for rejection in together.rejected:
        assert len(check(known[rejection.index]).rejected) == 1


@given(ROWS)
def test_what_was_accepted_is_accepted_again_unchanged(rows: list[dict[str, Any]]) -> None:
    batch = check(*rows).batch
    again = validate(batch.columns, received=NOW)
    assert again.rejected == ()
    for name, values in batch.columns.items():
        same = again.batch.columns[name] == values
        assert np.all(same | (values != values))
