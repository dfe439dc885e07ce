"""What the tests of compaction share: a day of readings in many small files, and its compaction."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_access.archive import Archive, Part
from data_access.compactor import Compactor
from data_access.wanted import Wanted
from tests.data_access.builders import NOW

MIDNIGHT = NOW - NOW % 86_400
DATE = datetime.datetime.fromtimestamp(MIDNIGHT, datetime.UTC).date()
NEXT_DAY = MIDNIGHT + 86_400 + 7201  # when the day is closed
MUCH_LATER = NEXT_DAY + 60 * 86_400


def rows(times: Sequence[float], channel: str = "arbin-1-01", **columns: Any) -> Any:
    """Readings as an Arrow table, so that NaN stays NaN; a scalar column holds for every row."""
    given: dict[str, Any] = {"unix_time_second": list(times), "test": "cell-a", "voltage_volt": 3.7, **columns}
    given = {"channel": channel, "current_ampere": 1.0, **given}
    return pa.table({name: _array(value, len(times)) for name, value in given.items()})


def some(second: float = 0, count: int = 3, channel: str = "arbin-1-01", **columns: Any) -> Any:
    """So many readings of the day, one a second."""
    return rows([MIDNIGHT + second + n for n in range(count)], channel, **columns)


def plain(rows: int) -> None:
    """Nothing that ends a job."""


def _array(value: Any, many: int) -> Any:
    if isinstance(value, pa.Array):
        return value
    return pa.array(value if isinstance(value, list) else [value] * many)


def append(archive: Archive, *tables: Any, cycler: str = "arbin-1") -> None:
    """A commit of the recorder for each of the tables."""
    position = archive.position(cycler)
    for n, table in enumerate(tables, position):
        archive.append_readings([Part(cycler=cycler, after=n, upto=n + 1, readings=[table])])


def compact(archive: Archive, scratch: Path, now: float = NEXT_DAY, most: int = 50) -> list[str]:
    """Does what is due until nothing is; says what that was."""
    compactor, done = Compactor(archive, scratch), list[str]()
    while job := next(compactor.due(now), None):
        assert len(done) < most, f"compaction never ends: {done[-3:]}"
        assert compactor.do(job, now, lambda rows: None) is not None
        done.append(f"{job.prefix}{job.label}")
    return done


def names(archive: Archive, table: str = "readings") -> list[str]:
    """The names of the active files, in order."""
    return sorted(file.name for file in archive.tables[table].inventory().files)


def contents(archive: Archive) -> list[str]:
    """Every row with every value that is not null, in an order that does not depend on files."""
    found = archive.readings(Wanted()).to_pylist()
    return sorted(repr({name: value for name, value in sorted(row.items()) if value is not None}) for row in found)


def minutes(archive: Archive) -> list[dict[str, Any]]:
    """The rows of the one-minute table."""
    snapshot = archive.tables["readings_1m"].snapshot(files=True)
    if not snapshot.files:
        return []
    query = "SELECT * FROM {rows} ORDER BY channel, unix_time_second, test"
    found: list[dict[str, Any]] = archive.reader.table(query, [], snapshot.files).to_pylist()
    return found
