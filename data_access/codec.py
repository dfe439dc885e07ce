"""Batches on the wire and in the stream: Arrow IPC, so that no row is ever touched by Python.

In a Batch a missing number is NaN; in Arrow it is null, so that minima, maxima and other readers stay right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from cycling.readings import COLUMNS, EMPTY, Array, Batch, is_text

KINDS: Mapping[str, Any] = {
    "string": pa.string(),
    "float64": pa.float64(),
    "float32": pa.float32(),
    "int32": pa.int32(),
    "int64": pa.int64(),
}
ZSTD = pa.Codec("zstd", 1)  # around the whole stream: of 48 rows most is schema; buffer by buffer saves little
REPEATING = ("channel", "test", "step_type", "channel_status")  # a few words many times over


def encode(batch: Batch) -> bytes:
    """The batch as an Arrow IPC stream packed with zstd; columns that hold nothing are left out."""
    table = to_arrow(batch, dictionaries=True)
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table)
    return bytes(ZSTD.compress(sink.getvalue()))


def decode_table(payload: bytes) -> Any:
    """The Arrow table of an encoded batch."""
    with pa.CompressedInputStream(pa.BufferReader(payload), "zstd") as stream:
        return ipc.open_stream(stream).read_all()


def decode(payload: bytes) -> Batch:
    """The batch that ``encode`` wrote."""
    return to_batch(decode_table(payload))


def to_arrow(batch: Batch, *, dictionaries: bool = False) -> Any:
    """The batch as a RecordBatch in the types of COLUMNS, extras as float64 or text."""
    arrays = {}
    for name, values in batch.columns.items():
        array = _array(name, values)
        if array.null_count < len(array) or not len(array):
            arrays[name] = array.dictionary_encode() if dictionaries and name in REPEATING else array
    if not arrays and len(batch):
        raise ValueError("A batch of readings without any value cannot be encoded.")
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


def to_batch(table: Any) -> Batch:
    """The batch of an Arrow table or RecordBatch; whatever is neither text nor a number becomes text."""
    if not table.num_rows:
        return EMPTY
    return Batch({name: _values(table.column(name)) for name in table.column_names})


def _array(name: str, values: Array) -> Any:
    if is_text(name, values):
        return pa.array(values, pa.string())
    kind = KINDS[COLUMNS[name].kind] if name in COLUMNS else pa.float64()
    numbers = np.asarray(values, dtype=np.float64)
    missing = np.isnan(numbers)
    if not missing.any():
        return pa.array(numbers.astype(kind.to_pandas_dtype()))
    if pa.types.is_integer(kind):
        numbers = np.where(missing, 0.0, numbers)
    return pa.array(numbers.astype(kind.to_pandas_dtype()), mask=missing)


def _values(column: Any) -> Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, pa.ChunkedArray):  # dictionaries of several chunks cannot be combined
        column = column.cast(pa.string()).combine_chunks()
    if pa.types.is_dictionary(column.type):
        words = np.array([*column.dictionary.to_pylist(), None], dtype=object)
        told: Array = words[column.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)]
        return told
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        numbers: Array = column.to_numpy(zero_copy_only=False).astype(np.float64)
        return numbers
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    texts: Array = column.to_numpy(zero_copy_only=False)
    return texts
