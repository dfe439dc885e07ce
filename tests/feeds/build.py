"""Builders for the tests of the feeds: they say only what matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import settings
from cycling.topology import TestFacts, Topology
from feeds.cell_kinds import KINDS, Kind, cells_of
from feeds.cell_model import Cells, CellState, new_cells
from feeds.program import advanced, at_start
from feeds.simulator import SimulatedCycler, program_of
from feeds.trouble import Trouble

PROJECT = Path(__file__).resolve().parents[2]
RECORDINGS = PROJECT / "data" / "nasa"
HEALTHY = Trouble()


def demo_topology() -> Topology:
    return settings.read_lab(PROJECT / "data" / "demo" / "lab.toml")[0]


def one_cell(kind: str = "nmc-1c", soc: float = 0.5, seed: int = 1) -> tuple[Cells, CellState]:
    cells = cells_of([KINDS[kind]], [seed])
    return cells, new_cells(cells, np.array([soc]), np.array([25.0]))


def simulated(*batches: str) -> SimulatedCycler:
    tests = [
        TestFacts(test=f"cell-{number}", cell=f"cell-{number}", channel=f"sim-1-{number:02d}", batch=batch)
        for number, batch in enumerate(batches, 1)
    ]
    return SimulatedCycler("sim-1", tests)


def air(celsius: float, count: int = 1) -> np.ndarray:
    return np.full(count, celsius)


def cycled(kind: Kind, hours: float, seed: int = 1) -> list[float]:
    """The capacity in Ah of each cycle of a new cell that is cycled for some hours of test time."""
    cells = cells_of([kind], [seed])
    state, progress = new_cells(cells, np.array([0.3]), air(25.0)), at_start(1)
    program, held = program_of([kind]), np.array([False])
    capacities, counted, cycle = [], 0.0, 1.0
    for _ in range(int(hours * 360)):
        state, progress = advanced(cells, program, state, progress, air(25.0), 10.0, held)
        if progress.cycle_count[0] != cycle:
            capacities.append(float(progress.discharging_capacity_ah[0]) - counted)
            counted, cycle = float(progress.discharging_capacity_ah[0]), float(progress.cycle_count[0])
    return capacities
