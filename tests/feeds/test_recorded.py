"""The recorded cells are the measured ones, replayed row by row and never made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from feeds.recorded import Playback, Recording, RecordingMissing, load, played
from feeds.recorded_cycler import RecordedCycler
from feeds.trouble import Trouble
from tests.feeds.build import HEALTHY, RECORDINGS, air, demo_topology

CELLS = sorted(path.stem for path in RECORDINGS.glob("*.parquet"))


@pytest.fixture(scope="module")
def b0005() -> Recording:
    return load(RECORDINGS, "B0005")


def replayed(recording: Recording, seconds: float, until: float) -> list[dict[str, Any]]:
    playback, rows = Playback(), []
    while playback.test_second < until:
        playback, row = played(recording, playback, seconds)
        rows += [row] if row else []
    return rows


def test_twelve_cells_are_shipped() -> None:
    assert len(CELLS) >= 12


@pytest.mark.parametrize("cell", CELLS)
def test_a_recording_is_in_order_of_time_and_its_counters_never_fall(cell: str) -> None:
    columns = load(RECORDINGS, cell).columns
    assert (np.diff(columns["test_time_second"]) > 0).all()
    for name in ("charging_capacity_ah", "discharging_capacity_ah", "cycle_count", "step_count"):
        assert (np.diff(columns[name]) >= 0).all(), name


@pytest.mark.parametrize(("cell", "first"), [("B0005", 1.8565), ("B0048", 1.6589), ("B0032", 1.7043)])
def test_the_first_discharge_to_2_7_volt_is_what_nasa_states(cell: str, first: float) -> None:
    columns = load(RECORDINGS, cell).columns
    in_first = columns["discharging_capacity_ah"][columns["cycle_count"] == 1]
    assert in_first[-1] - in_first[0] == pytest.approx(first, rel=0.005)  # the cut-off is a sample or two later


def test_every_row_is_one_that_was_measured(b0005: Recording) -> None:
    table = pq.read_table(RECORDINGS / "B0005.parquet")
    measured = {
        (round(time, 3), float(volt), float(ampere))
        for time, volt, ampere in zip(
            table["test_time_second"].to_pylist(),
            table["voltage_volt"].to_pylist(),
            table["current_ampere"].to_pylist(),
            strict=True,
        )
    }
    for row in replayed(b0005, 240.0, until=100_000.0):
        assert (round(row["test_time_second"], 3), row["voltage_volt"], row["current_ampere"]) in measured


def test_it_shows_the_newest_row_and_never_one_from_the_future(b0005: Recording) -> None:
    playback = Playback()
    for number in range(1, 200):
        playback, row = played(b0005, playback, 240.0)
        assert row is not None
        assert number * 240.0 - 300.0 < row["test_time_second"] <= number * 240.0


def test_an_impossible_sample_is_not_skipped(b0005: Recording) -> None:
    volts = [row["voltage_volt"] for row in replayed(b0005, 240.0, until=500_000.0)]
    assert max(volts) == pytest.approx(8.393, abs=0.001)


@pytest.mark.parametrize("cell", ["B0005", "B0029", "B0046"])
def test_every_cycle_keeps_its_full_capacity_though_rows_are_skipped(cell: str) -> None:
    recording = load(RECORDINGS, cell)
    ends = {}
    for row in replayed(recording, 240.0, until=recording.length_second - 240):
        ends[row["cycle_count"]] = row["discharging_capacity_ah"]
    cycles, counted = recording.columns["cycle_count"], recording.columns["discharging_capacity_ah"]
    for cycle, shown in list(ends.items())[:-1]:
        assert shown == counted[cycles == cycle][-1]


def test_at_its_end_a_cell_begins_again_as_a_new_test(b0005: Recording) -> None:
    playback = Playback(test_second=b0005.length_second - 100, record_index=10_000)
    playback, last = played(b0005, playback, 240.0)
    playback, first = played(b0005, playback, 240.0)
    assert (last["test"], first["test"]) == ("B0005", "B0005-run-2")
    assert first["test_time_second"] <= 240.0
    assert first["record_index"] == last["record_index"] + 1


def test_a_slow_replay_shows_every_row_once(b0005: Recording) -> None:
    rows = replayed(b0005, 7.0, until=3_000.0)
    expected = b0005.columns["test_time_second"]
    assert [row["test_time_second"] for row in rows] == expected[expected <= rows[-1]["test_time_second"]].tolist()


def test_a_saved_replay_goes_on_with_the_next_row() -> None:
    tests = [test for test in demo_topology().tests if test.channel == "bench-1-04"]
    one = RecordedCycler("bench-1", tests, RECORDINGS)
    for _ in range(30):
        one.report(240.0, air(43.0), HEALTHY)
    other = RecordedCycler("bench-1", tests, RECORDINGS, one.to_json())
    for _ in range(10):
        assert one.report(240.0, air(43.0), HEALTHY) == other.report(240.0, air(43.0), HEALTHY)


def test_without_power_the_replay_waits() -> None:
    tests = [test for test in demo_topology().tests if test.channel == "bench-1-04"]
    cycler = RecordedCycler("bench-1", tests, RECORDINGS)
    before = cycler.playbacks
    assert cycler.report(240.0, air(43.0), Trouble(powered=False))["channel"] == []
    assert cycler.playbacks == before


def test_a_cell_that_was_never_recorded_is_named() -> None:
    with pytest.raises(RecordingMissing, match=r'No recording of the cell "B9999".*Recorded cells are: B0005'):
        load(RECORDINGS, "B9999")
