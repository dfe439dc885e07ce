"""Batches come back from Arrow as they went in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cycling.readings import COLUMNS, Batch
from data_access import codec
from data_access.codec import decode, encode
from tests.data_access.builders import NOW, batch, seconds

TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
NUMBERS = {
    "float64": st.floats(allow_infinity=False),
    "float32": st.floats(allow_infinity=False, width=32),
    "int32": st.integers(-(2**31), 2**31 - 1) | st.just(float("nan")),
    "int64": st.integers(-(2**53), 2**53) | st.just(float("nan")),
}


@st.composite
def any_batch(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(1, 6))
    names = draw(st.sets(st.sampled_from([*COLUMNS, "Aux (V)", "note"])))
    columns = {}
    for name in {"channel", *names}:
        kind = COLUMNS[name].kind if name in COLUMNS else "string" if name == "note" else "float64"
        strategy = TEXT if kind == "string" else NUMBERS[kind]
        values = draw(st.lists(strategy, min_size=rows, max_size=rows))
        column = np.empty(rows, dtype=object if kind == "string" else np.float64)
        column[:] = [float(v) if kind != "string" else v for v in values]
        columns[name] = column
    columns["channel"] = np.array(["c"] * rows, dtype=object)
    return Batch(columns)


@given(any_batch())
def test_every_value_and_every_missing_value_survives_the_round_trip(sent: Batch) -> None:
    back = decode(encode(sent))
    for name in {*sent.columns, *back.columns}:
        if (COLUMNS[name].kind if name in COLUMNS else "string" if name == "note" else "") == "string":
            assert list(back.texts(name)) == list(sent.texts(name))
        else:
            np.testing.assert_array_equal(back.numbers(name), sent.numbers(name))


def test_missing_numbers_are_nulls_in_arrow_and_integers_stay_integers() -> None:
    table = codec.to_arrow(batch(seconds(2), cycle_count=[7, float("nan")]))
    assert table.column("cycle_count").to_pylist() == [7, None]
    assert table.schema.field("cycle_count").type == pa.int32()


def test_columns_that_hold_nothing_are_left_out() -> None:
    assert "step_type" not in decode(encode(batch(seconds(2), step_type=None))).columns


def test_batches_travel_packed() -> None:
    assert len(encode(batch(seconds(1000), record_index=range(1000)))) < 8 * 1000


def test_few_and_many_rows_travel_in_different_forms_and_come_back_alike() -> None:
    for rows in (1, codec.FEW - 1, codec.FEW, 1000):
        sent = batch(seconds(rows), test=["a", None] * (rows // 2) + ["b"] * (rows % 2), cycle_count=range(rows))
        back = decode(encode(sent))
        assert list(back.texts("test")) == list(sent.texts("test"))
        np.testing.assert_array_equal(back.numbers("cycle_count"), sent.numbers("cycle_count"))


def test_many_small_entries_become_one_table_for_each_schema() -> None:
    sent = [batch([NOW + n], **({"note": "x"} if n % 3 == 0 else {})) for n in range(9)]
    tables = codec.decode_tables(encode(one) for one in sent)
    assert sorted(table.num_rows for table in tables) == [3, 6]


def test_many_entries_at_once_hold_what_each_of_them_holds() -> None:
    sent = [
        batch(seconds(1 + n % 50, NOW + 100 * n), f"arbin-1-{n:04}", record_index=range(1 + n % 50)) for n in range(99)
    ]
    [table] = codec.decode_tables(encode(one) for one in sent)
    assert table.equals(pa.Table.from_batches([codec.to_arrow(one) for one in sent]).combine_chunks())


def test_batches_of_several_chunks_become_one() -> None:
    tables = codec.decode_tables(encode(batch(seconds(300), channel)) for channel in ("a", "b"))
    assert list(codec.to_batch(pa.concat_tables(tables)).texts("channel")) == ["a"] * 300 + ["b"] * 300
