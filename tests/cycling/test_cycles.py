"""Readings to cycles: what a cycle tells, over restarts, holes and missing counters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cycling.grading import Grades
from cycling.readings import Batch, concat
from cycling.topology import TestFacts
from cycling.types import Cycle
from cycling.watch import Watch
from tests.cycling.build import CELL, START, cell, in_discharge, lab, spoil, watched

DISCHARGE_AH = 2.0 * 120 * 30 / 3600  # 120 readings of 2 A, 30 s apart


def cycles(batch: Batch) -> dict[int, Cycle]:
    return {number: cycle for (_test, number), cycle in watched(batch).cycles.items()}


def without(batch: Batch, *names: str) -> Batch:
    return Batch({name: values for name, values in batch.columns.items() if name not in names})


def test_a_cycle_is_told_when_the_next_one_begins() -> None:
    assert sorted(cycles(cell(5))) == [1, 2, 3, 4]


def test_the_last_cycle_is_told_at_the_end_of_a_replay() -> None:
    watch = Watch(lab(), None, {"T1": CELL})
    batch = cell(3)
    watch.fold(batch, float(batch.numbers("unix_time_second")[-1]))
    assert [cycle.cycle_count for cycle in watch.finish()][-1] == 3


def test_capacity_is_integrated_where_the_cycler_does_not_count() -> None:
    found = cycles(cell(4))[2]
    assert found.discharging_capacity_ah == pytest.approx(DISCHARGE_AH, rel=0.01)
    assert found.kind == "regular"


def test_the_cyclers_own_counters_are_followed() -> None:
    batch = cell(4)
    ampere, every = batch.numbers("current_ampere"), 30.0
    discharged = np.cumsum(np.maximum(-ampere, 0)) * every / 3600 * 1.5  # a counter that says half as much more
    found = cycles(batch.with_columns(discharging_capacity_ah=discharged))[2]
    assert found.discharging_capacity_ah == pytest.approx(1.5 * DISCHARGE_AH, rel=0.01)


def test_a_counter_that_restarts_with_each_cycle_gives_the_same() -> None:
    batch = cell(4)
    ampere, number = batch.numbers("current_ampere"), batch.numbers("cycle_count")
    steps = np.maximum(-ampere, 0) * 30.0 / 3600
    total = np.cumsum(steps)
    restarting = total - np.concatenate(
        [[total[number < n][-1] if n > 1 else 0.0] * (number == n).sum() for n in (1, 2, 3, 4)]
    )
    never = cycles(batch.with_columns(discharging_capacity_ah=total))
    always = cycles(batch.with_columns(discharging_capacity_ah=restarting))
    for n in (1, 2, 3):
        assert always[n].discharging_capacity_ah == pytest.approx(never[n].discharging_capacity_ah, rel=1e-9)


def test_energy_is_charge_times_voltage_and_efficiency_their_ratio() -> None:
    found = cycles(cell(4))[2]
    assert 3.0 < found.discharging_energy_wh / found.discharging_capacity_ah < 4.2
    assert found.energy_efficiency == found.discharging_energy_wh / found.charging_energy_wh
    assert found.coulombic_efficiency == found.discharging_capacity_ah / found.charging_capacity_ah


def test_durations_count_only_their_own_steps() -> None:
    found = cycles(cell(4))[2]
    assert found.charge_duration_second == pytest.approx(208 * 30, abs=60)
    assert found.discharge_duration_second == pytest.approx(120 * 30, abs=60)


def test_temperatures_leave_out_what_no_cell_can_have() -> None:
    batch = cell(4)
    spoiled = spoil(batch, in_discharge(batch, cycle=2), surface_temperature_celsius=1372.0)
    found = cycles(spoiled)[2]
    assert found.surface_temperature_celsius_max < 40
    assert 24 < found.surface_temperature_celsius_min < found.surface_temperature_celsius_mean < 35
    assert found.ambient_temperature_celsius_mean == pytest.approx(25, abs=0.2)


def test_resistance_of_zero_means_not_measured() -> None:
    batch = cell(4)
    measured = np.full(len(batch), np.nan)
    measured[10::50] = 0.05
    assert cycles(batch.with_columns(internal_resistance_ohm=measured))[2].internal_resistance_ohm == pytest.approx(
        0.05
    )
    assert math.isnan(cycles(batch)[2].internal_resistance_ohm)


def test_cycles_are_counted_without_the_cyclers_count() -> None:
    assert sorted(cycles(without(cell(5), "cycle_count", "step_count"))) == [1, 2, 3, 4]


def test_one_odd_sample_makes_no_cycle() -> None:
    batch = without(cell(4), "cycle_count", "step_count", "step_type")
    glitch = spoil(batch, slice(60, 61), current_ampere=-4.48)
    assert sorted(cycles(glitch)) == [1, 2, 3]


def test_a_restart_of_the_counters_goes_on_counting() -> None:
    first, second = cell(3), cell(3, start=START + 86_400)
    found = cycles(concat([first, second]))
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert [found[n].cycler_cycle_count for n in sorted(found)] == [1, 2, 3, 1, 2]
    assert found[4].discharging_capacity_ah == pytest.approx(DISCHARGE_AH, rel=0.01)


def test_nothing_is_integrated_over_a_restart() -> None:
    broken = cell(1).take(slice(0, 60))  # ends in mid-charge, with current flowing
    found = cycles(concat([broken, cell(2, start=START + 86_400)]))
    assert found[1].charging_capacity_ah < 1.0
    assert found[1].kind == "incomplete"


def test_a_hole_inside_a_step_makes_the_cycle_incomplete() -> None:
    batch = cell(4)
    hole = in_discharge(batch, cycle=2, skip=10, rows=80)
    keep = np.ones(len(batch), dtype=bool)
    keep[hole] = False
    found = cycles(batch.take(keep))
    assert found[2].kind == "incomplete"
    assert math.isnan(found[2].state_of_health)


def test_a_pause_between_cycles_spoils_nothing() -> None:
    batch = cell(4)
    later = np.where(batch.numbers("cycle_count") >= 3, 86_400.0, 0.0)
    shifted = batch.with_columns(
        unix_time_second=batch.numbers("unix_time_second") + later,
        test_time_second=batch.numbers("test_time_second") + later,
    )
    assert [cycle.kind for _n, cycle in sorted(cycles(shifted).items())] == ["regular"] * 3


def test_a_cycle_without_charge_is_incomplete() -> None:
    batch = cell(3)
    started_late = batch.take(slice(215, None))
    assert cycles(started_late)[1].kind == "incomplete"


def test_a_cycle_with_a_lost_contact_is_faulty() -> None:
    batch = cell(4)
    found = cycles(spoil(batch, in_discharge(batch, cycle=2), current_ampere=0.0, voltage_volt=0.01))
    assert [found[n].kind for n in (1, 2, 3)] == ["regular", "faulty", "regular"]


def test_state_of_health_is_against_the_median_of_cycles_3_to_12() -> None:
    found = cycles(cell(16))
    reference = np.median([found[n].discharging_capacity_ah for n in range(3, 13)])
    for n in (1, 5, 15):
        assert found[n].state_of_health == pytest.approx(found[n].discharging_capacity_ah / reference, rel=1e-9)


def test_state_of_health_can_be_against_the_nominal_capacity() -> None:
    grades = Grades()
    facts = TestFacts(test="T1", nominal_capacity_ah=4.0, end_of_life_reference="nominal")
    from tests.cycling.test_grading import raw

    (cycle,) = grades.grade([raw(1, discharged=2.0)], {"T1": facts}.get, lambda _raw: False)
    assert cycle.state_of_health == 0.5


def test_a_finished_channel_tells_its_last_cycle() -> None:
    batch = cell(2)
    status = np.full(len(batch), "running", dtype=object)
    status[-1] = "finished"
    assert sorted(cycles(batch.with_columns(channel_status=status))) == [1, 2]


def test_a_new_test_tells_the_last_cycle_of_the_old_one() -> None:
    after = cell(1, test="T2", start=START + 100_000)
    assert ("T1", 2) in watched(concat([cell(2), after])).cycles


def test_what_flows_before_the_first_reading_of_a_charge_belongs_to_the_new_cycle() -> None:
    batch = cell(4, every=240.0)
    ampere, kind = batch.numbers("current_ampere").copy(), batch.texts("step_type")
    ampere[kind == "REST"] = 2e-4  # what a cycler reads at rest
    flowing = np.where(kind == "REST", 0.0, ampere)
    charged = np.cumsum(np.maximum(flowing, 0.0)) * 240 / 3600
    found = cycles(batch.with_columns(current_ampere=ampere, charging_capacity_ah=charged))
    true = charged[batch.numbers("cycle_count") == 2][-1] - charged[batch.numbers("cycle_count") == 1][-1]
    assert found[2].charging_capacity_ah == pytest.approx(true, rel=1e-9)


def test_rows_that_cannot_be_read_cost_no_capacity() -> None:
    batch = cell(3)
    odd = np.arange(7, len(batch), 23)
    volts, amperes = batch.numbers("voltage_volt").copy(), batch.numbers("current_ampere").copy()
    volts[odd], amperes[odd[::2]] = np.nan, np.nan
    whole, holed = watched(batch), watched(batch.with_columns(voltage_volt=volts, current_ampere=amperes))
    for key, cycle in whole.cycles.items():
        assert holed.cycles[key].discharging_capacity_ah == pytest.approx(cycle.discharging_capacity_ah, rel=0.02)
        assert holed.cycles[key].kind == cycle.kind


def test_one_wild_current_does_not_turn_the_rest_of_the_test_into_rest() -> None:
    bare = Batch({n: v for n, v in cell(4).columns.items() if n not in ("step_type", "step_count", "cycle_count")})
    wild = spoil(bare, slice(50, 51), current_ampere=5000.0)
    assert set(watched(wild).cycles) == set(watched(bare).cycles)


def test_a_cycle_that_went_by_unseen_is_not_added_to_the_next_one() -> None:
    """Nothing was sent from one rest to the rest after the next discharge; the cycler's counters went on."""
    batch = counting(cell(6))
    cycle, kind = batch.numbers("cycle_count"), batch.texts("step_type")
    rest = np.flatnonzero((cycle == 3) & (kind == "REST"))[-1]
    again = np.flatnonzero((cycle == 4) & (kind == "REST"))[-1]
    seen = watched(batch.take(np.r_[0 : rest + 1, again : len(batch)]))
    assert {number: c.kind for (_test, number), c in seen.cycles.items() if number in (3, 4)} == {
        3: "regular",
        4: "incomplete",
    }


def counting(batch: Batch) -> Batch:
    """The batch with the counters of a cycler that measures every second of it."""
    flow = batch.numbers("current_ampere") * 30.0 / 3600.0
    return batch.with_columns(
        charging_capacity_ah=np.cumsum(np.maximum(flow, 0.0)), discharging_capacity_ah=np.cumsum(np.maximum(-flow, 0.0))
    )
