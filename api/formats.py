"""Tables on their way out, batch by batch: JSON, CSV, Parquet or an Arrow stream."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from flask import Response
from pyarrow import csv, ipc, parquet

from api.answers import to_json

TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def streamed(kind: str, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], what: str) -> Response:
    """A response that is written while it is read; ``what`` is the key of the rows in JSON."""
    writers: Mapping[str, Callable[[], Iterator[bytes]]] = {
        "json": lambda: _json(batches, what),
        "csv": lambda: _csv(schema, batches),
        "parquet": lambda: _written(lambda sink: parquet.ParquetWriter(sink, schema), batches),
        "arrow": lambda: _written(lambda sink: ipc.new_stream(sink, schema), batches),
    }
    response = Response(writers[kind](), mimetype=TYPES[kind])
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


def _written(open_writer: Callable[[Any], Any], batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    with open_writer(pa.PythonFile(sink, mode="w")) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


def _csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    clean = _without_nan(schema.empty_table())
    with csv.CSVWriter(pa.PythonFile(sink, mode="w"), clean.schema) as writer:
        yield sink.taken()
        for batch in batches:
            writer.write_table(_without_nan(pa.Table.from_batches([batch])))
            yield sink.taken()


def _json(batches: Iterable[pa.RecordBatch], what: str) -> Iterator[bytes]:
    yield f'{{"{what}":['.encode()
    comma = ""
    for batch in batches:
        rows = _without_nan(pa.Table.from_batches([batch])).to_pylist()
        if rows:
            yield (comma + ",\n".join(map(to_json, rows))).encode()
            comma = ",\n"
    yield b"]}"


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
