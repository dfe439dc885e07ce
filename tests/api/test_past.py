"""GET /past: what it answers, and the sentence for each way in which it cannot."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data_access.lab import Lab
from monitor import record
from tests.api.conftest import row


def begun(client: FlaskClient, seconds: float = 100.0) -> float:
    """A reading so long ago; says when."""
    at = time.time() - seconds
    client.post("/api/v1/readings", json={"readings": [row(unix_time_second=at)]})
    return at


def test_one_moment_is_a_full_frame_with_the_time_it_shows(client: FlaskClient) -> None:
    begun(client)
    at = int(time.time()) + 1
    told = client.get(f"/api/v1/past?at={at}").get_json()
    assert told["at"] == at
    assert told["frame"]["full"] is True
    assert told["frame"]["t"] == at
    assert told["frame"]["names"]["list"] == ["arbin-1-01"]


def test_several_moments_come_in_order_and_never_lie_ahead(client: FlaskClient) -> None:
    begun(client)
    start = time.time() - 3
    told = client.get(f"/api/v1/past?from={start}&to={start + 1000}&step=1").get_json()
    times = [frame["t"] for frame in told["frames"]]
    assert times[0] == pytest.approx(start, abs=0.001)
    assert 1 <= len(times) <= 6
    assert times == sorted(times)


def test_a_body_is_packed_for_who_takes_it_so(client: FlaskClient) -> None:
    begun(client)
    answer = client.get(f"/api/v1/past?at={int(time.time()) + 1}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("at=yesterday", 'at="yesterday": expected a time such as 2026-11-20T03:00'),
        ("", 'at="": expected a time'),
        ("at=2099-01-01T00:00", 'at="2099-01-01T00:00" lies in the future: now it is '),
        ("from=1000", "to is missing"),
        ("from=2000&to=1000&step=1", "to=1000 lies before from=2000"),
        ("from=1000&to=2000&step=0", "step=0: expected 0.1 to 86400 seconds."),
        ("from=1000&to=2000&step=x", 'step="x": expected a number'),
        ("from=9999999999&to=9999999999&step=1", "from=9999999999 lies in the future"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(client: FlaskClient, query: str, sentence: str) -> None:
    answer = client.get(f"/api/v1/past?{query}")
    assert answer.status_code == 400
    assert sentence in answer.get_json()["error"]


def test_before_the_first_reading_it_says_when_the_records_begin(client: FlaskClient, lab: Lab) -> None:
    assert client.get("/api/v1/past?at=1700000000").get_json()["error"].endswith("nothing has been archived yet.")
    begun(client)

    record.flush(lab, time.time())
    answer = client.get("/api/v1/past?at=2020-01-01T00:00")
    assert answer.status_code == 404
    assert (
        "There is no reading of 1 Jan 2020 00:00:00 (UTC) or before: the records begin at" in answer.get_json()["error"]
    )


def test_an_archive_that_is_away_is_one_sentence(client: FlaskClient, lab: Lab) -> None:
    begun(client)

    table = Path(lab.archive.url) / "readings"
    table.mkdir(parents=True)
    (table / "left-over.parquet").write_text("no log beside it")
    answer = client.get("/api/v1/past?at=1700000000")
    assert answer.status_code == 503
    assert "no Delta table" in json.loads(answer.data)["error"]
