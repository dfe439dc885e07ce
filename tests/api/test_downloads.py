"""Readings and cycles of a test, in every format."""

from __future__ import annotations

import csv
import io
import math
import time
from typing import Any

import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from pyarrow import parquet

from cycling.types import Cycle
from data_access.lab import Lab, Published
from tests.api.conftest import row


@pytest.fixture
def start(client: FlaskClient) -> float:
    """Twenty readings of test "a/b", one a second; their first time. The last voltage is a spike."""
    first = round(time.time()) - 100.0
    rows = [
        row(test="a/b", unix_time_second=first + n, voltage_volt=9.9 if n == 18 else 3.7, record_index=n)
        | {"surface_temperature_celsius": 25.1 if n else None}
        for n in range(20)
    ]
    assert client.post("/api/v1/readings", json={"readings": rows}).json == {"accepted": 20, "rejected": []}
    return first


def rows_of(client: FlaskClient, kind: str, query: str = "", what: str = "readings") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/tests/a/b/{what}?format={kind}{query}")
    assert answer.status_code == 200
    if kind == "json":
        assert answer.json is not None
        return list(answer.json[what])
    assert f'filename="a_b.{what}.{kind}"' in answer.headers["Content-Disposition"]
    if kind == "csv":
        return [dict(told) for told in csv.DictReader(io.StringIO(answer.text))]
    if kind == "parquet":
        return list(parquet.read_table(io.BytesIO(answer.data)).to_pylist())
    return list(pa.ipc.open_stream(answer.data).read_all().to_pylist())


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
def test_every_row_comes_in_every_format_the_live_tail_included(client: FlaskClient, start: float, kind: str) -> None:
    rows = rows_of(client, kind)
    assert [float(told["unix_time_second"]) for told in rows] == [start + n for n in range(20)]
    assert {told["channel"] for told in rows} == {"arbin-1-01"}


def test_a_missing_number_is_null_or_empty_and_no_digits_are_invented(client: FlaskClient, start: float) -> None:
    first, second = rows_of(client, "json")[:2]
    assert first["surface_temperature_celsius"] is None
    assert (second["surface_temperature_celsius"], second["voltage_volt"]) == (25.1, 3.7)
    assert rows_of(client, "csv")[0]["surface_temperature_celsius"] == ""


def test_times_are_inclusive(client: FlaskClient, start: float) -> None:
    assert len(rows_of(client, "json", f"&from={start + 5}&to={start + 7}")) == 3
    assert rows_of(client, "json", f"&from={start + 1000}") == []


def test_fewer_points_keep_every_extreme(client: FlaskClient, start: float) -> None:
    rows = rows_of(client, "json", "&points=10")
    assert 2 <= len(rows) <= 10
    assert max(told["voltage_volt"] for told in rows) == pytest.approx(9.9)
    times = [told["unix_time_second"] for told in rows]
    assert times == sorted(times)


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
def test_a_test_without_readings_is_empty_but_whole(client: FlaskClient, kind: str) -> None:
    client.put("/api/v1/tests/a/b", json={"cell": "A"})
    assert rows_of(client, kind) == []
    assert rows_of(client, kind, what="cycles") == []


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
def test_cycles_come_in_every_format(client: FlaskClient, lab: Lab, kind: str) -> None:
    client.put("/api/v1/tests/a/b", json={"cell": "A"})
    numbers: dict[str, Any] = {name: 1.0 for name, of in Cycle.__annotations__.items() if of == "float"}
    cycles = [
        Cycle(
            **{
                **numbers,
                "channel": "c",
                "test": "a/b",
                "cycle_count": n,
                "kind": "regular",
                "start_unix_time_second": 100.0 * n,
                "end_unix_time_second": 100.0 * n + 99,
                "internal_resistance_ohm": math.nan,
            }
        )
        for n in (1, 2, 3)
    ]
    lab.live.publish(Published(now=time.time(), cycles=cycles))
    assert [int(told["cycle_count"]) for told in rows_of(client, kind, what="cycles")] == [1, 2, 3]
    some = rows_of(client, kind, "&from=150&to=250", what="cycles")
    assert [int(told["cycle_count"]) for told in some] == [1, 2]
    if kind == "json":
        assert some[0]["internal_resistance_ohm"] is None


@pytest.mark.parametrize("query", ["format=xml", "from=x", "points=1", "points=-5", "points=1e3", "to=inf"])
def test_a_query_that_cannot_be_meant_is_refused(client: FlaskClient, start: float, query: str) -> None:
    for what in ("readings", "cycles"):
        answer = client.get(f"/api/v1/tests/a/b/{what}?{query}")
        assert answer.status_code == 400
        assert answer.json is not None


def test_a_test_that_nobody_named_has_no_readings(client: FlaskClient) -> None:
    assert client.get("/api/v1/tests/none/readings").status_code == 404
    assert client.get("/api/v1/tests/none/cycles").status_code == 404
