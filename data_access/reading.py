"""Reading the archive: DuckDB over the pruned list of a table's files, with the live tail beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import dataset, fs

from data_access.errors import StoreAway

SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,  # nothing is fetched from the network
    "autoload_known_extensions": False,
    "memory_limit": "2GB",
}
ROWS_PER_BATCH = 65_536


class Reader:
    """One DuckDB for the whole process; every query has a cursor of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: Any = None

    def table(self, query: str, values: Sequence[Any], files: Sequence[str], tail: Any = None) -> Any:
        """The answer of a query over ``files`` and ``tail``, as one Arrow table."""
        return pa.Table.from_batches(*_all(self.batches(query, values, files, tail)))

    def batches(self, query: str, values: Sequence[Any], files: Sequence[str], tail: Any = None) -> Any:
        """The same as an iterator of RecordBatches, with its schema first."""
        cursor = self._cursor()
        try:
            source = self._source(cursor, files, tail)
            found = cursor.sql(query.format(rows=source), params=list(values))
            reader = found.to_arrow_reader(ROWS_PER_BATCH)
        except duckdb.IOException as error:
            raise StoreAway(f"The archive's files cannot be read: {error}.") from error
        return reader.schema, _closing(cursor, reader)

    def _cursor(self) -> Any:
        with self._lock:
            if self._database is None:
                self._database = duckdb.connect(":memory:", config=SETTINGS)
            return self._database.cursor()

    def _source(self, cursor: Any, files: Sequence[str], tail: Any) -> str:
        parts = []
        if files and "://" in files[0]:
            cursor.register("stored", _remote(files))
            parts.append("SELECT * FROM stored")
        elif files:
            listed = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
            parts.append(f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)")
        if tail is not None or not parts:
            cursor.register("tail", tail)
            parts.append("SELECT * FROM tail")
        return "(" + " UNION ALL BY NAME ".join(parts) + ")"


def quoted(name: str) -> str:
    """A column's name inside SQL, braces doubled for ``format``."""
    return '"' + name.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


def _closing(cursor: Any, reader: Any) -> Iterator[Any]:
    try:
        yield from reader
    finally:
        cursor.close()


def _all(answer: Any) -> tuple[list[Any], Any]:
    schema, batches = answer
    return list(batches), schema


def _remote(files: Sequence[str]) -> Any:
    """Files on an object store, read through Arrow: DuckDB would need an extension from the network."""
    store, first = fs.FileSystem.from_uri(files[0])
    start = len(files[0]) - len(first)
    return dataset.dataset([name[start:] for name in files], filesystem=store, format="parquet")
