"""Reprocess: the whole archive through the watch, in one process and on a real Dask cluster, to the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cycling.readings import concat
from data_access import begun, fleet, fleet_summary
from data_access.archive import Archive
from data_access.arrivals import in_order_of_arrival
from monitor.times import EXPECTED
from tests.cycling.build import START
from tests.monitor.fleet import (
    FILES,
    LAB,
    ROOT,
    Cluster,
    archived,
    as_file,
    command,
    contents,
    environment,
    readings,
    reprocessed,
    reprocessed_on,
    running_cluster,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lab with the fleet's readings in its archive."""
    home = tmp_path_factory.mktemp("fleet")
    (home / "lab.toml").write_text(LAB)
    archived(home / "archive", readings())
    return home


@pytest.fixture(scope="module")
def alone(home: Path) -> Path:
    """What one process makes of it."""
    done = reprocessed(home, home / "alone")
    assert done.returncode == 0, done.stderr
    return home / "alone"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("dask"), workers=2) as running:
        yield running


def found(out: Path, name: str = "alerts.json") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((out / name).read_text())
    return told


def test_it_finds_what_a_replay_of_the_same_rows_finds(home: Path, alone: Path, tmp_path: Path) -> None:
    file = as_file(tmp_path / "rows.parquet", readings())
    replay = [sys.executable, "-m", "monitor", "replay", "--lab", str(home / "lab.toml"), "--out", str(tmp_path)]
    subprocess.run([*replay, str(file)], cwd=ROOT, check=True, capture_output=True)
    kinds = [alert["kind"] for alert in found(alone)]
    assert {"contact-lost", "cycler-silent", "channel-silent"} <= set(kinds)
    for name in ("alerts.json", "cycles.parquet"):
        assert (alone / name).read_bytes() == (tmp_path / name).read_bytes(), name
    # A notice tells of all alerts of a kind that come together, in a reprocess of those of one piece.
    notices = [
        sorted((alert, one["reason"]) for one in found(out, "notices.json") for alert in one["alerts"])
        for out in (alone, tmp_path)
    ]
    assert notices[0] == notices[1]


def test_the_summary_is_what_the_rows_say(alone: Path) -> None:
    rows = pd.concat([pd.DataFrame(dict(batch.columns)) for batch in readings()])
    said = pd.read_parquet(alone / "summary.parquet")
    groups = rows.groupby(["channel", "test", "cycle_count"])
    assert said[["channel", "test", "cycle_count"]].to_numpy().tolist() == [list(key) for key in groups.groups]
    assert said.rows.tolist() == groups.size().tolist()
    assert said.voltage_volt_max.tolist() == groups.voltage_volt.max().tolist()
    assert said.surface_temperature_celsius_min.tolist() == groups.surface_temperature_celsius.min().tolist()
    assert said.end_unix_time_second.tolist() == groups.unix_time_second.max().tolist()
    assert said.test_time_second.tolist() == groups.test_time_second.max().tolist()
    assert "clock" not in said.columns


