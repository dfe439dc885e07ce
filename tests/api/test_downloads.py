"""Readings and cycles of a test, in every format."""

from __future__ import annotations

import csv
import io
import math
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyarrow import parquet

from api.formats import streamed
from cycling.types import Cycle
from data_access.lab import Lab, Published, StoreAway
from tests.api.conftest import row
from tests.data_access.builders import cycle


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


def publish_cycles(lab: Lab, start: float) -> None:
    """Cycle 1 of "a/b" lasts from its fifth to its tenth reading; another test has one too."""
    ran = {"start_unix_time_second": start + 4, "end_unix_time_second": start + 9}
    cycles = [cycle(1, "a/b", **ran), cycle(1, "other", channel="arbin-1-02", **ran)]
    lab.live.publish(Published(now=time.time(), cycles=cycles))


def test_one_cycle_of_a_test_is_read(client: FlaskClient, lab: Lab, start: float) -> None:
    publish_cycles(lab, start)
    answer = client.get("/api/v1/tests/a/b/cycles/1/readings")
    assert answer.json is not None
    assert [told["unix_time_second"] for told in answer.json["readings"]] == [start + n for n in range(4, 10)]
    missing = client.get("/api/v1/tests/a/b/cycles/2/readings")
    assert missing.status_code == 404
    assert missing.json == {"error": 'There is no finished cycle 2 of test "a/b".'}
    assert client.get("/api/v1/tests/none/cycles/1/readings").status_code == 404


def test_cycles_of_all_tests_are_one_table(client: FlaskClient, lab: Lab, start: float) -> None:
    publish_cycles(lab, start)
    answer = client.get("/api/v1/cycles?format=parquet")
    found = parquet.read_table(io.BytesIO(answer.data)).to_pylist()
    assert [(told["test"], told["cycle_count"]) for told in found] == [("a/b", 1), ("other", 1)]
    assert client.get(f"/api/v1/cycles?from={start + 10}").json == {"cycles": []}


def test_readings_of_a_channel_are_those_of_all_its_tests(client: FlaskClient, start: float) -> None:
    client.post("/api/v1/readings", json={"readings": [row(test="next", unix_time_second=start + 50)]})
    answer = client.get(f"/api/v1/channels/arbin-1-01/readings?from={start + 19}")
    assert answer.json is not None
    assert [told["test"] for told in answer.json["readings"]] == ["a/b", "next"]
    assert client.get("/api/v1/channels/arbin-1-02/readings").json == {"readings": []}
    assert client.get("/api/v1/channels/nobody/readings").status_code == 404


def test_means_of_a_chamber_are_those_of_its_channels(client: FlaskClient, start: float) -> None:
    answer = client.get(f"/api/v1/chambers/a/means?seconds=10&from={start}&to={start + 9}")
    assert answer.json is not None
    means = answer.json["means"]
    assert sum(told["rows"] for told in means) == 10
    assert {told["voltage_volt_mean"] for told in means} == {3.7}
    assert client.get("/api/v1/chambers/b/means").status_code == 404
    assert client.get("/api/v1/chambers/a/means?seconds=0").status_code == 400
    assert client.get("/api/v1/chambers/a/means?from=0&seconds=1").status_code == 400


def test_json_says_words_and_numbers_as_they_are() -> None:
    rows = {
        "word": ['"quoted"\n', None, "ä"],
        "whole": pa.array([1, None, 2**53], pa.int64()),
        "number": [1.8e9 + 0.125, math.nan, math.inf],
        "small": pa.array([25.1, None, 3e-7], pa.float32()),
    }
    table = pa.table(rows)
    with Flask("test").app_context():
        answer = streamed("json", "x", table.schema, table.to_batches(), "rows")
    assert answer.json == {
        "rows": [
            {"word": '"quoted"\n', "whole": 1, "number": 1.8e9 + 0.125, "small": 25.1},
            {"word": None, "whole": None, "number": None, "small": None},
            {"word": "ä", "whole": 2**53, "number": None, "small": 3e-7},
        ]
    }


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
def test_reading_ends_when_the_client_goes_away(kind: str) -> None:
    table = pa.table({"number": np.arange(10)})
    reading = (table.to_batches()[0] for _ in range(100))
    answer = streamed(kind, "x", table.schema, reading, "rows")
    next(iter(answer.response))
    answer.close()
    assert reading.gi_frame is None


def test_a_store_that_is_away_is_said_before_the_first_byte() -> None:
    def reading() -> Any:
        raise StoreAway("The archive is away.")
        yield

    with pytest.raises(StoreAway):
        streamed("parquet", "x", pa.schema([]), reading(), "rows")
