"""The one-minute table ``readings_1m``: what a closed day's readings come to in every minute, for long views.

It is made of the same sorted rows as the day's files and committed before them; so whoever sees a day all of whose
files are sorted finds its minutes here. A day that changes is replaced.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data_access.data_files import DataFile

MEASURED = ("voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius")
LASTS = {
    "test_time_second": pa.float64(),
    "cycle_count": pa.int32(),
    "step_count": pa.int32(),
    "charging_capacity_ah": pa.float64(),
    "discharging_capacity_ah": pa.float64(),
    "charging_energy_wh": pa.float64(),
    "discharging_energy_wh": pa.float64(),
}
MINUTES = pa.schema(
    [
        ("channel", pa.string()),
        ("test", pa.string()),
        ("unix_time_second", pa.float64()),  # the start of the UTC minute
        ("rows", pa.int32()),
        *((f"{name}_{of}", pa.float32()) for name in MEASURED for of in ("min", "max", "mean")),
        *LASTS.items(),
        ("date", pa.date32()),
        ("month", pa.string()),
    ]
)
PARTITION = "month"
ORDER = ("channel", "unix_time_second", "test")
PRUNED_BY = ("channel", "test", "unix_time_second", "date")
USED = {
    "channel": pa.string(),
    "test": pa.string(),
    "unix_time_second": pa.float64(),
    **dict.fromkeys(MEASURED, pa.float32()),
    **LASTS,
}


def minutes_of(rows: Any, date: datetime.date) -> Any:
    """The minutes of a day's readings, an Arrow table in the order of channel and time, in order themselves.

    The last value of a minute is the last that was measured. NaN counts as not measured.
    """
    given = {name: _column(rows, name, kind) for name, kind in USED.items()}
    with duckdb.connect(":memory:", config={"threads": 1}) as database:
        database.register("readings", pa.table({**given, "place": np.arange(len(rows))}))
        found = database.sql(_QUERY).to_arrow_table()
    found = found.append_column("date", pa.array([date], pa.date32()).take(pa.array(np.zeros(len(found), np.int64))))
    return found.cast(pa.schema([field for field in MINUTES if field.name != PARTITION]))


def month_of(date: datetime.date) -> str:
    """The month of a day, as ``2026-11``."""
    return f"{date:%Y-%m}"


def days_in(file: DataFile) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that a file of the one-minute table has minutes of."""
    return file.least.get("date") or datetime.date.min, file.most.get("date") or datetime.date.max


def touched(files: Sequence[DataFile], date: datetime.date) -> tuple[list[DataFile], list[DataFile]]:
    """The files of the table with minutes of this day alone, and those that have others beside them."""
    having = [file for file in files if days_in(file)[0] <= date <= days_in(file)[1]]
    alone = [file for file in having if days_in(file) == (date, date)]
    return alone, [file for file in having if file not in alone]


def _column(rows: Any, name: str, kind: Any) -> Any:
    return rows.column(name).cast(kind) if name in rows.column_names else pa.nulls(len(rows), kind)


def _measured(name: str) -> str:
    return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END"


def _selected() -> str:
    parts = [
        f"{how}({_measured(name)}) AS {name}_{of}"
        for name in MEASURED
        for of, how in (("min", "min"), ("max", "max"), ("mean", "avg"))
    ]
    for name, kind in LASTS.items():
        parts.append(f"max_by({_measured(name) if pa.types.is_floating(kind) else name}, place) AS {name}")
    return ", ".join(parts)


_QUERY = (
    "SELECT channel, test, floor(unix_time_second / 60) * 60 AS unix_time_second, count(*) AS rows, "
    f"{_selected()} FROM readings GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 3, 2 NULLS FIRST"
)
