"""One Delta table on a folder or an object store: opened, read at a snapshot, committed to exactly once.

An entry of a stream is in the table when the table's own transaction version of that stream says so; rows and
version are one commit. Whoever commits says where he believes the stream to stand, and is refused when it
stands elsewhere or moves meanwhile.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from data_access import broken, diagnosis, object_store
from data_access.errors import Fenced, StoreAway
from data_access.positions import Positions, actions, log_file
from data_access.pruning import Condition, pruned, said_of

LONG_SECONDS = 1.0  # a failure that took longer is not waited for again at once
HOLD_SECONDS = 5.0
SETTLED = 2_000_000_000  # nanoseconds; clocks of file systems tick in milliseconds, so a later change is another time
CHECKPOINT_EVERY = 50  # versions
CONFIGURATION = {
    "delta.logRetentionDuration": "interval 7 days",
    "delta.checkpointInterval": str(CHECKPOINT_EVERY),
}


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The entries of one stream that a commit brings: those after ``after`` up to ``upto``."""

    stream: str
    after: int
    upto: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """What delta-rs is told with a commit: the streams it moves, and what is to be done after it."""

    commit: CommitProperties
    after: PostCommitHookProperties


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A table at one moment: its version, its data files, and where the asked streams stood."""

    version: int = -1
    files: tuple[str, ...] = ()
    positions: Mapping[str, int]
    columns: Mapping[str, Any]


class Table:
    """A Delta table. Safe to use from several threads; any number of processes may read it."""

    def __init__(
        self,
        url: str,
        schema: Any,
        *,
        properties: WriterProperties,
        partition_by: Sequence[str] = (),
        pruned_by: Sequence[str] = (),
        is_gone: Callable[[], bool] = lambda: False,
    ) -> None:
        self.url, self.schema = url, schema
        self.partition_by, self.pruned_by = list(partition_by), tuple(pruned_by)
        self.properties = properties
        self.configuration = dict(CONFIGURATION)
        if pruned_by:  # a commit costs what the statistics of all files cost, so only of columns that prune
            self.configuration["delta.dataSkippingStatsColumns"] = ",".join(pruned_by)
        self._positions = Positions(url)
        self._lock = threading.RLock()
        self._handle: DeltaTable | None = None
        self._was_there = False  # in the life of this process; of earlier ones ``is_gone`` knows
        self._is_gone = is_gone
        self._options = object_store.options(url)
        self._listed: tuple[DeltaTable, int, Any] | None = None  # what the log says of the files, of which version
        self._stamp: int | None = None  # when the log's folder changed last, if nothing has been committed since
        self._checked = -1  # the newest version whose log is known to be whole
        self._failed: tuple[float, StoreAway] | None = None  # until when it is not asked again, and why

    def version(self) -> int:
        """The newest version, -1 before the first commit."""
        return self.snapshot().version

    def position(self, stream: str) -> int:
        """The last entry of a stream that is in the table, 0 when there is none."""
        return self.snapshot(streams=(stream,)).positions[stream]

    def columns(self) -> dict[str, Any]:
        """The columns, name -> type, as they were when this process last looked; a commit that they no longer fit
        is refused. Saves the questions of ``snapshot``."""
        with self._lock, self._reaching():
            handle = self._newest() if self._handle is None else self._handle
            return _columns(self.schema if handle is None else pa.schema(handle.schema().to_arrow()))

    def snapshot(self, *, streams: Sequence[str] = (), files: Any = None) -> Snapshot:
        """The table as it is now. ``files``: a predicate that prunes the list of files, or True for all."""
        with self._lock, self._reaching():
            handle = self._newest()
            if handle is None:
                return Snapshot(positions=dict.fromkeys(streams, 0), columns=_columns(self.schema))
            return Snapshot(
                version=handle.version(),
                files=self._files(handle, [] if files is True else files) if files else (),
                positions=self._positions.of(handle, streams),
                columns=_columns(pa.schema(handle.schema().to_arrow())),
            )

    def _files(self, handle: DeltaTable, wanted: Sequence[Condition]) -> tuple[str, ...]:
        """The data files that may have wanted rows, under the folder as it is called."""
        known = self._listed
        if known is None or known[0] is not handle or known[1] != handle.version():
            known = self._listed = handle, handle.version(), said_of(handle)
        return tuple(f"{self.url}/{path}" for path in pruned(known[2], wanted))

    def append(self, rows: Any, cursors: Sequence[Cursor]) -> None:
        """Commits the rows of an Arrow table with the cursors. Raises Fenced."""

        def write(handle: DeltaTable, told: Told) -> None:
            known = {field.name for field in handle.schema().fields}
            write_deltalake(
                handle,
                rows,
                mode="append",
                schema_mode="merge" if known != set(rows.column_names) else None,  # more columns, or fewer
                writer_properties=self.properties,
                commit_properties=told.commit,
                post_commithook_properties=told.after,
            )

        self._commit(write, cursors)

    def merge(self, rows: Any, key: Sequence[str], cursors: Sequence[Cursor]) -> None:
        """Commits rows that replace those of the same key. Raises Fenced."""

        def write(handle: DeltaTable, told: Told) -> None:
            same = " AND ".join(f"t.{name} = s.{name}" for name in key)
            merger = handle.merge(
                rows,
                same,
                source_alias="s",
                target_alias="t",
                merge_schema=True,  # a table of an earlier version gets the columns that came since
                writer_properties=self.properties,
                commit_properties=told.commit,
                post_commithook_properties=told.after,
            )
            merger.when_matched_update_all().when_not_matched_insert_all().execute()

        self._commit(write, cursors)

    def _commit(self, write: Callable[[DeltaTable, Told], None], cursors: Sequence[Cursor]) -> None:
        """The check and the commit go by the same handle: only so is a second writer noticed."""
        with self._lock, self._reaching():
            handle = self._created()
            positions = self._positions.of(handle, [cursor.stream for cursor in cursors])
            for cursor in cursors:
                at = positions[cursor.stream]
                if at != cursor.after:
                    raise Fenced(f"{self.url}: {cursor.stream} stands at {at}, not at {cursor.after}.")
            before = handle.version()
            moved = {cursor.stream: cursor.upto for cursor in cursors}
            try:
                write(handle, _told(moved, before + 1))
            except CommitFailedError as error:
                self._handle = None
                if not broken.is_rival(error):
                    raise
                raise Fenced(f"{self.url}: another process committed first ({broken.plainly(error)}).") from error
            except BaseException:
                self._handle = None  # whether it was committed is for a fresh look to say
                raise
            self._to_disk(before + 1, handle.version())
            self._positions.moved(before, handle.version(), moved)

    def _newest(self) -> DeltaTable | None:
        self._check_it_is_there()
        stamp, looked = self._changed_at(), time.time_ns()
        if self._handle is not None and stamp is not None and stamp == self._stamp:
            return self._handle
        self._stamp = None
        if self._handle is not None:
            known, self._handle = self._handle, None  # when it cannot go on, the table is opened anew the next time
            known.update_incremental()
            self._handle = known
        else:
            self._handle = self._opened() or self._opened_or_nothing()
            if self._handle is None:
                return None
        self._was_there = True
        self._check_it_is_whole(self._handle.version())
        self._stamp = stamp if stamp is not None and looked - stamp > SETTLED else None
        return self._handle

    def _changed_at(self) -> int | None:
        """When a file of the log came or went last, in nanoseconds: while none does, there is no newer version, and
        delta-rs need not look for one (1 ms). None on an object store, and before the table is there."""
        folder = local(self.url)
        try:
            return None if folder is None else (folder / "_delta_log").stat().st_mtime_ns
        except OSError:
            return None

    def _opened(self) -> DeltaTable | None:
        try:
            return DeltaTable(self.url, storage_options=self._options)
        except TableNotFoundError:
            return None

    def _opened_or_nothing(self) -> DeltaTable | None:
        """A folder without a log is no table yet; one with files is no table any more, or never was one of ours. It
        may also have been begun this moment: files come after the log, so the log is looked for once more."""
        found = [name for name in object_store.names(self.url) if not name.startswith((".", "_delta_log"))]
        handle = self._opened() if found else None
        if found and handle is None:
            raise StoreAway(
                f"The archive {self.url} is no Delta table: there is {min(found)} and no log. Bring its folder "
                "_delta_log back from a backup, or give the archive an empty folder (CELLWATCH_ARCHIVE_URL). "
                f"{broken.WAITS}"
            )
        return handle

    def _check_it_is_whole(self, version: int) -> None:
        """After a power cut a log file can be empty, and Delta readers pass over it without a word. An object is
        put whole or not at all, so an object store is not asked."""
        if self._options is not None or version <= self._checked:
            return
        damage = diagnosis.empty_version(self.url, self._checked + 1, version)
        if damage is not None:
            self._handle = None
            raise StoreAway(f"The archive {self.url} is damaged: {damage.what}. {damage.act}. {broken.WAITS}")
        self._checked = version

    def _check_it_is_there(self) -> None:
        """A folder that was taken away must not look like an archive that is still empty, nor be begun anew."""
        folder = local(self.url)
        gone = folder is not None and self._was_there and not (folder / "_delta_log").is_dir()
        if gone or (self._handle is None and self._is_gone()):
            raise StoreAway(
                f"The archive table {self.url} is not there any more. Bring its folder back; "
                "until then new readings stay in Redis, and nothing is lost."
            )

    def _created(self) -> DeltaTable:
        if self._handle is None and self._newest() is None:
            if folder := local(self.url):
                folder.mkdir(parents=True, exist_ok=True)
            self._handle = DeltaTable.create(
                self.url,
                self.schema,
                mode="ignore",
                partition_by=self.partition_by or None,
                configuration=self.configuration,
                storage_options=self._options,
            )
            self._to_disk(0, 0)
            self._was_there = True
        self._check_it_is_there()
        assert self._handle is not None
        return self._handle

    def _to_disk(self, first: int, last: int) -> None:
        """The writer leaves files in the system's memory; they must outlive a power cut before Redis lets go."""
        folder = local(self.url)
        if folder is None:
            return
        paths = {folder, folder / "_delta_log"}
        for version in range(first, last + 1):
            paths.add(log_file(folder, version))
            for added in actions(folder, version, "add"):
                path = folder / unquote(added["path"])
                paths |= {path, path.parent}
        for kept in folder.glob(f"_delta_log/{last:020}.checkpoint*"):
            paths |= {kept, folder / "_delta_log" / "_last_checkpoint"}
        for path in sorted(paths):
            _fsync(path)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whoever comes while a store is silent waits once for it, not everyone after the other."""
        began = time.monotonic()
        if self._failed is not None and began < self._failed[0]:
            raise StoreAway(str(self._failed[1])) from self._failed[1]
        self._failed = None
        try:
            with broken.reaching_table(self.url):
                yield
        except StoreAway as away:
            ended = time.monotonic()
            if ended - began > LONG_SECONDS:
                self._failed = (ended + HOLD_SECONDS, away)
            raise


def _told(moved: Mapping[str, int], version: int) -> Told:
    """Old logs are looked for when a checkpoint is due: to list them with every commit is a request, on an object
    store one for every thousand versions."""
    transactions = [Transaction(stream, upto) for stream, upto in moved.items()]
    due = version % CHECKPOINT_EVERY == 0
    return Told(
        commit=CommitProperties(app_transactions=transactions),
        after=PostCommitHookProperties(cleanup_expired_logs=None if due else False),
    )


def _columns(schema: Any) -> dict[str, Any]:
    return {field.name: field.type for field in schema}


def local(url: str) -> Path | None:
    """The folder of a table, None when it is on an object store."""
    return None if "://" in url else Path(url)


def _fsync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # replaced meanwhile by a newer one
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
