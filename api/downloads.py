"""GET /tests/{test}/readings and /cycles: everything there is of a test, live tail included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from flask import Blueprint, Response

from api.arguments import number, one_of, whole_number
from api.formats import TYPES, streamed
from api.tests import known_test
from data_access.decimation import decimate
from data_access.lab import lab

downloads = Blueprint("downloads", __name__)

CLOCK = "unix_time_second"
MOST_POINTS = 1_000_000
EXTREMES = (
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
)
EXTREMES_OF_CYCLES = ("charging_capacity_ah", "discharging_capacity_ah", "coulombic_efficiency")


@downloads.get("/tests/<path:test>/readings")
def get_readings(test: str) -> Response:
    kind, start, end, points = _asked()
    known_test(test)
    schema, batches = lab().history.readings(test=test, start=start, end=end)
    if points is not None:
        table = _decimated(pa.Table.from_batches(list(batches), schema), CLOCK, EXTREMES, points)
        batches = table.to_batches()
    return streamed(kind, test, schema, batches, "readings")


@downloads.get("/tests/<path:test>/cycles")
def get_cycles(test: str) -> Response:
    """The cycles that lie in the asked time, be it with a part of them."""
    kind, start, end, points = _asked()
    known_test(test)
    frame = lab().history.cycles(test=test)
    if start is not None:
        frame = frame[frame["end_unix_time_second"] >= start]
    if end is not None:
        frame = frame[frame["start_unix_time_second"] <= end]
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    if points is not None:
        table = _decimated(table, "start_unix_time_second", EXTREMES_OF_CYCLES, points)
    return streamed(kind, test, table.schema, table.to_batches(), "cycles")


def _asked() -> tuple[str, float | None, float | None, int | None]:
    kind = one_of("format", TYPES, "json")
    return kind, number("from"), number("to"), whole_number("points", None, least=2, most=MOST_POINTS)


def _decimated(table: pa.Table, clock: str, names: Iterable[str], points: int) -> pa.Table:
    """At most about ``points`` rows; every extreme of the named columns is among them."""
    columns = {name: _floats(table, name) for name in names if name in table.column_names}
    rows = decimate(_floats(table, clock), columns, points)
    return table.take(pa.array(rows))


def _floats(table: pa.Table, name: str) -> Any:
    return table.column(name).to_numpy().astype(np.float64)