def test_the_summary_is_the_same_however_the_files_are_parted(home: Path) -> None:
    files = fleet.plan(Archive(str(home / "archive")))
    found = []
    for rows, at_once in ((10**9, 1), (10**9, 2), (1, 1)):
        parts = fleet.chunks(files, rows, 500, at_once)
        assert len(parts) == (at_once if rows > 1 else len(files.files))
        found.append(fleet_summary.whole([fleet_summary.part(part, 1) for part in parts], files.schema))
    assert found[0].num_rows
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_two_worker_processes_give_the_same_bytes(home: Path, alone: Path, cluster: Cluster, tmp_path: Path) -> None:
    done = reprocessed_on(cluster, home, tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == contents(alone)
    units = [line.partition(":")[0] for line in done.stdout.splitlines()[1:-1]]
    assert sorted(units) == ["sim-1", "sim-2", "sim-3", "unlisted stray-1…stray-2"]


def test_a_worker_that_dies_in_the_middle_is_made_up_for(home: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with running_cluster(tmp_path, workers=1) as cluster:
        given = command(out, "--dask", cluster.address)
        with subprocess.Popen(given, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            running.stdout.readline()  # the files are scanned
            first = running.stdout.readline()
            assert "(1 of 4" in first
            cluster.workers[0].kill()
            cluster.start_worker()
            running.stdout.read()
            assert running.wait() == 0
    assert contents(out) == contents(alone)


def test_a_worker_of_other_code_is_refused(home: Path, cluster: Cluster, tmp_path: Path) -> None:
    for room in ("cycling", "data_access", "monitor"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "cycling" / "judge.py"
    changed.write_text(changed.read_text() + "\nCHANGED = True\n")
    stranger = cluster.start_worker(tmp_path)
    cluster.wait_for_workers()
    done = reprocessed_on(cluster, home, tmp_path / "out")
    stranger.kill()
    stranger.wait()
    assert done.returncode == 1
    assert "runs another version of Cellwatch" in done.stderr
    assert not (tmp_path / "out" / "alerts.json").exists()


def test_a_scheduler_that_is_not_there_is_one_clear_line(home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path, "--dask", "tcp://127.0.0.1:1"),
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("There is no Dask scheduler at tcp://127.0.0.1:1 (")
    assert len(done.stderr.splitlines()) == 1


def test_other_limits_find_other_alerts(home: Path, alone: Path, tmp_path: Path) -> None:
    options = ("--set", "detectors.contact-lost.samples=1000", "--set", "detectors.cycler-silent.enabled=false")
    done = reprocessed(home, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    kinds = {alert["kind"] for alert in found(tmp_path)}
    assert kinds == {alert["kind"] for alert in found(alone)} - {"contact-lost", "cycler-silent"}
    assert (tmp_path / "summary.parquet").read_bytes() == (alone / "summary.parquet").read_bytes()


def test_every_fault_of_what_was_asked_is_told_at_once(home: Path, tmp_path: Path) -> None:
    wrong = ("detectors.contact-lst.samples=3", "detectors.contact-lost.smaples=3", "detectors.frozen.enabled=maybe")
    options = [part for one in (*wrong, "contact-lost=3") for part in ("--set", one)]
    done = reprocessed(home, tmp_path / "out", *options, "--since", "yesterday", "--dask", "here")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0].startswith('--set "contact-lost=3": expected detectors.KIND.FIELD=VALUE')
    assert '--set detectors.contact-lst: there is no "contact-lst"; did you mean "contact-lost"?' in said
    assert '--set detectors.contact-lost.smaples = 3: no setting "smaples"; did you mean "samples"?' in said
    assert '--set detectors.frozen.enabled = "maybe": expected true or false' in said
    assert f'--since "yesterday": {EXPECTED}' in said
    assert said[-1].startswith('--dask "here": expected the address of a Dask scheduler')
    assert not (tmp_path / "out").exists()


def test_only_readings_of_the_asked_time_count(home: Path, tmp_path: Path) -> None:
    done = reprocessed(home, tmp_path, "--since", START + 30 * 100, "--until", "2023-11-14T23:13:20Z")
    assert done.returncode == 0, done.stderr
    said = pq.read_table(tmp_path / "summary.parquet").to_pandas()
    assert (said.start_unix_time_second.min(), said.end_unix_time_second.max()) == (START + 3000, START + 3600)
    assert reprocessed(home, tmp_path, "--until", "1000").stderr.endswith("has no readings of that time.\n")


def test_an_archive_that_was_taken_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(LAB)
    begun.begin(tmp_path, str(tmp_path / "archive"))
    done = reprocessed(tmp_path, tmp_path / "out")
    assert done.returncode == 1
    assert "is not there any more. Bring its folder back" in done.stderr
    assert not any((tmp_path / "out" / name).exists() for name in FILES)


@pytest.mark.parametrize("arrived", ["as measured", "partly an hour later", "all at once"])
def test_rows_come_in_order_of_arrival_in_pieces_of_bounded_size(tmp_path: Path, arrived: str) -> None:
    batch = concat(readings())
    unix = batch.numbers("unix_time_second")
    late = (unix > START + 40_000) & (unix < START + 47_000)
    clock = {"as measured": unix, "partly an hour later": unix + 3600.0 * late, "all at once": np.full(len(unix), 2e9)}
    archive = archived(tmp_path, [batch.with_columns(arrival_time_second=clock[arrived])])
    channels = tuple(sorted(set(batch.texts("channel"))))
    unit = fleet.Unit(name="all", fleet=fleet.plan(archive), channels=channels)
    pieces = list(in_order_of_arrival(unit, rows_at_once=2000))
    assert max(len(piece) for piece in pieces) < 4000 < len(batch)
    given = concat(pieces)
    order = list(zip(given.numbers("arrival_time_second"), given.numbers("unix_time_second"), strict=True))
    assert order == sorted(zip(clock[arrived], unix, strict=True))
