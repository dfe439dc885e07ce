"""The archive: Delta tables with every reading, cycle, alert, test and word that was ever said.

``readings`` is partitioned by ``date``, the UTC day of the unix time. Every table knows by itself which entries
of the Redis streams it holds, so whoever writes can be killed at any moment and nothing is lost or doubled.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from cycling.identity import CELL
from cycling.readings import Batch
from cycling.types import Alert, Cycle
from data_access import broken, codec, facts, keys, minutes, object_store, shapes
from data_access.data_files import Rewritable
from data_access.delta import Cursor
from data_access.reading import Reader, quoted
from data_access.wanted import Wanted
from data_access.writing import write_rows

TABLES = ("readings", "cycles", "alerts", "tests", "journal")
KEYS = {"cycles": ("test", "cycle_count"), "alerts": ("id",), "tests": ("test",)}
WORDS = "kind, replace(kind, '-', ' '), scope, channels, test, message"  # of an alert, as people look for them
# The streams whose entries may change rows that are there, so that no exchange of files may overlap with them.
FENCED_BY = {"cycles": ("out:cycles",), "alerts": ("out:alerts",), "tests": ("out:journal",), "journal": ()}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Entries of one cycler's stream on their way to the archive: those after ``after`` up to ``upto``."""

    cycler: str
    after: int
    upto: int
    readings: Batch | Any  # a batch, or Arrow tables as they came from the stream


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Entries as they will lie in the archive: only to be written."""

    rows: Any  # an Arrow table in the archive's types and order
    cursors: Sequence[Cursor]
    columns: Mapping[str, Any]  # of the archive's table once this is committed, name -> type


class Archive:
    """Everything that is kept for good."""

    def __init__(self, url: str, is_gone: Callable[[], bool] = lambda: False) -> None:
        self.url = url.rstrip("/")
        self.reader = Reader()
        self.tables = {
            "readings": Rewritable(
                f"{self.url}/readings",
                shapes.READINGS,
                partition_by=["date"],
                pruned_by=("channel", "test", "unix_time_second"),
                properties=shapes.properties(),
                is_gone=is_gone,
            ),
            "readings_1m": Rewritable(
                f"{self.url}/readings_1m",
                minutes.MINUTES,
                partition_by=[minutes.PARTITION],
                pruned_by=minutes.PRUNED_BY,
                properties=facts.PACKED,
                is_gone=is_gone,
            ),
        }
        for name in TABLES[1:]:
            schema = getattr(facts, name.upper())
            self.tables[name] = Rewritable(f"{self.url}/{name}", schema, properties=facts.PACKED, is_gone=is_gone)

    def version(self, table: str) -> int:
        """The version of a table, -1 before its first commit: the key for whatever is cached of it."""
        return self.tables[table].version()

    def position(self, cycler: str) -> int:
        """The last entry of the cycler's stream that is archived."""
        return self.tables["readings"].position(keys.readings(cycler))

    def positions(self, cyclers: Iterable[str]) -> dict[str, int]:
        """``position`` of many cyclers at one moment."""
        streams = {keys.readings(cycler): cycler for cycler in cyclers}
        found = self.tables["readings"].snapshot(streams=tuple(streams)).positions
        return {streams[stream]: n for stream, n in found.items()}

    def output_position(self, table: str, stream: str | None = None) -> int:
        """The last entry of the output stream of a table that the table has."""
        return self.tables[table].position(f"out:{stream or table}")

    def append_readings(self, parts: Sequence[Part]) -> None:
        """Commits entries of any cyclers in one step, on disk when it returns.

        Raises Fenced when one of the streams does not stand where the part says.
        """
        self.commit(self.prepared(parts))

    def prepared(self, parts: Sequence[Part], after: Prepared | None = None) -> Prepared:
        """Everything of ``append_readings`` but the commit, so that it can be done while that of another is written:
        ``after``, whose columns will be there by then."""
        known = self.tables["readings"].columns() if after is None else after.columns
        arrow = [one for part in parts for one in _arrow_tables(part.readings)]
        cursors = [Cursor(stream=keys.readings(part.cycler), after=part.after, upto=part.upto) for part in parts]
        rows = shapes.dated(shapes.shaped(arrow, known))
        columns = {**known, **{field.name: field.type for field in rows.schema}}
        return Prepared(rows=rows, cursors=cursors, columns=columns)

    def commit(self, prepared: Prepared) -> None:
        """Commits what was prepared, on disk when it returns. Raises Fenced.

        The file is written by ourselves, which costs two thirds of what delta-rs takes for it. Where the table must
        get new columns first, or has some that the rows lack, delta-rs does both in one step; and on an object store
        its way is shorter by three requests, because it knows its own commit.
        """
        table = self.tables["readings"]
        if object_store.is_remote(table.url) or set(table.columns()) != set(prepared.rows.column_names):
            table.append(prepared.rows, prepared.cursors)
            return
        table.begin()
        with broken.reaching_table(table.url):
            files = write_rows(table.url, prepared.rows, "date", table.pruned_by, time.time())
        table.add(files, prepared.cursors)

    def merge_cycles(self, cycles: Sequence[Cycle | Mapping[str, Any]], after: int, upto: int) -> None:
        """Commits finished cycles, the entries after ``after`` up to ``upto`` of their stream; newest wins."""
        self._merge("cycles", "cycles", [_plain(cycle) for cycle in cycles], after, upto)

    def merge_alerts(self, alerts: Sequence[Alert | Mapping[str, Any]], after: int, upto: int) -> None:
        """Commits alerts as they are now."""
        rows = [alert.to_json() if isinstance(alert, Alert) else alert for alert in alerts]
        self._merge("alerts", "alerts", rows, after, upto)

    def merge_tests(self, tests: Sequence[Mapping[str, Any]], after: int, upto: int) -> None:
        """Commits the metadata of tests; ``after`` and ``upto`` are entries of the journal."""
        self._merge("tests", "journal", tests, after, upto)

    def append_journal(self, entries: Sequence[Mapping[str, Any]], after: int, upto: int) -> None:
        """Commits entries of the journal."""
        cursor = Cursor(stream="out:journal", after=after, upto=upto)
        self.tables["journal"].append(facts.to_table(facts.JOURNAL, entries), [cursor])

    def readings(self, wanted: Wanted, columns: Sequence[str] | None = None) -> Any:
        """Archived readings as one Arrow table in order of time."""
        snapshot = self.tables["readings"].snapshot(files=wanted.pruning())
        nothing = pa.schema([(name, kind) for name, kind in snapshot.columns.items() if name != "date"]).empty_table()
        condition, values = wanted.condition()
        names = ", ".join(quoted(name) for name in (nothing.schema.names if columns is None else columns))
        query = (
            f"SELECT {names} FROM {{rows}} WHERE {condition} "
            "ORDER BY unix_time_second, channel, record_index NULLS FIRST, arrival_time_second NULLS FIRST"
        )
        return self.reader.table(query, values, snapshot.files, nothing)

    def current_tests(self, channels: Sequence[str] | None) -> dict[str, tuple[str, str | None]]:
        """The test of the newest reading of every channel, and what the cycler said of the channel."""
        snapshot = self.tables["readings"].snapshot(files=True)
        if not snapshot.files:
            return {}
        condition, values = Wanted(channels=channels).condition()
        newest = "(arrival_time_second, unix_time_second)"
        query = (
            f"SELECT channel, max_by(test, {newest}) AS test, "
            f"max_by(channel_status, {newest}) AS status "
            f"FROM {{rows}} WHERE {condition} AND test IS NOT NULL GROUP BY channel"
        )
        found = self.reader.table(query, values, snapshot.files).to_pylist()
        return {row["channel"]: (row["test"], row["status"]) for row in found}

    def tests_with_readings(self) -> dict[str, dict[str, str]]:
        """Every test that has readings, with its channel and, where a row says it, its cell."""
        snapshot = self.tables["readings"].snapshot(files=True)
        if not snapshot.files:
            return {}
        cell = f"any_value({CELL})" if snapshot.columns.get(CELL) == pa.string() else "NULL"
        query = (
            f"SELECT test, any_value(channel) AS channel, {cell} AS {CELL} "
            "FROM {rows} WHERE test IS NOT NULL GROUP BY test"
        )
        found = self.reader.table(query, [], snapshot.files).to_pylist()
        return {row.pop("test"): {name: value for name, value in row.items() if value is not None} for row in found}

    def cycles(
        self, *, test: str | None = None, channel: str | None = None, tests: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Archived cycles of a test, of a channel or of several tests, in order."""
        wanted = [("test", [test] if test is not None else tests), ("channel", [channel] if channel else None)]
        found = self.facts("cycles", {name: values for name, values in wanted if values is not None})
        frame: pd.DataFrame = found.to_pandas()
        return frame.sort_values(["test", "cycle_count"], ignore_index=True)

    def alerts(
        self,
        since: float | None = None,
        channel: str | None = None,
        *,
        opened_by: float | None = None,
        closed_after: float | None = None,
        like: Mapping[str, Sequence[str]] | None = None,
        words: str = "",
    ) -> list[Alert]:
        """Archived alerts opened at or after ``since`` and at or before ``opened_by``, and not closed at or before
        ``closed_after`` (UTC s); newest first. ``like``: the values that columns may have. ``words``: without the many
        that cannot hold these words; the caller looks closer."""
        asked = [
            *_bounds(since, channel),
            ("opened_at <= ?", opened_by),
            ("(closed_at IS NULL OR closed_at > ?)", closed_after),
            (f"contains(lower(concat_ws(chr(10), {WORDS})), ?)", words.lower() if words and words.isascii() else None),
        ]
        rows = facts.to_rows(self.facts("alerts", like or {}, asked=_said(asked)))
        alerts = [Alert.from_json(_with_defaults(row)) for row in rows]
        return sorted(alerts, key=lambda alert: (-alert.opened_at, alert.id))

    def alert_ids(
        self, since: float | None, channel: str | None, like: Mapping[str, Sequence[str]]
    ) -> list[tuple[float, str]]:
        """When the same alerts opened (UTC s), and their ids: little of many."""
        found = self.facts("alerts", like, ("opened_at", "id"), asked=_said(_bounds(since, channel)))
        return list(zip(*(found[name].to_pylist() for name in ("opened_at", "id")), strict=True))

    def columns(self, table: str) -> list[str]:
        """The columns of a small table."""
        return list(self.tables[table].schema.names)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of ``tests`` or ``journal``."""
        return facts.to_rows(self.facts(table, {}))

    def facts(
        self,
        table: str,
        wanted: Mapping[str, Sequence[str]],
        columns: Sequence[str] | None = None,
        *,
        asked: Sequence[tuple[str, Any]] = (),
    ) -> Any:
        """The rows of a small table whose columns have one of the wanted values, as an Arrow table.

        ``columns``: only these of it. ``asked``: further conditions, each with its value."""
        snapshot = self.tables[table].snapshot(files=True)
        whole = self.tables[table].schema
        schema = whole if columns is None else pa.schema([whole.field(name) for name in columns])
        parts = [f"list_contains(?::VARCHAR[], {name})" for name in wanted]
        condition = " AND ".join([*parts, *(part for part, _ in asked)]) or "true"
        names = ", ".join(quoted(field.name) for field in schema)
        values = [*(list(one) for one in wanted.values()), *(value for _, value in asked)]
        query = f"SELECT {names} FROM {{rows}} WHERE {condition}"
        return self.reader.table(query, values, snapshot.files, whole.empty_table()).cast(schema)

    def _merge(self, table: str, stream: str, rows: Sequence[Mapping[str, Any]], after: int, upto: int) -> None:
        key = KEYS[table]
        newest = {tuple(row[name] for name in key): row for row in rows}
        arrow = facts.to_table(self.tables[table].schema, list(newest.values()))
        self.tables[table].merge(arrow, key, [Cursor(stream=f"out:{stream}", after=after, upto=upto)])


def _plain(row: Cycle | Mapping[str, Any]) -> Mapping[str, Any]:
    return asdict(row) if isinstance(row, Cycle) else row


def _bounds(since: float | None, channel: str | None) -> list[tuple[str, Any]]:
    return [
        ("opened_at >= ?", since),
        ("contains(channels, ?)", None if channel is None else json.dumps(channel)),  # they are kept as JSON
    ]


def _said(asked: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(part, value) for part, value in asked if value is not None]


def _with_defaults(row: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"channels": [], "members": [], "comments": [], "was": [], "evidence": {}, "action": "", "raised": 1}
    filled = {**row, **{name: value for name, value in empty.items() if row.get(name) is None}}
    later = ("state", "seen_at")  # what an earlier version did not write follows from the rest
    return {name: value for name, value in filled.items() if name not in later or value is not None}


def _arrow_tables(readings: Batch | Any) -> list[Any]:
    if isinstance(readings, Batch):
        return [pa.Table.from_batches([codec.to_arrow(readings)])]
    return list(readings)
