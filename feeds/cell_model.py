"""A lithium-ion cell as a few equations: voltage, heat and ageing of many cells at once.

Semi-empirical: an open-circuit curve, an ohmic resistance that falls with temperature, one RC pair, one lump
of heat, and fade by throughput with a knee. docs/demo.md has the equations, the parameters and their
sources. Everything is an array over the cells of one cycler; a current that charges is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

KELVIN = 273.15
REFERENCE_KELVIN = 298.15
GAS_CONSTANT = 8.314  # J/(mol K)
ACTIVATION = 20_000.0  # J/mol: how steeply resistance rises in the cold
KNEE_WIDTH_CYCLES = 4.0  # how sharp the bend is


@dataclass(frozen=True)
class Curve:
    """Open-circuit voltage over state of charge, linear between its points."""

    soc: tuple[float, ...]
    volt: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """What cells are made of: one curve, and one number each of everything else."""

    curve: Curve
    capacity_ah: Numbers  # when new
    ohmic_ohm: Numbers  # when new, at 25 °C
    polarisation_ohm: Numbers
    polarisation_second: Numbers  # time constant of the RC pair
    heat_capacity: Numbers  # J/K
    thermal_resistance: Numbers  # K/W to the chamber
    efficiency: Numbers  # charge stored per charge put in
    fade_per_root_cycle: Numbers
    knee_cycles: Numbers  # equivalent full cycles at which fade bends
    fade_per_knee_cycle: Numbers  # further fade per cycle beyond the knee
    rise_per_fade: Numbers  # relative rise of resistance per relative loss of capacity

    def __len__(self) -> int:
        return len(self.capacity_ah)


@dataclass(frozen=True, kw_only=True)
class CellState:
    """What changes as cells are used."""

    charge_ah: Numbers  # what can still be taken out
    polarisation_volt: Numbers
    temperature_celsius: Numbers
    throughput_ah: Numbers  # charged plus discharged, ever


def new_cells(cells: Cells, soc: Numbers, temperature_celsius: Numbers) -> CellState:
    """Unused cells at a state of charge and a temperature."""
    return CellState(
        charge_ah=cells.capacity_ah * soc,
        polarisation_volt=np.zeros(len(cells)),
        temperature_celsius=np.array(temperature_celsius, dtype=float),
        throughput_ah=np.zeros(len(cells)),
    )


def state_of_health(cells: Cells, state: CellState) -> Numbers:
    """Capacity as a fraction of the new cell's: a root of throughput, and a straight fall beyond the knee."""
    cycles = state.throughput_ah / (2 * cells.capacity_ah)
    beyond = KNEE_WIDTH_CYCLES * np.logaddexp(0.0, (cycles - cells.knee_cycles) / KNEE_WIDTH_CYCLES)
    return np.maximum(
        1 - cells.fade_per_root_cycle * np.sqrt(cycles) - cells.fade_per_knee_cycle * beyond,
        0.05,  # a dead cell keeps a little, so that nothing divides by zero
    )


@dataclass(frozen=True, kw_only=True)
class Look:
    """What follows from the state of cells at one moment."""

    health: Numbers  # capacity as a fraction of the new cell's
    open_volt: Numbers  # at rest
    inner_volt: Numbers  # behind the ohmic resistance: what a current's own drop adds to
    ohmic_ohm: Numbers  # as warm and as old as the cells are
    polarisation_ohm: Numbers

    def terminal_volt(self, current: Numbers) -> Numbers:
        """What a voltmeter shows while a current flows."""
        return self.inner_volt + current * self.ohmic_ohm


def look(cells: Cells, state: CellState) -> Look:
    """The cells as they are now."""
    health = state_of_health(cells, state)
    kelvin = state.temperature_celsius + KELVIN
    cold = np.exp(ACTIVATION / GAS_CONSTANT * (1 / kelvin - 1 / REFERENCE_KELVIN))
    risen = cold * (1 + cells.rise_per_fade * (1 - health))
    open_volt = open_circuit_volt(cells.curve, state.charge_ah / (cells.capacity_ah * health))
    return Look(
        health=health,
        open_volt=open_volt,
        inner_volt=open_volt + state.polarisation_volt,
        ohmic_ohm=cells.ohmic_ohm * risen,
        polarisation_ohm=cells.polarisation_ohm * risen,
    )


def open_circuit_volt(curve: Curve, soc: Numbers) -> Numbers:
    """The voltage at rest; beyond empty and full the curve goes on as steeply as it ended."""
    points, volts = curve.soc, curve.volt
    below = (volts[1] - volts[0]) / (points[1] - points[0])
    above = (volts[-1] - volts[-2]) / (points[-1] - points[-2])
    inside = np.interp(soc, points, volts)
    return inside + below * np.minimum(soc - points[0], 0) + above * np.maximum(soc - points[-1], 0)


def heat_watt(state: CellState, seen: Look, current: Numbers) -> Numbers:
    """What the resistances turn into heat."""
    return current**2 * seen.ohmic_ohm + state.polarisation_volt**2 / seen.polarisation_ohm


def step(cells: Cells, state: CellState, seen: Look, current: Numbers, ambient: Numbers, seconds: float) -> CellState:
    """The cells after a constant current for some seconds (at most about ten) in a chamber."""
    hours = seconds / 3600
    held = np.exp(-seconds / cells.polarisation_second)
    cooled = np.exp(-seconds / (cells.heat_capacity * cells.thermal_resistance))
    settled = ambient + heat_watt(state, seen, current) * cells.thermal_resistance
    stored = np.where(current > 0, current * cells.efficiency, current)
    return CellState(
        charge_ah=state.charge_ah + stored * hours,
        polarisation_volt=state.polarisation_volt * held + current * seen.polarisation_ohm * (1 - held),
        temperature_celsius=settled + (state.temperature_celsius - settled) * cooled,
        throughput_ah=state.throughput_ah + np.abs(current) * hours,
    )
