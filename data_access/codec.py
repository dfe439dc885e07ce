"""Batches in the stream: Arrow, packed with zstd, so that no row is ever touched by Python.

A payload of many rows is an Arrow IPC stream whose words are said once, in dictionaries. In the few rows that a
cycler sends in a second most of such a stream would be the telling of schema and dictionaries, and most of the work
the reading of it. So those are two packed messages, the schema and one record batch, behind a mark and their
lengths: the batches of a thousand payloads with the same schema, one behind the other, are again one stream.

In a Batch a missing number is NaN; in Arrow it is null, so that minima, maxima and other readers stay right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
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
ZSTD = pa.Codec("zstd", 1)
MARK = b"\x02"  # of a payload of few rows; the other form begins with zstd's own mark
LENGTHS = struct.Struct("<II")  # of the packed schema, and of the record batch before it was packed
REPEATING = ("channel", "test", "step_type", "channel_status")  # a few words many times over
FEW = 600  # rows; from here on dictionaries save more than they cost


def encode(batch: Batch) -> bytes:
    """The batch as a payload; columns that hold nothing are left out."""
    rows = to_arrow(batch)
    if len(rows) < FEW:
        schema, body = _packed(rows.schema.serialize().to_pybytes()), rows.serialize()
        return MARK + LENGTHS.pack(len(schema), body.size) + schema + _packed_body(body)
    rows = _with_dictionaries(rows)
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return _packed_body(sink.getvalue())


def decode(payload: bytes) -> Batch:
    """The batch that ``encode`` wrote."""
    if not payload.startswith(MARK):
        return to_batch(_many(payload))
    schema, length, body = _few(payload)
    return to_batch(ipc.read_record_batch(ZSTD.decompress(body, length), _schema(schema)))


def decode_tables(payloads: Iterable[bytes]) -> list[Any]:
    """The rows of many payloads as Arrow tables: small ones together by schema, large ones (with dictionaries) each."""
    few: dict[bytes, tuple[list[bytes], list[int]]] = {}  # packed schema -> what makes a stream, and lengths unpacked
    found = []
    for payload in payloads:
        if payload.startswith(MARK):
            schema, length, body = _few(payload)
            if schema not in few:
                few[schema] = [schema], [_schema(schema).serialize().size]
            parts, lengths = few[schema]
            parts.append(body)
            lengths.append(length)
        else:
            found.append(_many(payload))
    return [_together(parts, sum(lengths)) for parts, lengths in few.values()] + found


def _together(parts: list[bytes], length: int) -> Any:
    """Packed messages, of so many bytes in all, as one table. zstd unpacks one behind the other in a single call."""
    return ipc.open_stream(ZSTD.decompress(b"".join(parts), length)).read_all().combine_chunks()


def _few(payload: bytes) -> tuple[bytes, int, bytes]:
    """The packed schema, the length of the record batch, and it packed."""
    start = len(MARK) + LENGTHS.size
    schema, length = LENGTHS.unpack(payload[len(MARK) : start])
    return payload[start : start + schema], length, payload[start + schema :]


@lru_cache(maxsize=1024)
def _schema(packed: bytes) -> Any:
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return ipc.read_schema(pa.py_buffer(stream.read()))


@lru_cache(maxsize=1024)
def _packed(schema: bytes) -> bytes:
    return _packed_body(schema)


def _packed_body(told: Any) -> bytes:
    return bytes(ZSTD.compress(told, asbytes=True))


def _many(payload: bytes) -> Any:
    with pa.CompressedInputStream(pa.BufferReader(payload), "zstd") as stream:
        return ipc.open_stream(stream).read_all()


def _with_dictionaries(rows: Any) -> Any:
    columns = zip(rows.schema.names, rows.columns, strict=True)
    return pa.record_batch({name: told.dictionary_encode() if name in REPEATING else told for name, told in columns})


def to_arrow(batch: Batch) -> Any:
    """The batch as a RecordBatch in the types of COLUMNS, extras as float64 or text."""
    arrays = {}
    for name, values in batch.columns.items():
        array = _array(name, values)
        if array.null_count < len(array) or not len(array):
            arrays[name] = array
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
