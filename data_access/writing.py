"""New data files: written row group by row group, counted, and on disk before anybody commits them.

Sorted readings change slowly from row to row, so their bytes are stored place by place (BYTE_STREAM_SPLIT, whole
numbers as differences); only measured values that repeat much are smaller as a dictionary.
"""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from data_access import object_store
from data_access.data_files import DataFile

ROW_GROUP = 131_072
FRESH = "part-"  # begins the names of files that were not rewritten yet
FEW_VALUES = 8192  # different float32 in a row group: below, their numbers in a dictionary are smaller


class DataFileWriter:
    """One data file in the making. Nobody knows of it until it is committed."""

    def __init__(self, url: str, prefix: str, partition: Mapping[str, Any], pruned_by: Sequence[str]) -> None:
        self.partition, self.pruned_by = dict(partition), pruned_by
        folder = "".join(f"{name}={quote(str(value), safe='')}/" for name, value in partition.items())
        self.path = f"{folder}{prefix}{uuid.uuid4()}.parquet"
        self.store, root = object_store.filesystem_of(url)
        self.place = f"{root}/{self.path}"
        self.local = None if object_store.is_remote(url) else Path(self.place)
        self.rows = 0
        self._waiting: list[Any] = []
        self._writer: Any = None
        self._sink: Any = None
        self._seen: dict[str, tuple[Any, Any, int]] = {}

    @property
    def written(self) -> int:
        """About how many bytes are in the file so far."""
        return 0 if self._sink is None else int(self._sink.tell())

    def add(self, table: Any) -> None:
        """Takes rows; whole row groups are written at once."""
        self._waiting.append(table)
        if sum(len(part) for part in self._waiting) >= ROW_GROUP:
            rows = pa.concat_tables(self._waiting)
            whole = len(rows) - len(rows) % ROW_GROUP
            for start in range(0, whole, ROW_GROUP):
                self._write(rows.slice(start, ROW_GROUP))
            self._waiting = [rows.slice(whole)]

    def close(self, now: float) -> DataFile:
        """Ends the file and sees that it is on disk."""
        if rest := [part for part in self._waiting if len(part)]:
            self._write(pa.concat_tables(rest))
        self._waiting = []
        self._writer.close()
        size = self.written
        self._sink.close()
        if self.local is not None:
            for path in (self.local, self.local.parent, self.local.parent.parent):
                _to_disk(path)
        least, most, nulls = ({name: seen[at] for name, seen in self._seen.items()} for at in range(3))
        return DataFile(
            path=self.path,
            size=size,
            rows=self.rows,
            modified=now,
            partition=self.partition,
            least={name: value for name, value in least.items() if _can_be_said(value)},
            most={name: value for name, value in most.items() if _can_be_said(value)},
            nulls=nulls,
        )

    def discard(self) -> None:
        """Takes the file away again, whether it was ended or not."""
        if self._sink is None:
            return
        with suppress(OSError, pa.ArrowException):  # on a full disk it cannot be ended, and need not be
            self._writer.close()
            self._sink.close()
        self._sink = None
        self.store.delete_file(self.place)

    def _write(self, rows: Any) -> None:
        rows = rows.combine_chunks()
        if self._writer is None:
            self._open(rows)
        self._writer.write_table(rows, row_group_size=ROW_GROUP)
        self.rows += len(rows)
        for name in self.pruned_by:
            if name in rows.column_names:
                self._seen[name] = _wider(self._seen.get(name), rows.column(name))

    def _open(self, rows: Any) -> None:
        if self.local is not None:
            self.local.parent.mkdir(parents=True, exist_ok=True)
        self._sink = self.store.open_output_stream(self.place)
        dictionaries, encodings = encodings_of(rows)
        self._writer = parquet.ParquetWriter(
            self._sink,
            rows.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=dictionaries or False,
            column_encoding=encodings or None,
        )


def write_rows(url: str, rows: Any, partition: str, pruned_by: Sequence[str], now: float) -> list[DataFile]:
    """Writes the rows of an Arrow table, a file for each value of the partition's column, and says which."""
    values = rows.column(partition)
    plain = rows.drop_columns([partition])
    parts = pc.unique(values).to_pylist()
    found = []
    for value in parts:
        writer = DataFileWriter(url, FRESH, {partition: value}, pruned_by)
        writer.add(plain if len(parts) == 1 else plain.filter(pc.equal(values, value)))
        found.append(writer.close(now))
    return found


def discard(url: str, files: Sequence[DataFile]) -> None:
    """Takes files away again that nobody has committed, nor tried to."""
    store, root = object_store.filesystem_of(url)
    for file in files:
        store.delete_file(f"{root}/{file.path}")


def encodings_of(rows: Any) -> tuple[list[str], dict[str, str]]:
    """The columns that are best stored as dictionaries, and the encodings of the others."""
    dictionaries, encodings = list[str](), dict[str, str]()
    for field in rows.schema:
        values = rows.column(field.name)
        if pa.types.is_integer(field.type):
            encodings[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_float64(field.type) or (
            pa.types.is_float32(field.type) and pc.count_distinct(values).as_py() > FEW_VALUES
        ):
            encodings[field.name] = "BYTE_STREAM_SPLIT"
        else:
            dictionaries.append(field.name)
    return dictionaries, encodings


def _can_be_said(value: Any) -> bool:
    """JSON has no words for what is no number."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _wider(seen: tuple[Any, Any, int] | None, column: Any) -> tuple[Any, Any, int]:
    found = pc.min_max(column).as_py()
    least, most, nulls = found["min"], found["max"], column.null_count
    if seen is not None:
        least = min((value for value in (seen[0], least) if value is not None), default=None)
        most = max((value for value in (seen[1], most) if value is not None), default=None)
        nulls += seen[2]
    return least, most, nulls


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
