"""The same reading is known again, whatever company it is sent in."""

from __future__ import annotations

import numpy as np

from cycling.readings import Batch
from data_access.fingerprints import fingerprints, without_repeats
from tests.data_access.builders import NOW, batch, seconds


def mark(**columns: object) -> bytes:
    return fingerprints(batch([NOW], **columns))[0]  # type: ignore[arg-type]


def test_an_absent_column_and_an_empty_one_are_the_same() -> None:
    nothing = {"step_type": None, "surface_temperature_celsius": float("nan"), "extra": float("nan")}
    assert mark(**nothing) == mark()


def test_zero_and_negative_zero_are_the_same() -> None:
    assert mark(current_ampere=-0.0) == mark(current_ampere=0.0)


def test_arrival_is_no_part_of_a_reading() -> None:
    assert mark(arrival_time_second=1.0) == mark(arrival_time_second=2.0)


def test_with_a_record_index_other_values_are_the_same_reading_said_differently() -> None:
    one, other = mark(record_index=5), mark(record_index=5, voltage_volt=3.8)
    assert one[:8] == other[:8]
    assert one[8:] != other[8:]


def test_without_a_record_index_other_values_are_another_reading() -> None:
    assert mark()[:8] != mark(voltage_volt=3.8)[:8]


def test_every_part_of_the_key_counts() -> None:
    base = {"record_index": 5}
    others = [{"record_index": 6}, {**base, "test": "t"}, {**base, "channel": "arbin-1-02"}]
    assert len({mark(**base)[:8], *(mark(**other)[:8] for other in others)}) == 4


def test_extra_columns_count() -> None:
    assert mark(note="a") != mark(note="b")
    assert mark(aux=1.0) != mark(aux=2.0)


def test_a_row_has_the_same_fingerprint_alone_and_among_others() -> None:
    rows = batch(seconds(3), surface_temperature_celsius=[1.0, np.nan, 3.0], note=["x", None, "z"])
    alone = [fingerprints(rows.take(slice(row, row + 1)))[0] for row in range(3)]
    assert fingerprints(rows) == alone


def test_an_extra_number_is_the_same_when_a_text_makes_its_column_text() -> None:
    assert mark(aux="1") == mark(aux="1.0") == mark(aux=1.0)
    assert mark(aux="true") == mark(aux=1.0)
    assert len({mark(aux=said) for said in ("1", "01", "one", "9007199254740993", "9007199254740992")}) == 5


def test_what_a_batch_says_twice_is_sorted_out() -> None:
    rows = batch([NOW] * 4, record_index=[1, 1, 1, 2], voltage_volt=[3.0, 3.0, 3.1, 3.0])
    told = without_repeats(fingerprints(rows))
    assert (told.rows.tolist(), told.duplicates, told.conflicts) == ([0, 3], 1, [2])


def test_no_rows_have_no_fingerprints() -> None:
    assert fingerprints(Batch({})) == []
