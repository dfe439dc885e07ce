"""The simulated cell behaves as a lithium-ion cell does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from feeds.cell_kinds import KINDS, LFP, NMC, cells_of
from feeds.cell_model import Curve, heat_watt, look, open_circuit_volt, state_of_health, step
from tests.feeds.build import air, cycled, one_cell


@pytest.mark.parametrize("curve", [NMC, LFP])
def test_a_fuller_cell_has_a_higher_voltage(curve: Curve) -> None:
    volts = open_circuit_volt(curve, np.linspace(-0.05, 1.05, 200))
    assert (np.diff(volts) > 0).all()


def test_charging_raises_and_discharging_lowers_the_voltage() -> None:
    cells, state = one_cell()
    seen = look(cells, state)
    assert seen.terminal_volt(np.array([2.0])) > seen.open_volt > seen.terminal_volt(np.array([-2.0]))


def test_a_charge_is_stored_except_for_the_coulombic_loss() -> None:
    cells, state = one_cell()
    later = state
    for _ in range(360):
        later = step(cells, later, look(cells, later), np.array([1.0]), air(25.0), 10.0)
    assert later.charge_ah - state.charge_ah == pytest.approx(cells.efficiency, rel=1e-9)


def test_the_energy_put_in_is_stored_or_turned_to_heat() -> None:
    cells, state = one_cell()
    current, put_in, stored, heat = np.array([2.5]), 0.0, 0.0, 0.0
    for _ in range(600):
        seen = look(cells, state)
        put_in += float(seen.terminal_volt(current)[0] * current[0])
        stored += float(seen.open_volt[0] * current[0])
        heat += float(heat_watt(state, seen, current)[0])
        state = step(cells, state, seen, current, air(25.0), 1.0)
    assert put_in == pytest.approx(stored + heat, rel=0.001)


def test_a_resting_cell_comes_to_the_temperature_of_its_chamber_with_a_time_constant_of_16_minutes() -> None:
    cells, state = one_cell()
    state = replace(state, temperature_celsius=np.array([45.0]))
    for _ in range(96):
        state = step(cells, state, look(cells, state), np.array([0.0]), air(25.0), 10.0)
    assert state.temperature_celsius[0] == pytest.approx(25 + 20 * np.exp(-1), abs=0.01)


def test_a_loaded_cell_warms_itself() -> None:
    cells, state = one_cell()
    for _ in range(60):
        state = step(cells, state, look(cells, state), np.array([-2.5]), air(25.0), 10.0)
    assert 25.5 < state.temperature_celsius[0] < 40


def test_resistance_rises_in_the_cold_and_with_age() -> None:
    cells, new = one_cell()
    cold = replace(new, temperature_celsius=np.array([4.0]))
    old = replace(new, throughput_ah=np.array([500.0]))
    assert look(cells, cold).ohmic_ohm > look(cells, new).ohmic_ohm
    assert look(cells, old).ohmic_ohm > look(cells, new).ohmic_ohm


def test_capacity_fades_slowly_then_bends() -> None:
    cells, state = one_cell()
    knee = float(cells.knee_cycles[0])

    def health(cycles: float) -> float:
        return float(state_of_health(cells, replace(state, throughput_ah=2 * cells.capacity_ah * cycles))[0])

    early, late = health(0.4 * knee) - health(0.6 * knee), health(1.4 * knee) - health(1.6 * knee)
    assert late > 3 * early > 0


def test_measured_capacity_falls_smoothly_from_cycle_to_cycle() -> None:
    capacities = cycled(KINDS["nmc-fast"], hours=20)
    whole = np.array(capacities[1:])
    assert len(whole) >= 7
    assert (np.diff(whole) < 0).all()
    assert np.abs(np.diff(whole, 2)).max() < 0.002 * whole[0]


def test_the_same_seed_makes_the_same_cell_and_another_seed_a_sibling() -> None:
    kinds = [KINDS["lfp-1c"]] * 3
    cells = cells_of(kinds, [7, 7, 8])
    assert cells.capacity_ah[0] == cells.capacity_ah[1]
    assert cells.knee_cycles[0] == cells.knee_cycles[1]
    assert 0 < abs(cells.capacity_ah[2] / cells.capacity_ah[0] - 1) < 0.05
