"""Replay: recorded readings through the real watch, from files to files, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cycling.readings import Batch
from monitor.replay import in_record_order, read
from tests.cycling.build import START, cell, in_discharge, spoil

LAB = """
[lab]
name = "Test lab"
timezone = "UTC"

[[cyclers]]
id = "sim-1"
channels = 4

[[tests]]
channel = "sim-1-01"
test = "T1"
nominal_capacity_ah = 2.0
voltage_max_volt = 4.2
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def lab_toml(tmp_path: Path) -> Path:
    path = tmp_path / "lab.toml"
    path.write_text(LAB)
    return path


def written(path: Path, batch: object) -> Path:
    frame = pd.DataFrame(dict(batch.columns))  # type: ignore[attr-defined]
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)
    return path


def replayed(lab: Path, out: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", "replay", "--lab", str(lab), "--out", str(out), *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def troubled(rows: int = 12) -> object:
    batch = cell(3)
    return spoil(batch, in_discharge(batch, rows=rows), current_ampere=0.0, voltage_volt=0.02)


def test_it_writes_the_four_files_and_names_the_fault(lab_toml: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = replayed(lab_toml, out, written(tmp_path / "a.parquet", troubled()))
    assert done.returncode == 0, done.stderr
    (alert,) = json.loads((out / "alerts.json").read_text())
    assert (alert["kind"], alert["severity"], alert["scope"]) == ("contact-lost", "P2", "channel:sim-1-01")
    assert alert["incident"] is None
    assert alert["suppressed"] is None
    assert [n["reason"] for n in json.loads((out / "notices.json").read_text())] == ["opened", "resolved"]
    assert json.loads((out / "forecasts.json").read_text()) == []
    cycles = pd.read_parquet(out / "cycles.parquet")
    assert cycles.cycle_count.tolist() == [1, 2, 3]
    assert cycles.kind.tolist() == ["regular", "faulty", "incomplete"] or cycles.kind.tolist()[1] == "faulty"


def test_csv_and_parquet_say_the_same(lab_toml: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        replayed(lab_toml, tmp_path / name[2:], written(tmp_path / name, troubled()))
    for file in ("alerts.json", "notices.json"):
        assert (tmp_path / "csv" / file).read_text() == (tmp_path / "parquet" / file).read_text()


def test_the_same_input_gives_the_same_output(lab_toml: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", troubled())
    for out in ("one", "two"):
        replayed(lab_toml, tmp_path / out, path)
    for file in ("alerts.json", "notices.json", "cycles.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_files_are_merged_by_their_clock(lab_toml: Path, tmp_path: Path) -> None:
    batch = troubled()
    whole = written(tmp_path / "whole.parquet", batch)
    halves = [
        written(tmp_path / "1.parquet", batch.take(slice(0, 400))),  # type: ignore[attr-defined]
        written(tmp_path / "2.parquet", batch.take(slice(400, None))),  # type: ignore[attr-defined]
    ]
    replayed(lab_toml, tmp_path / "one", whole)
    replayed(lab_toml, tmp_path / "two", *halves)
    assert (tmp_path / "one/alerts.json").read_text() == (tmp_path / "two/alerts.json").read_text()


def test_swapped_neighbours_are_put_right_and_a_restart_is_not_disorder() -> None:
    batch = cell(1).take(slice(0, 10))
    swapped = batch.take(np.array([0, 1, 3, 2, 4, 5, 7, 6, 8, 9]))
    assert in_record_order(swapped).numbers("record_index").tolist() == list(range(10))
    restarted = batch.with_columns(record_index=np.array([5.0, 6, 7, 8, 9, 0, 1, 2, 3, 4]))
    assert in_record_order(restarted).numbers("record_index").tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]


def test_arrival_is_the_clock_where_it_is_given(lab_toml: Path, tmp_path: Path) -> None:
    batch = cell(1)
    late = batch.numbers("unix_time_second") + np.where(np.arange(len(batch)) > 100, 4000.0, 0.0)
    replayed(lab_toml, tmp_path / "out", written(tmp_path / "a.parquet", batch.with_columns(arrival_time_second=late)))
    (alert,) = json.loads((tmp_path / "out/alerts.json").read_text())
    assert alert["kind"] == "channel-silent"
    assert alert["opened_at"] == START + 100 * 30 + 300


def test_bad_rows_are_named_and_the_others_replayed(lab_toml: Path, tmp_path: Path) -> None:
    batch = cell(1)
    times = batch.numbers("unix_time_second").copy()
    times[5] = -1.0
    done = replayed(
        lab_toml, tmp_path / "out", written(tmp_path / "a.parquet", batch.with_columns(unix_time_second=times))
    )
    assert "(1 rejected)" in done.stdout
    (row,) = json.loads((tmp_path / "out/rejected.json").read_text())
    assert (row["file"], row["index"], row["column"]) == ("a.parquet", 5, "unix_time_second")


def test_a_file_that_is_no_table_is_one_clear_line(lab_toml: Path, tmp_path: Path) -> None:
    (tmp_path / "noise.parquet").write_bytes(bytes(range(256)))
    done = replayed(lab_toml, tmp_path / "out", tmp_path / "noise.parquet")
    assert done.returncode == 1
    assert "noise.parquet" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_without_voltage_says_what_it_has(lab_toml: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("channel,unix_time_second,current_ampere\nsim-1-01,1,2\n")
    done = replayed(lab_toml, tmp_path / "out", path)
    assert done.returncode == 1
    assert "has no column voltage_volt" in done.stderr


def test_a_broken_lab_toml_lists_its_faults(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[lab]\nname = 3\ntimezon = "UTC"\n')
    done = replayed(tmp_path / "lab.toml", tmp_path / "out", tmp_path / "none.csv")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) >= 2
    assert not (tmp_path / "out").exists()


def test_a_missing_voltage_in_a_file_is_an_impossible_value_not_a_lost_row(tmp_path: Path) -> None:
    batch = spoil(cell(1), slice(50, 51), voltage_volt=np.nan)
    found, rejected = read(written(tmp_path / "a.parquet", batch))
    assert len(found) == len(batch)
    assert rejected == ()


def test_rows_exported_twice_are_folded_once(lab_toml: Path, tmp_path: Path) -> None:
    batch = cell(3)
    for name in ("with", "without"):
        kept = batch if name == "with" else Batch({n: v for n, v in batch.columns.items() if n != "record_index"})
        first = written(tmp_path / f"{name}-1.parquet", kept)
        again = written(tmp_path / f"{name}-2.parquet", kept)
        assert replayed(lab_toml, tmp_path / "once", first).returncode == 0
        assert replayed(lab_toml, tmp_path / "twice", first, again).returncode == 0
        once, twice = (pd.read_parquet(tmp_path / out / "cycles.parquet") for out in ("once", "twice"))
        pd.testing.assert_frame_equal(once, twice)


def test_one_stamp_years_ahead_holds_nothing_up(lab_toml: Path, tmp_path: Path) -> None:
    one, other = cell(2), cell(2, channel="sim-1-02", test="T2", start=START + 5)
    wrong = spoil(one, slice(200, 201), unix_time_second=START + 3e8)
    out = tmp_path / "out"
    files = (written(tmp_path / "a.parquet", wrong), written(tmp_path / "b.parquet", other))
    assert replayed(lab_toml, out, *files).returncode == 0
    assert json.loads((out / "alerts.json").read_text()) == []


def test_rows_without_a_test_belong_to_the_one_lab_toml_states_and_keep_its_limits(
    lab_toml: Path, tmp_path: Path
) -> None:
    batch = spoil(cell(2), slice(60, 90), voltage_volt=4.24)
    nameless = Batch({name: values for name, values in batch.columns.items() if name != "test"})
    replayed(lab_toml, tmp_path / "out", written(tmp_path / "a.parquet", nameless))
    (alert,) = json.loads((tmp_path / "out/alerts.json").read_text())
    assert (alert["kind"], alert["test"]) == ("over-voltage", "T1")
    assert set(pd.read_parquet(tmp_path / "out/cycles.parquet").test) == {"T1"}
