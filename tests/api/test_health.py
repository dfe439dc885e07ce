"""Liveness, readiness and metrics."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

import api.routes
from data_access import embedded
from data_access.lab import Lab, connect, install
from tests.api.conftest import TOPOLOGY, row


def beat(lab: Lab, ago: float = 0.0, *processes: str) -> None:
    for process in processes or ("record", "watch", "compact", "notify"):
        lab.live.beat(process, {"lag_second": 0.5, "lag_entries": 3}, time.time() - ago)


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_a_web_app_that_answers_is_alive(client: FlaskClient, prefix: str) -> None:
    assert client.get(f"{prefix}/healthz").json == {"alive": True, "version": "1.2.3"}


def test_a_lab_in_which_everything_answers_is_ready(client: FlaskClient, lab: Lab) -> None:
    beat(lab)
    client.post("/api/v1/readings", json={"readings": [row()]})
    answer = client.get("/readyz")
    assert answer.status_code == 200
    told = answer.json
    assert told is not None
    assert told["ready"]
    assert (told["redis"]["ok"], told["redis"]["durable"]) == (True, True)
    assert (told["archive"]["ok"], told["archive"]["lag_batches"]) == (True, 1)
    assert {name: one["state"] for name, one in told["monitor"].items()} == {
        "record": "live",
        "watch": "live",
        "compact": "live",
        "notify": "live",
    }
    assert told["monitor"]["record"]["lag_second"] == 0.5


@pytest.mark.parametrize(("process", "status"), [("record", 503), ("watch", 503), ("compact", 200), ("notify", 200)])
def test_without_record_or_watch_a_lab_is_not_ready(client: FlaskClient, lab: Lab, process: str, status: int) -> None:
    beat(lab)
    beat(lab, 11.0, process)
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["monitor"][process]["state"] == "dead"
    assert answer.json["monitor"][process]["age_second"] >= 11


def test_a_lab_whose_archive_takes_nothing_is_not_ready_and_says_why(client: FlaskClient, lab: Lab) -> None:
    beat(lab, 0.0, "watch")
    lab.live.beat("record", {"error": "The disk is full."}, time.time())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["archive"]["ok"]) == (503, False)  # type: ignore[index]
    assert answer.json["archive"]["detail"] == "The disk is full."  # type: ignore[index]


def test_a_lab_that_never_started_is_not_ready(client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 503


def test_metrics_are_text_that_prometheus_reads(client: FlaskClient, lab: Lab) -> None:
    beat(lab)
    client.post("/api/v1/readings", json={"readings": [row(), 3]})
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["cellwatch_info", "1.2.3"] == 1
    assert samples["cellwatch_ready",] == 1
    assert samples["cellwatch_process_up", "watch"] == 1
    assert samples["cellwatch_process_lag_seconds", "record"] == 0.5
    assert samples["cellwatch_process_lag_entries", "record"] == 3
    assert samples["cellwatch_quarantined_rows",] == 1
    assert samples["cellwatch_archive_lag_batches",] == 1


@pytest.fixture
def without_redis(tmp_path: Path, redis_home: Path) -> FlaskClient:
    """The API of a lab whose Redis is not there."""
    nowhere = connect(
        redis_url=f"unix://{tmp_path / 'none.sock'}",
        home=tmp_path,
        archive_url=str(tmp_path / "archive"),
        topology=TOPOLOGY,
    )
    server = Flask("test")
    install(server, nowhere, embedded.url(embedded.socket_path(redis_home)))
    api.routes.register(server, nowhere, "1.2.3")
    return server.test_client()


def test_while_redis_is_away_everything_that_needs_it_says_so(without_redis: FlaskClient) -> None:
    answer = without_redis.post("/api/v1/readings", json={"readings": [row()]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json is not None
    assert "Redis at" in answer.json["error"]
    assert without_redis.get("/api/v1/channels").status_code == 503
    assert without_redis.get("/healthz").status_code == 200
    ready = without_redis.get("/readyz")
    assert ready.status_code == 503
    assert ready.json is not None
    assert not ready.json["redis"]["ok"]
    assert "cellwatch_redis_up 0.0" in without_redis.get("/metrics").text


def test_what_nobody_foresaw_is_our_fault_and_no_secret(client: FlaskClient, lab: Lab) -> None:
    lab.live.client.set("tests:{lab}", "not a hash")
    answer = client.get("/api/v1/tests")
    assert answer.status_code == 500
    assert answer.json == {"error": "Something went wrong here; the log of the web app says what."}


def test_a_web_app_whose_settings_are_faulty_does_not_start(tmp_path: Path) -> None:
    project = Path(__file__).resolve().parents[2]
    (tmp_path / "lab.toml").write_text("[lab]\nnam = 1\n")
    environ = {"PYTHONPATH": str(project), "CELLWATCH_HOST": "0.0.0.0", "PATH": "/usr/bin:/bin"}
    python = project / ".venv" / "bin" / "python"
    ended = subprocess.run(
        [python, "-c", "import app; app.serve()"], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "CELLWATCH_HOST" in ended.stderr
    assert "lab.toml line 2 [lab] nam = 1" in ended.stderr
    assert "Traceback" not in ended.stderr
