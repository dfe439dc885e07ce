"""The data files of a Delta table, and the exchange of some of them for others that hold the same rows.

delta-rs lets two exchanges of the same files pass, and then every row is there twice: it does not look at files
that are removed without a change of the data. So an exchange moves a transaction of its own, like a stream, and
of two that began at the same place one is refused. Appends meanwhile pass.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from data_access.delta import Cursor, Table, Told
from data_access.errors import StoreAway

EXCHANGES = "sort-compact"  # the transaction that every exchange moves by one
KEPT_HOURS = 24  # of a file that is not in the table any more: whoever still reads it can finish


class Miscounted(Exception):
    """Files were about to be, or have been, exchanged for others with another number of rows."""


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One data file. ``path`` is inside the table's folder, ``modified`` in unix seconds; ``least``, ``most`` and
    ``nulls`` are of those columns that the log has them of."""

    path: str
    size: int
    rows: int | None  # None when the log does not say
    modified: float
    partition: Mapping[str, Any]
    least: Mapping[str, Any]
    most: Mapping[str, Any]
    nulls: Mapping[str, int]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """A table at one moment: its files, where exchanges and streams stood, and its columns."""

    files: tuple[DataFile, ...] = ()
    cursors: tuple[Cursor, ...] = ()  # to be given with an exchange
    columns: Mapping[str, Any]


class Rewritable(Table):
    """A table whose files can be exchanged and tidied."""

    def inventory(self, streams: Sequence[str] = ()) -> Inventory:
        """The files as they are now. An exchange of them is refused once another one, or an entry of one of the
        streams, was committed after it. Raises StoreAway, also for a table that must not be rewritten."""
        with self._lock, self._reaching():
            known = self.snapshot(streams=(EXCHANGES, *streams))
            if self._handle is None:
                return Inventory(columns=known.columns)
            _check_is_plain(self._handle, self.url)
            at = known.positions
            cursors = [Cursor(stream=EXCHANGES, after=at[EXCHANGES], upto=at[EXCHANGES] + 1)]
            cursors += [Cursor(stream=stream, after=at[stream], upto=at[stream]) for stream in streams if at[stream]]
            files = tuple(_data_file(row) for row in pa.table(self._handle.get_add_actions()).to_pylist())
            return Inventory(files=files, cursors=tuple(cursors), columns=known.columns)

    def begin(self) -> None:
        """Makes the table when it is not there yet: files without a log would be no table."""
        with self._lock, self._reaching():
            self._created()

    def add(self, files: Sequence[DataFile], cursors: Sequence[Cursor]) -> None:
        """Commits files with new rows, which are on disk. Raises Fenced."""

        def write(handle: DeltaTable, told: Told) -> None:
            actions: list[AddAction | RemoveAction] = [_add(file, new_rows=True) for file in files]
            self._transact(handle, actions, told)

        self._commit(write, cursors)

    def _transact(self, handle: DeltaTable, actions: list[AddAction | RemoveAction], told: Told) -> None:
        handle.create_write_transaction(
            actions,
            "append",
            handle.schema(),
            self.partition_by or None,
            commit_properties=told.commit,
            post_commithook_properties=told.after,
        )
        handle.update_incremental()

    def exchange(self, removed: Sequence[DataFile], added: Sequence[DataFile], cursors: Sequence[Cursor]) -> None:
        """Commits files, which are on disk, in the place of others. Raises Fenced, Miscounted."""

        def write(handle: DeltaTable, told: Told) -> None:
            actions: list[AddAction | RemoveAction] = [_remove(file, time.time()) for file in removed]
            actions += [_add(file) for file in added]
            self._transact(handle, actions, told)

        with self._lock:
            self._commit(write, cursors)
            paths = {file.path for file in self.inventory().files}
        wrong = {file.path for file in removed} & paths or {file.path for file in added} - paths
        if wrong:
            raise Miscounted(f"{self.url}: after an exchange of files {min(wrong)} is not where it should be.")

    def tidy(self) -> int:
        """Deletes files that are in no newer version than a day old, and what killed writers left; makes a
        checkpoint and forgets old logs. Says how many files went."""
        with self._lock, self._reaching():
            handle = self._newest()
            if handle is None:
                return 0
            before = handle.version()
            gone = handle.vacuum(KEPT_HOURS, dry_run=False, enforce_retention_duration=False, full=True)
            handle.update_incremental()
            handle.create_checkpoint()
            self._to_disk(before + 1, handle.version())  # before the logs it replaces may go
            handle.cleanup_metadata()
            return len(gone)


def _check_is_plain(handle: DeltaTable, url: str) -> None:
    """Deleted rows and renamed columns of a newer protocol are not in the data files, and would come back."""
    needed = handle.protocol().min_reader_version
    if needed > 1:
        raise StoreAway(
            f"The archive table {url} needs readers of version {needed}, and files are only compacted up to 1. "
            "Another program has changed it: compact it there, or bring back the table of before."
        )


def _data_file(row: Mapping[str, Any]) -> DataFile:
    return DataFile(
        path=unquote(row["path"]),  # encoded in the log; whoever commits it again encodes it again
        size=row["size_bytes"],
        rows=row.get("num_records"),
        modified=row["modification_time"] / 1000,
        partition=row.get("partition") or {},
        least=row.get("min") or {},
        most=row.get("max") or {},
        nulls=row.get("null_count") or {},
    )


def _texts(partition: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in partition.items()}


def _remove(file: DataFile, now: float) -> RemoveAction:
    return RemoveAction(file.path, False, int(now * 1000), file.size, _texts(file.partition))


def _add(file: DataFile, *, new_rows: bool = False) -> AddAction:
    told = {"numRecords": file.rows, "minValues": file.least, "maxValues": file.most, "nullCount": file.nulls}
    stats = json.dumps(told, default=str)
    return AddAction(file.path, file.size, _texts(file.partition), int(file.modified * 1000), new_rows, stats)
