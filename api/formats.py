"""Tables on their way out, a few thousand rows at a time: JSON, CSV, Parquet or an Arrow stream."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from flask import Response
from pyarrow import csv, ipc, parquet

TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
ROWS_OF_TEXT = 4096  # at once: a row of text is half a kilobyte, and several copies of it


def streamed(kind: str, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], what: str) -> Response:
    """A response that is written while it is read; ``what`` is the key of the rows in JSON.

    The first rows are read before the response begins, so that a store that is away is still told as an error. When
    the client goes away, what reads the rows is closed.
    """
    writers: Mapping[str, Callable[[Iterable[pa.RecordBatch]], Iterator[bytes]]] = {
        "json": lambda rows: _json(rows, what),
        "csv": lambda rows: _csv(schema, rows),
        "parquet": lambda rows: _written(lambda sink: _parquet_writer(sink, schema), rows),
        "arrow": lambda rows: _written(lambda sink: ipc.new_stream(sink, schema), rows),
    }
    source = iter(batches)
    first = next(source, None)
    started = chain([] if first is None else [first], source)
    response = Response(_Body(source, writers[kind](started)), mimetype=TYPES[kind])
    if kind != "json":
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".") or "test"
        response.headers["Content-Disposition"] = f'attachment; filename="{safe}.{what}.{kind}"'
    return response


class _Sink(io.RawIOBase):
    """A file that forgets what was taken from it, so that a table never stands in memory as a whole."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        self.written += len(self.parts[-1])
        return len(self.parts[-1])

    def tell(self) -> int:
        return self.written

    def taken(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


class _Body:
    """What a response is made of, together with the reading that feeds it. A generator that was never begun runs no
    ``finally``, so the web server's ``close`` is handed to both."""

    def __init__(self, source: Iterator[Any], written: Iterator[bytes]) -> None:
        self._source, self._written = source, written

    def __iter__(self) -> Iterator[bytes]:
        return self._written

    def close(self) -> None:
        for part in (self._written, self._source):
            if isinstance(part, Generator):
                part.close()


def _written(open_writer: Callable[[Any], Any], batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    with open_writer(pa.PythonFile(sink, mode="w")) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


def _parquet_writer(sink: Any, schema: pa.Schema) -> Any:
    """Words as dictionaries, numbers as they are: zstd finds more in them so, and sooner."""
    words = [field.name for field in schema if not pa.types.is_floating(field.type)]
    split = [field.name for field in schema if field.type == pa.float32()]
    return parquet.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=words,
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )


def _csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    clean = _without_nan(schema.empty_table())
    with csv.CSVWriter(pa.PythonFile(sink, mode="w"), clean.schema) as writer:
        yield sink.taken()
        for few in _few(batches):
            writer.write_table(_without_nan(few))
            yield sink.taken()


def _json(batches: Iterable[pa.RecordBatch], what: str) -> Iterator[bytes]:
    yield f'{{"{what}":['.encode()
    comma = b""
    for few in _few(batches):
        yield comma
        yield _rows_as_json(few)
        comma = b",\n"
    yield b"]}"


def _few(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_OF_TEXT):
            yield pa.Table.from_batches([batch.slice(start, ROWS_OF_TEXT)])


def _rows_as_json(table: pa.Table) -> bytes:
    """The rows as JSON objects, put together column by column: no row is touched by Python."""
    parts: list[Any] = []
    for place, field in enumerate(table.schema):
        parts += [("," if place else "{") + json.dumps(field.name) + ":", _as_json(table.column(place))]
    rows = pc.binary_join_element_wise(*parts, "}", "").combine_chunks()
    together = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
    told: bytes = pc.binary_join(together, ",\n")[0].as_buffer().to_pybytes()
    return told


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Every value as JSON says it, null for a missing one."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
    elif not pa.types.is_integer(column.type):
        words = pc.dictionary_encode(column.cast(pa.string())).unify_dictionaries()
        said = [[json.dumps(word) for word in chunk.dictionary.to_pylist()] for chunk in words.chunks]
        column = pa.chunked_array(
            [pa.array(told, pa.string()).take(chunk.indices) for told, chunk in zip(said, words.chunks, strict=True)],
            pa.string(),
        )
    return pc.fill_null(column.cast(pa.string()), "null")


def _without_nan(table: pa.Table) -> pa.Table:
    """Null for NaN, and 25.1 for what float32 makes of it: not more digits than were measured."""
    for place, field in enumerate(table.schema):
        if not pa.types.is_floating(field.type):
            continue
        column = table.column(place)
        column = pc.if_else(pc.is_nan(column), None, column)
        if field.type == pa.float32():
            column = column.cast(pa.string()).cast(pa.float64())
        table = table.set_column(place, field.name, column)
    return table
