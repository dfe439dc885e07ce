"""Readings as they are sent, in JSON, CSV or Arrow, turned into columns; rows that are none are named."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from api.answers import Refused
from api.arrow_size import unpacked_size
from api.bodies import MOST_BYTES, TOO_LARGE, Repeated, parse_json, to_text
from cycling.readings import Array
from cycling.types import Rejection

MOST_COLUMNS = 256
MOST_ROWS = 1_000_000
TOO_MANY_ROWS = f"The body has more than {MOST_ROWS} rows; send it in parts."
TOO_MANY_COLUMNS = f"more than {MOST_COLUMNS} different columns in one request"


@dataclass(frozen=True, kw_only=True)
class SentRows:
    """Columns of the rows that could be read, the 0-based input row of each, and the rows that could not."""

    columns: Mapping[str, Sequence[Any] | Array]
    index: Sequence[int]
    rejected: tuple[Rejection, ...] = ()
    raw: Sequence[Any] | None = None  # every input row as it was sent, where that is at hand
    text_numbers: bool = False


def of_json(sent: bytes) -> SentRows:
    """The rows of ``{"readings": [{column: value, …}, …]}``."""
    content = parse_json(sent)
    rows = content.get("readings") if isinstance(content, dict) else None
    if not isinstance(rows, list) or isinstance(content, Repeated):
        raise Refused(400, 'Expected one JSON object {"readings": [{column: value, …}, …]}.')
    if len(rows) > MOST_ROWS:
        raise Refused(413, TOO_MANY_ROWS)
    names: dict[str, None] = {}
    index: list[int] = []
    rejected: list[Rejection] = []
    for place, row in enumerate(rows):
        trouble = _trouble_of(row, names)
        if trouble:
            rejected.append(Rejection(index=place, column=trouble[0], value=None, reason=trouble[1]))
        else:
            index.append(place)
    good = [rows[place] for place in index] if rejected else rows
    columns = {name: [row.get(name) for row in good] for name in names}
    return SentRows(columns=columns, index=index, rejected=tuple(rejected), raw=rows)


def _trouble_of(row: Any, names: dict[str, None]) -> tuple[str, str] | None:
    """Column and reason when the row cannot be read; the names of a good row join ``names``."""
    if type(row) is not dict:
        if isinstance(row, Repeated):
            return row.key, "the column is given twice in this row"
        return "", "expected an object {column: value, …}"
    if not row.keys() <= names.keys():
        if len(names.keys() | row.keys()) > MOST_COLUMNS:
            return next(name for name in row if name not in names), TOO_MANY_COLUMNS
        names.update(dict.fromkeys(row))
    return None


def of_csv(sent: bytes) -> SentRows:
    """The rows of comma-separated text with a header; an empty line is no row."""
    text = to_text(sent)
    lines = list(io.StringIO(text, newline=""))
    if len(lines) > MOST_ROWS:
        raise Refused(413, TOO_MANY_ROWS)
    records = list(_records(lines))
    header = records[0] if records else []
    if not header or isinstance(header, str):
        raise Refused(400, "The CSV has no readable header; expected the names of the columns in its first line.")
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, start=1)]
    if len(names) > MOST_COLUMNS:
        raise Refused(400, f"The CSV has {len(names)} columns; expected at most {MOST_COLUMNS}.")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    index: list[int] = []
    rejected: list[Rejection] = []
    for place, record in enumerate(records[1:]):
        trouble = _ragged(record, names) if twice is None else (twice, "the header names this column twice")
        if trouble:
            rejected.append(Rejection(index=place, column=trouble[0], value=None, reason=trouble[1]))
        else:
            index.append(place)
    good = [records[place + 1] for place in index]
    columns = dict(zip(names, map(list, zip(*good, strict=True)), strict=True)) if good else {}
    raw = [record if isinstance(record, str) else ",".join(record) for record in records[1:]]
    return SentRows(columns=columns, index=index, rejected=tuple(rejected), raw=raw, text_numbers=True)


def _ragged(record: list[str] | str, names: list[str]) -> tuple[str, str] | None:
    if isinstance(record, str):
        return "", "not readable as CSV: check its quotes"
    if len(record) == len(names):
        return None
    column = names[len(record)] if len(record) < len(names) else ""
    return column, f"{len(record)} fields, but the header has {len(names)}"


def _records(lines: list[str]) -> Iterator[list[str] | str]:
    """The fields of each record; a record whose quotes are broken comes as its line."""
    for strict in (
        False,
        True,
    ):  # a quote that is never closed would swallow every later row: then line by line
        records = list(_read(lines) if not strict else _read_each(lines))
        if strict or not _swallowed(records):
            yield from records
            return


def _read(lines: list[str]) -> Iterator[list[str] | str]:
    reader = csv.reader(lines, strict=True)
    while True:
        before = reader.line_num
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield "".join(lines[before : reader.line_num]).rstrip("\r\n")
            continue
        if record:
            yield record


def _read_each(lines: list[str]) -> Iterator[list[str] | str]:
    for line in lines:
        yield from _read([line])


def _swallowed(records: list[list[str] | str]) -> bool:
    return any(isinstance(record, str) and "\n" in record for record in records)


def of_arrow(sent: bytes) -> SentRows:
    """The rows of an Arrow IPC stream."""
    batches: list[Any] = []
    rows = 0
    try:
        if unpacked_size(sent) > MOST_BYTES:
            raise Refused(413, TOO_LARGE)
        reader = pa.ipc.open_stream(sent)
        if len(reader.schema.names) > MOST_COLUMNS:
            raise Refused(400, f"The stream has more than {MOST_COLUMNS} columns.")
        for batch in reader:
            batch.validate(full=True)
            rows += batch.num_rows  # a column of nulls takes no bytes, however long it is
            if rows > MOST_ROWS:
                raise Refused(413, TOO_MANY_ROWS)
            batches.append(batch)
        table = pa.Table.from_batches(batches, reader.schema)
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        raise Refused(400, f"The body is no Arrow IPC stream: {str(error)[:200]}.") from error
    names = table.column_names
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise Refused(400, f'The stream has the column "{twice}" twice.')
    try:
        columns = {name: _values(table.column(name)) for name in names}
    except (pa.ArrowException, ValueError, OverflowError, KeyError) as error:  # a time zone or a year nobody has
        raise Refused(400, f"The stream has values that cannot be read: {str(error)[:200]}.") from error
    return SentRows(columns=columns, index=range(table.num_rows))


def _values(column: pa.ChunkedArray) -> Sequence[Any] | Array:
    """Numbers as numpy, NaN where null; everything else as Python objects."""
    kind = column.type
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):  # as text, the way it stands in a CSV
        column = column.cast(pa.string())
    if pa.types.is_floating(column.type) or (pa.types.is_integer(kind) and not column.null_count):
        array: Array = column.to_numpy()
        return array
    listed: list[Any] = column.to_pylist()
    return listed
