"""Reading the archive: DuckDB over the pruned list of a table's files, with the live tail beside it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data_access.broken import reaching_files
from data_access.errors import StoreAway, Vanished
from data_access.object_store import files_on, is_remote

SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,  # nothing is fetched from the network
    "autoload_known_extensions": False,
    "memory_limit": "2GB",
}
ROWS_PER_BATCH = 65_536


class Reader:
    """One DuckDB for the whole process; every query has a cursor of its own."""

    def __init__(self, threads: int | None = None) -> None:
        """``threads``: how many a query may use, all of the machine's by default."""
        self._settings = SETTINGS if threads is None else {**SETTINGS, "threads": threads}
        self._lock = threading.Lock()
        self._database: Any = None

    def table(self, query: str, values: Sequence[Any], files: Sequence[str], tail: Any = None) -> Any:
        """The answer of a query over ``files`` and ``tail``, as one Arrow table."""
        schema, batches = self.batches(query, values, files, tail)
        return pa.Table.from_batches(list(batches), schema)

    def batches(
        self, query: str, values: Sequence[Any], files: Sequence[str], tail: Any = None, *, alike: bool = False
    ) -> tuple[Any, Generator[Any]]:
        """The same as an iterator of RecordBatches, with its schema first. To close it ends the query.

        ``alike``: every file has every column that is asked for, so only files that have wanted rows are opened.
        Raises StoreAway, also on the way, when a file cannot be read; Vanished when it is not there.
        """
        cursor = self._cursor()
        with _reaching(files):
            found = cursor.sql(query.format(rows=_source(cursor, files, tail, alike)), params=list(values))
            reader = found.to_arrow_reader(ROWS_PER_BATCH)
        return reader.schema, _closing(cursor, reader, files)

    def _cursor(self) -> Any:
        with self._lock:
            if self._database is None:
                self._database = duckdb.connect(":memory:", config=self._settings)
            return self._database.cursor()


def quoted(name: str) -> str:
    """A column's name inside SQL, braces doubled for ``format``."""
    return '"' + name.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


def _source(cursor: Any, files: Sequence[str], tail: Any, alike: bool) -> str:
    parts = []
    if files and is_remote(files[0]):  # through Arrow: DuckDB would need an extension from the network
        cursor.register("stored", files_on(files))
        parts.append("SELECT * FROM stored")
    elif files:
        listed = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
        by_name = str(not alike).lower()
        parts.append(f"SELECT * FROM read_parquet([{listed}], union_by_name = {by_name}, hive_partitioning = false)")
    if tail is not None or not parts:
        cursor.register("tail", tail)
        parts.append("SELECT * FROM tail")
    return "(" + " UNION ALL BY NAME ".join(parts) + ")"


def _closing(cursor: Any, reader: Any, files: Sequence[str]) -> Generator[Any]:
    try:
        with _reaching(files):
            yield from reader
    finally:
        cursor.close()


@contextmanager
def _reaching(files: Sequence[str]) -> Iterator[None]:
    try:
        with reaching_files(files):
            yield
    except Vanished:
        raise
    except StoreAway as away:
        if any(not is_remote(file) and not Path(file).exists() for file in files):
            raise Vanished(str(away)) from away
        raise
