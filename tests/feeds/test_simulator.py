"""A simulated cycler runs its program and reports what a real one would."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cycling.topology import TestFacts
from cycling.validation import validate
from feeds.cell_kinds import KINDS, UnknownKind
from feeds.program import CHARGE, DISCHARGE, DONE, REST_EMPTY
from feeds.simulator import SimulatedCycler
from feeds.trouble import Trouble
from tests.feeds.build import HEALTHY, air, simulated

CONTACT = Trouble(lost={"sim-1-01": 5.0})
THERMOCOUPLE = Trouble(open_thermocouples={"sim-1-01"})


def run_until(cycler: SimulatedCycler, phase: int, trouble: Trouble = HEALTHY) -> None:
    for _ in range(5000):
        if cycler.bench.progress.phase[0] == phase:
            return
        cycler.advance(10.0, air(25.0, len(cycler.channels)), trouble)
    raise AssertionError(f"phase {phase} never came")


def test_a_cycle_is_charge_rest_discharge_rest() -> None:
    cycler, seen = simulated("nmc-1c"), []
    while cycler.bench.progress.cycle_count[0] < 2:
        [kind] = cycler.rows(HEALTHY)["step_type"]
        seen += [kind] if seen[-1:] != [kind] else []
        cycler.advance(10.0, air(25.0), HEALTHY)
    assert seen == ["CC_CHG", "CV_CHG", "REST", "CC_DCH", "REST"]


@pytest.mark.parametrize("chemistry", ["nmc", "lfp"])
def test_voltage_stays_inside_the_limits_of_the_program(chemistry: str) -> None:
    batches = [name for name in KINDS if name.startswith(chemistry)]
    cycler, kind, volts = simulated(*batches), KINDS[batches[0]], []
    for _ in range(300):
        cycler.advance(60.0, air(25.0, len(batches)), HEALTHY)
        volts += cycler.rows(HEALTHY)["voltage_volt"].tolist()
    assert kind.volt_min - 0.03 < min(volts)
    assert max(volts) < kind.volt_max + 0.015


def test_time_passes_the_same_in_large_and_in_small_pieces() -> None:
    whole, pieces = simulated("nmc-1c", "nmc-fast"), simulated("nmc-1c", "nmc-fast")
    whole.advance(4800.0, air(25.0, 2), HEALTHY)
    for _ in range(20):
        pieces.advance(240.0, air(25.0, 2), HEALTHY)
    assert whole.to_json()["state"] == pieces.to_json()["state"]
    assert whole.to_json()["progress"] == pieces.to_json()["progress"]


def test_a_saved_cycler_goes_on_exactly_where_it_was() -> None:
    one = simulated("lfp-fast", "lfp-2c")
    for _ in range(25):
        one.advance(240.0, air(25.0, 2), HEALTHY)
    other = SimulatedCycler("sim-1", one.tests, json.loads(json.dumps(one.to_json(), allow_nan=False)))
    for _ in range(25):
        here = one.report(240.0, air(25.0, 2), HEALTHY)
        there = other.report(240.0, air(25.0, 2), HEALTHY)
        for name, values in here.items():
            np.testing.assert_array_equal(values, there[name], err_msg=name)


def test_a_cell_without_contact_shows_no_voltage_and_no_current_in_a_step_that_should_run() -> None:
    cycler = simulated("nmc-1c")
    run_until(cycler, DISCHARGE)
    before = cycler.bench.progress
    rows = cycler.report(240.0, air(25.0), CONTACT)
    assert rows["step_type"] == ["CC_DCH"]
    assert abs(rows["current_ampere"][0]) < 0.01
    assert 0 <= rows["voltage_volt"][0] < 0.05
    assert rows["channel_status"] == ["running"]
    assert cycler.bench.progress.discharging_capacity_ah[0] == before.discharging_capacity_ah[0]


def test_the_step_goes_on_when_the_contact_is_back() -> None:
    cycler = simulated("nmc-1c")
    run_until(cycler, DISCHARGE)
    cycler.advance(2400.0, air(25.0), CONTACT)
    rows = cycler.report(240.0, air(25.0), HEALTHY)
    assert rows["step_type"] == ["CC_DCH"]
    assert rows["current_ampere"][0] == pytest.approx(-2.5, abs=0.01)


def test_an_open_thermocouple_reads_the_end_of_its_table_and_nothing_else_changes() -> None:
    cycler = simulated("nmc-1c", "nmc-1c")
    cycler.advance(240.0, air(25.0, 2), HEALTHY)
    wrong, right = cycler.rows(THERMOCOUPLE), cycler.rows(HEALTHY)
    assert wrong["surface_temperature_celsius"][0] == 1372.0
    assert wrong["surface_temperature_celsius"][1] == right["surface_temperature_celsius"][1]
    assert wrong["voltage_volt"][0] == right["voltage_volt"][0]


def test_without_power_nothing_flows_and_the_test_stands_still() -> None:
    cycler = simulated("nmc-1c")
    run_until(cycler, DISCHARGE)
    before = cycler.bench
    cycler.advance(3600.0, air(20.0), Trouble(powered=False))
    assert cycler.bench.progress == before.progress
    assert cycler.bench.record_index == before.record_index
    assert cycler.bench.state.charge_ah == before.state.charge_ah
    assert cycler.bench.state.temperature_celsius[0] < before.state.temperature_celsius[0]


def test_a_worn_cell_is_finished_and_later_replaced_by_a_new_one_under_a_new_test() -> None:
    cycler = simulated("nmc-1c", "nmc-1c")
    cycler.bench.state.throughput_ah[0] = 600.0
    run_until(cycler, DONE)
    assert cycler.rows(HEALTHY)["channel_status"] == ["finished", "running"]
    cycler.advance(10_800.0, air(25.0, 2), HEALTHY)
    rows = cycler.rows(HEALTHY)
    assert rows["test"] == ["cell-1.2", "cell-2"]
    assert rows["channel_status"] == ["running", "running"]
    assert rows["cycle_count"][0] == 1
    assert [facts.cell for facts in cycler.facts()] == ["cell-1.2", "cell-2"]
    assert cycler.bench.progress.phase[0] == CHARGE


def test_a_cycle_gives_back_what_was_charged_but_for_the_coulombic_loss() -> None:
    cycler = simulated("nmc-half")
    run_until(cycler, REST_EMPTY)
    before = cycler.bench.progress
    run_until(cycler, CHARGE)
    run_until(cycler, REST_EMPTY)
    after = cycler.bench.progress
    out = after.discharging_capacity_ah[0] - before.discharging_capacity_ah[0]
    into = after.charging_capacity_ah[0] - before.charging_capacity_ah[0]
    assert out / into == pytest.approx(0.9985, abs=0.0015)  # 0.9995, less what it faded meanwhile


def test_its_rows_are_good_readings() -> None:
    cycler = simulated("nmc-half", "nmc-1c")
    run_until(cycler, REST_EMPTY)
    rows = cycler.report(240.0, air(25.0, 2), HEALTHY)
    checked = validate(rows | {"unix_time_second": np.full(2, 1.7e9)}, received=1.7e9)
    assert checked.rejected == ()
    assert len(checked.batch) == 2


def test_record_numbers_count_on() -> None:
    cycler = simulated("nmc-1c")
    numbers = [cycler.report(240.0, air(25.0), HEALTHY)["record_index"][0] for _ in range(5)]
    assert numbers == [1, 2, 3, 4, 5]


def test_a_batch_nothing_simulates_is_named_with_those_that_are_known() -> None:
    with pytest.raises(UnknownKind, match='nothing simulates the batch "nmc-2c"; known are nmc-half'):
        simulated("nmc-2c")


def test_a_channel_without_power_for_hours_keeps_its_place_in_the_lab() -> None:
    cycler = SimulatedCycler("sim-1", [TestFacts(test="x", channel="sim-1-01", batch="lfp-1c")])
    cycler.advance(86_400.0, air(22.0), Trouble(powered=False))
    assert cycler.rows(HEALTHY)["step_type"] == ["CC_CHG"]
