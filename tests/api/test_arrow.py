"""POST /readings with an Arrow stream."""

from __future__ import annotations

import io
import time

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from api.arrow_size import unpacked_size
from data_access.lab import Lab
from tests.api.test_readings import post, stored

ARROW = "application/vnd.apache.arrow.stream"


def arrow(table: pa.Table, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_an_arrow_stream_is_read(client: FlaskClient, lab: Lab, compression: str | None) -> None:
    now = time.time()
    table = pa.table(
        {
            "channel": pa.array(["arbin-1-01", "arbin-1-02", None]).dictionary_encode(),
            "unix_time_second": [now, now, now],
            "voltage_volt": pa.array([3.7, None, 3.6], pa.float32()),
            "current_ampere": pa.array([1, 1, 1], pa.int64()),
            "cycle_count": pa.array([1, None, 2], pa.int32()),
        }
    )
    answer = post(client, arrow(table, compression), ARROW)
    assert answer.status_code == 202
    assert answer.json["accepted"] == 1
    assert [(one["index"], one["column"]) for one in answer.json["rejected"]] == [
        (1, "voltage_volt"),
        (2, "channel"),
    ]
    assert stored(lab)[0]["cycle_count"] == 1.0
    assert "arbin-1-02" in client.get("/api/v1/quarantine").text


def test_times_in_extra_columns_are_kept_as_text(client: FlaskClient, lab: Lab) -> None:
    when = pa.array([1_800_000_000, None], pa.timestamp("s", "UTC"))
    table = pa.table({**_good(2), "calibrated": when, "date": pa.array([20_000, 20_001], pa.date32())})
    assert post(client, arrow(table), ARROW).json == {"accepted": 2, "rejected": []}
    rows = stored(lab)
    assert [one["calibrated"] for one in rows] == ["2027-01-15 08:00:00Z", None]
    assert [one["date"] for one in rows] == ["2024-10-04", "2024-10-05"]


@pytest.mark.parametrize("zone", ["Nowhere/At all", "UTC"])
def test_times_that_no_calendar_has_are_refused_or_kept_but_break_nothing(client: FlaskClient, zone: str) -> None:
    table = pa.table({**_good(1), "calibrated": pa.array([2**62], pa.timestamp("s", zone))})
    assert post(client, arrow(table), ARROW).status_code in (202, 400)


def _good(rows: int) -> dict[str, object]:
    now = time.time()
    return {
        "channel": ["arbin-1-01"] * rows,
        "unix_time_second": [now + row for row in range(rows)],
        "voltage_volt": [3.7] * rows,
        "current_ampere": [1.0] * rows,
    }


@pytest.mark.parametrize("body", [b"no arrow", b"\xff\xff\xff\xff", b"ARROW1\0\0"])
def test_what_is_no_arrow_stream_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = post(client, body, ARROW)
    assert answer.status_code == 400
    assert "Arrow" in answer.json["error"]


def test_a_cut_arrow_stream_is_refused(client: FlaskClient) -> None:
    whole = arrow(pa.table({"channel": ["a"] * 1000}))
    assert post(client, whole[: len(whole) // 2], ARROW).status_code == 400


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_an_arrow_stream_is_weighed_before_it_is_unpacked(client: FlaskClient, compression: str | None) -> None:
    table = pa.table({"channel": pa.array(["x"]).dictionary_encode().take([0] * 900_000), "v": [0.0] * 900_000})
    small, large = arrow(table, compression), arrow(pa.table({"v": [0.0] * 2_200_000}), compression)
    assert 10_800_000 <= unpacked_size(small) < 16 * 1024**2 < unpacked_size(large)
    answer = post(client, large, ARROW)
    assert answer.status_code == 413
    assert "16 MiB" in answer.json["error"]


def test_columns_of_nothing_do_not_make_rows_without_end(client: FlaskClient) -> None:
    answer = post(client, arrow(pa.table({"a": pa.nulls(1_000_001)})), ARROW)
    assert answer.status_code == 413
    assert "rows" in answer.json["error"]


def test_broken_arrow_bytes_never_break_the_server(client: FlaskClient) -> None:
    whole = arrow(pa.table({"channel": ["arbin-1-01"] * 50, "voltage_volt": [3.7] * 50}), "zstd")
    for place in range(0, len(whole), 7):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        assert post(client, broken, ARROW).status_code in (202, 400, 413)
