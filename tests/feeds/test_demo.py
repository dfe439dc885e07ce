"""The demo lab as a whole: 48 channels, real and simulated, second by second."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from cycling.topology import TestFacts, Topology
from cycling.validation import validate
from feeds.chambers import ChamberModel, model_of
from feeds.demo import Demo, Reported
from tests.feeds.build import RECORDINGS, demo_topology

NOW = 1.8e9


@pytest.fixture(scope="module")
def topology() -> Topology:
    return demo_topology()


def ticked(demo: Demo, seconds: int, first: int = 0) -> list[list[Reported]]:
    return [demo.tick(float(second), 1.0, NOW + second) for second in range(first, first + seconds)]


def by_cycler(reports: list[Reported]) -> dict[str, Mapping[str, Any]]:
    return {reported.cycler: reported.columns for reported in reports}


def test_the_lab_is_what_is_promised(topology: Topology) -> None:
    sources = [place.source for place in topology.places.values()]
    assert (sources.count("recorded"), sources.count("simulated")) == (12, 36)
    assert [chamber.setpoint_celsius for chamber in topology.chambers] == [24.0, 43.0, 4.0, 25.0]
    assert {cycler.power_circuit for cycler in topology.cyclers} == {"A", "B"}
    assert {test.channel for test in topology.tests} == set(topology.places)


def test_every_channel_reports_once_a_second_and_every_row_is_good(topology: Topology) -> None:
    for number, reports in enumerate(ticked(Demo(topology, RECORDINGS), 5)):
        channels = []
        for reported in reports:
            checked = validate(reported.columns, received=NOW + number)
            assert checked.rejected == ()
            channels += checked.batch.texts("channel").tolist()
            assert set(checked.batch.numbers("unix_time_second")) == {NOW + number}
        assert sorted(channels) == sorted(topology.places)


def test_test_time_runs_240_times_faster_than_life(topology: Topology) -> None:
    first, *_, last = ticked(Demo(topology, RECORDINGS), 11)
    for cycler in ("sim-1", "sim-2"):
        passed = by_cycler(last)[cycler]["test_time_second"] - by_cycler(first)[cycler]["test_time_second"]
        assert passed == pytest.approx(2400.0)


def test_the_silent_pc_comes_back_and_its_cells_have_kept_running(topology: Topology) -> None:
    demo = Demo(topology, RECORDINGS)
    ticked(demo, 3, first=85)
    before = by_cycler(demo.tick(89.0, 1.0, NOW))["sim-2"]
    during = ticked(demo, 35, first=90)
    after = by_cycler(demo.tick(125.0, 1.0, NOW))["sim-2"]
    assert all("sim-2" not in by_cycler(reports) for reports in during)
    assert all("sim-1" in by_cycler(reports) for reports in during)
    passed = np.array(after["test_time_second"]) - np.array(before["test_time_second"])
    assert passed == pytest.approx(36 * 240.0)


def test_a_power_cut_silences_its_circuit_and_cools_its_chamber(topology: Topology) -> None:
    demo = Demo(topology, RECORDINGS)
    ticked(demo, 2, first=470)
    before = by_cycler(demo.tick(479.0, 1.0, NOW))
    assert [set(by_cycler(reports)) for reports in ticked(demo, 40, first=480)] == [{"bench-1"}] * 40
    after = by_cycler(demo.tick(520.0, 1.0, NOW))
    for cycler in ("sim-1", "sim-2"):
        passed = after[cycler]["test_time_second"] - before[cycler]["test_time_second"]
        assert passed == pytest.approx(240.0)  # the tests stood still meanwhile
        chamber = "ambient_temperature_celsius"
        assert after[cycler][chamber].mean() < before[cycler][chamber].mean() - 1
    assert after["bench-1"]["ambient_temperature_celsius"][0] == pytest.approx(24.0, abs=1)


def test_a_lab_that_was_ended_goes_on_exactly(topology: Topology) -> None:
    one = Demo(topology, RECORDINGS)
    ticked(one, 20)
    saved = json.loads(json.dumps(one.to_json(running=False), allow_nan=False))
    other = Demo(topology, RECORDINGS, saved)
    for here, there in zip(ticked(one, 5, first=20), ticked(other, 5, first=20), strict=True):
        for mine, yours in zip(here, there, strict=True):
            for name, values in mine.columns.items():
                np.testing.assert_array_equal(values, yours.columns[name], err_msg=name)


def test_a_lab_that_was_killed_repeats_no_record_number_and_never_goes_back(topology: Topology) -> None:
    demo = Demo(topology, RECORDINGS)
    ticked(demo, 5)
    saved = json.loads(json.dumps(demo.to_json(running=True)))
    sent = by_cycler(ticked(demo, 8, first=5)[-1])  # more was sent before it was killed
    resumed = by_cycler(Demo(topology, RECORDINGS, saved).tick(0.0, 1.0, NOW))
    for cycler, columns in resumed.items():
        for name in ("record_index", "test_time_second"):
            assert (np.array(columns[name]) > np.array(sent[cycler][name])).all(), (cycler, name)


def stated(reports: list[Reported]) -> list[TestFacts]:
    return [facts for reported in reports for facts in reported.new_tests]


def test_every_test_says_once_where_its_readings_come_from(topology: Topology) -> None:
    first, second = ticked(Demo(topology, RECORDINGS), 2)
    origins = {facts.test: facts.extra["origin"] for facts in stated(first)}
    assert len(origins) == 48
    assert origins["B0005"].startswith("recorded by NASA Ames")
    assert origins["nmc-1c-01"] == "simulated"
    assert {facts.extra["chamber_temperature"] for facts in stated(first)} == {"simulated"}
    assert stated(second) == []


def test_tests_that_begin_later_are_stated_once_with_all_that_is_known(topology: Topology) -> None:
    demo = Demo(topology, RECORDINGS)
    ticked(demo, 1)
    saved = demo.to_json(running=False)
    saved["cyclers"]["bench-1"]["bench-1-04"]["test_second"] = 1e9  # the recording is over
    first, second = ticked(Demo(topology, RECORDINGS, saved), 2)
    [facts] = stated(first)
    assert (facts.test, facts.channel, facts.cell, facts.batch) == (
        *("B0029-run-2", "bench-1-04"),
        *("B0029", "nasa-43c-4a"),
    )
    assert stated(second) == []


def test_a_chamber_holds_its_setpoint_within_its_tolerance(topology: Topology) -> None:
    for chamber in topology.chambers:
        model = model_of(chamber)
        air = [model.air_celsius(second) for second in range(0, 100_000, 37)]
        assert max(abs(celsius - chamber.setpoint_celsius) for celsius in air) < (chamber.tolerance_kelvin or 2.0) - 0.3


def test_a_chamber_without_power_comes_to_room_temperature_and_back() -> None:
    model = ChamberModel(setpoint_celsius=43.0)
    for _ in range(200):
        model = model.after(600.0, powered=False)
    assert model.setpoint_celsius + model.away_kelvin == pytest.approx(22.0, abs=0.01)
    for _ in range(60):
        model = model.after(600.0, powered=True)
    assert model.away_kelvin == pytest.approx(0.0, abs=0.01)
