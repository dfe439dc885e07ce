"""The one-minute table: every minute of a closed day, as a calculation by hand finds it."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.archive import Archive
from data_access.minutes import LASTS, MEASURED, MINUTES, minutes_of
from tests.data_access.compacting import DATE, MIDNIGHT, append, compact, minutes, rows

NUMBERS = st.one_of(st.none(), st.just(math.nan), st.floats(-1e6, 1e6, width=32))
READINGS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["a", "b"]), st.sampled_from(["t1", "t2"]), NUMBERS, NUMBERS),
    min_size=1,
    max_size=30,
)


def table(readings: list[tuple[int, str, str, float | None, float | None]]) -> Any:
    """Readings in the order of channel and time; the third number is voltage, the fourth a counter."""
    inside = sorted(readings, key=lambda reading: (reading[1], reading[0]))
    seconds, channels, tests, volts, hours = zip(*inside, strict=True)
    return pa.table(
        {
            "channel": channels,
            "test": tests,
            "unix_time_second": [MIDNIGHT + 0.5 * second for second in seconds],
            "voltage_volt": pa.array(volts, pa.float32()),
            "current_ampere": pa.array([1.0] * len(inside), pa.float32()),
            "charging_capacity_ah": pa.array(hours, pa.float64()),
            "cycle_count": pa.array([3] * len(inside), pa.int32()),
        }
    )


@given(readings=READINGS)
@settings(max_examples=40)
def test_minutes_are_what_a_calculation_by_hand_finds(
    readings: list[tuple[int, str, str, float | None, float | None]],
) -> None:
    given = table(readings)
    expected: dict[tuple[str, str, float], list[dict[str, Any]]] = defaultdict(list)
    for row in given.to_pylist():
        expected[row["channel"], row["test"], row["unix_time_second"] // 60 * 60].append(row)
    found = minutes_of(given, DATE)
    assert found.schema.names == [name for name in MINUTES.names if name != "month"]
    assert len(found) == len(expected)
    for minute in found.to_pylist():
        inside = expected.pop((minute["channel"], minute["test"], minute["unix_time_second"]))
        volts = measured(inside, "voltage_volt")
        assert minute["rows"] == len(inside)
        assert minute["voltage_volt_min"] == (min(volts) if volts else None)
        assert minute["voltage_volt_max"] == (max(volts) if volts else None)
        mean = minute["voltage_volt_mean"]
        assert mean == (pytest.approx(np.mean(volts), rel=1e-5, abs=1e-3) if volts else None)
        hours = measured(inside, "charging_capacity_ah")
        assert minute["charging_capacity_ah"] == (hours[-1] if hours else None)
        assert (minute["cycle_count"], minute["date"]) == (3, DATE)
        assert minute["ambient_temperature_celsius_max"] is None
    assert not expected


def measured(inside: list[dict[str, Any]], name: str) -> list[float]:
    return [row[name] for row in inside if row[name] is not None and row[name] == row[name]]


def test_minutes_are_sorted_by_channel_and_time(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"))
    for channel in ("b", "a"):
        append(archive, rows([MIDNIGHT + 600 - 30 * n for n in range(20)], channel))
    compact(archive, tmp_path)
    found = [(minute["channel"], minute["unix_time_second"] - MIDNIGHT) for minute in minutes(archive)]
    assert found == [(channel, 60.0 * n) for channel in ("a", "b") for n in range(11)]


def test_the_table_has_the_columns_it_promises(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"))
    append(archive, rows([MIDNIGHT]))
    compact(archive, tmp_path)
    names = ["channel", "test", "unix_time_second", "rows"]
    names += [f"{name}_{of}" for name in MEASURED for of in ("min", "max", "mean")]
    names += [*LASTS, "date", "month"]
    snapshot = archive.tables["readings_1m"].snapshot(files=True)
    assert list(snapshot.columns) == names
    assert "/month=2027-01/" in snapshot.files[0]


def test_minutes_of_a_day_that_changed_are_replaced_and_others_stay(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"))
    later = MIDNIGHT + 3 * 86_400
    append(archive, rows([MIDNIGHT + 1, MIDNIGHT + 2], voltage_volt=3.0), rows([MIDNIGHT + 86_400], voltage_volt=9.0))
    compact(archive, tmp_path, later)
    append(archive, rows([MIDNIGHT + 3], voltage_volt=5.0))
    compact(archive, tmp_path, later)
    found = [(minute["rows"], minute["voltage_volt_min"], minute["voltage_volt_max"]) for minute in minutes(archive)]
    assert found == [(3, 3.0, 5.0), (1, 9.0, 9.0)]


def test_a_day_without_a_row_has_no_minutes() -> None:
    empty = rows([]).slice(0)
    assert len(minutes_of(empty, DATE)) == 0
