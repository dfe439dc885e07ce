"""The rewrite of data files into few sorted ones, without ever holding many rows.

The rows come by ranges of channels: DuckDB reads a range from all files, sorts it, and hands it on; a row group
says which channels it has, so a range costs little more than its own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet

from data_access import broken, object_store
from data_access.data_files import DataFile, Miscounted
from data_access.writing import ROW_GROUP, DataFileWriter

FILE_BYTES = 256_000_000
ROWS_AT_ONCE = 500_000
SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,  # nothing is fetched from the network
    "autoload_known_extensions": False,
    "memory_limit": "256MB",
    "threads": 1,  # whoever looks at the wall comes first
    "preserve_insertion_order": False,
}


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """Which files become sorted ones, and how."""

    url: str
    files: Sequence[DataFile]
    columns: Mapping[str, Any]  # of the table, without its partition
    partition: Mapping[str, Any]
    order: Sequence[str]  # the columns by which the rows are sorted; the first also parts the work
    prefix: str  # of the new files' names
    pruned_by: Sequence[str]
    without: str | None = None  # a condition in SQL: rows that fulfil it are left out
    file_bytes: int = FILE_BYTES
    rows_at_once: int = ROWS_AT_ONCE


def rewrite(
    work: Rewrite,
    now: float,
    scratch: Path,
    going_on: Callable[[int], None],
    tap: Callable[[Any], None] = lambda rows: None,
) -> list[DataFile]:
    """Writes the sorted files and says which; nothing is committed. Raises Miscounted, StoreAway.

    ``going_on`` is called often with the rows written so far, and ends the work by raising. ``tap`` sees every
    range of sorted rows. Whatever is raised, no file stays behind.
    """
    done: list[DataFileWriter] = []
    try:
        with broken.reaching_table(work.url), _database(scratch) as database:
            return list(_written(work, now, database, going_on, tap, done))
    except BaseException:
        for writer in done:
            writer.discard()
        raise


def _written(
    work: Rewrite,
    now: float,
    database: Any,
    going_on: Callable[[int], None],
    tap: Callable[[Any], None],
    done: list[DataFileWriter],
) -> Iterator[DataFile]:
    """The new files, each when it is on disk; ``done`` has them all, also the one in the making."""
    source = _source(database, work)
    ranges, there, wanted = _ranges(database, source, work)
    stated = _stated(work)
    if stated != there:
        raise Miscounted(f"{work.url}: its log speaks of {stated} rows, {there} are in the files {_names(work)}.")
    written = 0
    current: DataFileWriter | None = None
    for first, last in ranges:
        rows = _sorted_rows(database, source, work, first, last)
        tap(rows)
        if current is None:
            current = DataFileWriter(work.url, work.prefix, work.partition, work.pruned_by)
            done.append(current)
        for start in range(0, len(rows), ROW_GROUP):
            current.add(rows.slice(start, ROW_GROUP))
            going_on(written + start)
        written += len(rows)
        if current.written >= work.file_bytes:
            yield current.close(now)
            current = None
    if current is not None:
        yield current.close(now)
    counted = sum(writer.rows for writer in done)
    if not wanted == written == counted:
        raise Miscounted(f"{work.url}: {wanted} rows were to be written, {written} were read and {counted} written.")


def _sorted_rows(database: Any, source: str, work: Rewrite, first: Any, last: Any) -> Any:
    by = quoted(work.order[0])
    within = f"{by} IS NULL" if first is None else f"{by} BETWEEN ? AND ?"
    order = ", ".join(f"{quoted(name)} NULLS FIRST" for name in work.order)
    query = f"SELECT * FROM {source} WHERE {within} AND NOT ({work.without or 'false'}) ORDER BY {order}"
    rows = database.sql(query, params=[] if first is None else [first, last]).to_arrow_table()
    return rows.cast(pa.schema([(name, work.columns[name]) for name in rows.column_names]))


def _ranges(database: Any, source: str, work: Rewrite) -> tuple[list[tuple[Any, Any]], int, int]:
    """Ranges of the first column with so many rows at most, or one value; and how many rows there are, and stay."""
    by = quoted(work.order[0])
    query = (
        f"SELECT {by}, count(*), count(*) FILTER (NOT ({work.without or 'false'})) "
        f"FROM {source} GROUP BY 1 ORDER BY 1 NULLS FIRST"
    )
    found = database.sql(query).fetchall()
    ranges: list[tuple[Any, Any]] = []
    room = 0
    for value, _, rows in found:
        if not rows:
            continue
        if rows > room or not ranges or ranges[-1][0] is None:
            ranges.append((value, value))
            room = work.rows_at_once
        ranges[-1] = (ranges[-1][0], value)
        room -= rows
    return ranges, sum(row[1] for row in found), sum(row[2] for row in found)


def _stated(work: Rewrite) -> int:
    """How many rows the log says the files have; where it does not say, their footers do."""
    store, root = object_store.filesystem_of(work.url)
    unknown = [file for file in work.files if file.rows is None]
    footers = [parquet.read_metadata(f"{root}/{file.path}", filesystem=store).num_rows for file in unknown]
    return sum(file.rows or 0 for file in work.files) + int(sum(footers))


def _source(database: Any, work: Rewrite) -> str:
    urls = [f"{work.url}/{file.path}" for file in work.files]
    if object_store.is_remote(work.url):
        database.register("stored", object_store.files_on(urls))
        return "stored"
    listed = ", ".join("'" + url.replace("'", "''") + "'" for url in urls)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


@contextmanager
def _database(scratch: Path) -> Iterator[Any]:
    """A DuckDB of its own; what does not fit its memory goes to ``scratch``."""
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        database = duckdb.connect(":memory:", config={**SETTINGS, "temp_directory": folder})
        try:
            yield database
        finally:
            database.close()


def quoted(name: str) -> str:
    """A column's name inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def _names(work: Rewrite) -> str:
    return ", ".join(file.name for file in work.files[:3]) + (" …" if len(work.files) > 3 else "")
