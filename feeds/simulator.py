"""A simulated cycler: its channels, the cells in them, and what it reports of them every second."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from cycling.topology import TestFacts
from feeds.cell_kinds import Kind, cells_of, kinds_of
from feeds.cell_model import CellState, Numbers, look, new_cells
from feeds.faults import THERMOCOUPLE_RAIL
from feeds.program import DONE, STEP_TYPES, Program, Progress, advanced, at_start, current_of, rested
from feeds.trouble import Trouble

LONGEST_STEP_SECOND = 10.0
FINISHED_SECOND = 10_800.0  # test time a finished cell is still reported before the next one is put in
ROOM_CELSIUS = 25.0

Columns = dict[str, Any]
Part = TypeVar("Part", CellState, Progress)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """All that changes in a simulated cycler. ``generation`` counts the cells a channel has had."""

    generation: tuple[int, ...]
    record_index: int
    state: CellState
    progress: Progress


class SimulatedCycler:
    """The channels of one cycler: every test names its kind of cell by its batch (feeds/cell_kinds.py)."""

    def __init__(self, cycler: str, tests: Sequence[TestFacts], saved: Mapping[str, Any] | None = None) -> None:
        self.cycler = cycler
        self.tests = tuple(tests)
        self.channels = tuple(str(test.channel) for test in tests)
        self._kinds = kinds_of(tests)
        self._seeds = [zlib.crc32(channel.encode()) for channel in self.channels]
        self._program = program_of(self._kinds)
        self.bench = restored(saved) if saved else self._fresh()
        self._cells = cells_of(self._kinds, self._cell_seeds())

    def report(self, seconds: float, air_celsius: Numbers, trouble: Trouble) -> Columns:
        """Lets test time pass, then tells one row per channel."""
        self.advance(seconds, air_celsius, trouble)
        return self.rows(trouble)

    def advance(self, seconds: float, air_celsius: Numbers, trouble: Trouble) -> None:
        """Lets test time pass, in equal steps of at most ten seconds."""
        steps = math.ceil(seconds / LONGEST_STEP_SECOND)
        held = np.array([channel in trouble.lost for channel in self.channels])
        state, progress = self.bench.state, self.bench.progress
        for _ in range(steps):
            if trouble.powered:
                state, progress = advanced(
                    self._cells, self._program, state, progress, air_celsius, seconds / steps, held
                )
            else:
                state = rested(self._cells, state, air_celsius, seconds / steps)
        index = self.bench.record_index + trouble.powered
        self.bench = replace(self.bench, state=state, progress=progress, record_index=index)
        for row in np.flatnonzero((progress.phase == DONE) & (progress.phase_second >= FINISHED_SECOND)):
            self._put_in_next(int(row))

    def rows(self, trouble: Trouble) -> Columns:
        """What the cycler reports now: one row per channel, with its noise and its resolution."""
        bench, progress = self.bench, self.bench.progress
        seen = look(self._cells, bench.state)
        held = np.array([channel in trouble.lost for channel in self.channels])
        current = current_of(self._program, seen, progress.phase, held)
        noise = np.random.default_rng([self._seeds[0], bench.record_index]).standard_normal((4, len(held)))
        since = np.array([trouble.lost.get(channel, 0.0) for channel in self.channels])
        floating = 0.05 * np.exp(-since / 3) + np.abs(0.002 * noise[0])
        unplugged = np.array([channel in trouble.open_thermocouples for channel in self.channels])
        surface = bench.state.temperature_celsius + 0.03 * noise[2]
        phase = progress.phase.astype(int)
        return {
            "channel": list(self.channels),
            "test": [self.test_name(row) for row in range(len(held))],
            "test_time_second": progress.test_time_second,
            "voltage_volt": np.where(held, floating, seen.terminal_volt(current) + 0.0002 * noise[0]).round(4),
            "current_ampere": np.where(held, 0.0015 * noise[1], current + 0.0002 * noise[1]).round(4),
            "surface_temperature_celsius": np.where(unplugged, THERMOCOUPLE_RAIL, surface).round(2),
            "cycle_count": progress.cycle_count,
            "step_count": progress.step_count,
            "step_id": progress.phase + 1,
            "step_type": [STEP_TYPES[number] for number in phase],
            "channel_status": ["finished" if number == DONE else "running" for number in phase],
            "charging_capacity_ah": progress.charging_capacity_ah.round(6),
            "discharging_capacity_ah": progress.discharging_capacity_ah.round(6),
            "charging_energy_wh": progress.charging_energy_wh.round(6),
            "discharging_energy_wh": progress.discharging_energy_wh.round(6),
            "internal_resistance_ohm": progress.internal_resistance_ohm.round(5),
            "record_index": np.full(len(held), float(bench.record_index)),
        }

    def test_name(self, row: int) -> str:
        """The test of a channel: that of lab.toml, then counted on with every new cell."""
        generation = self.bench.generation[row]
        return self.tests[row].test + ("" if generation == 1 else f".{generation}")

    def facts(self) -> tuple[TestFacts, ...]:
        """What is known of the tests that run now; a new cell has the name of its test."""
        names = [self.test_name(row) for row in range(len(self.tests))]
        return tuple(
            test if test.test == name else replace(test, test=name, cell=name)
            for test, name in zip(self.tests, names, strict=True)
        )

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on exactly here."""
        return {
            "generation": list(self.bench.generation),
            "record_index": self.bench.record_index,
            "state": _listed(self.bench.state),
            "progress": _listed(self.bench.progress),
        }

    def _cell_seeds(self) -> list[int]:
        return [seed + 7919 * number for seed, number in zip(self._seeds, self.bench.generation, strict=True)]

    def _fresh(self) -> Bench:
        cells = cells_of(self._kinds, [seed + 7919 for seed in self._seeds])
        charge = np.array([np.random.default_rng(seed).uniform(0.1, 0.95) for seed in self._seeds])
        return Bench(
            generation=(1,) * len(self.channels),
            record_index=0,
            state=new_cells(cells, charge, np.full(len(cells), ROOM_CELSIUS)),
            progress=at_start(len(cells)),
        )

    def _put_in_next(self, row: int) -> None:
        """A channel gets a new cell of the same kind; its neighbours do not notice."""
        generation = tuple(number + (place == row) for place, number in enumerate(self.bench.generation))
        self.bench = replace(self.bench, generation=generation)
        self._cells = cells_of(self._kinds, self._cell_seeds())
        cells = len(self.channels)
        fresh = new_cells(self._cells, np.full(cells, 0.3), np.full(cells, ROOM_CELSIUS))
        only = np.arange(cells) == row
        self.bench = replace(
            self.bench,
            state=_where(only, fresh, self.bench.state),
            progress=_where(only, at_start(cells), self.bench.progress),
        )


def program_of(kinds: Sequence[Kind]) -> Program:
    """The programs of some kinds of cells, side by side."""

    def each(number: Any) -> Numbers:
        return np.array([number(kind) for kind in kinds], dtype=float)

    return Program(
        charge_ampere=each(lambda kind: kind.capacity_ah * kind.charge_rate),
        discharge_ampere=each(lambda kind: kind.capacity_ah * kind.discharge_rate),
        cutoff_ampere=each(lambda kind: kind.capacity_ah * kind.cutoff_rate),
        volt_min=each(lambda kind: kind.volt_min),
        volt_max=each(lambda kind: kind.volt_max),
        rest_second=each(lambda kind: kind.rest_second),
    )


def restored(saved: Mapping[str, Any]) -> Bench:
    """The bench that ``to_json`` wrote."""
    return Bench(
        generation=tuple(saved["generation"]),
        record_index=int(saved["record_index"]),
        state=CellState(**_arrays(saved["state"])),
        progress=Progress(**_arrays(saved["progress"])),
    )


def _listed(part: CellState | Progress) -> dict[str, list[float | None]]:
    return {
        name: [None if math.isnan(value) else value for value in values.tolist()]
        for name, values in asdict(part).items()
    }


def _arrays(saved: Mapping[str, Sequence[float | None]]) -> dict[str, Numbers]:
    return {
        name: np.array([math.nan if value is None else value for value in values]) for name, values in saved.items()
    }


def _where(rows: Any, new: Part, old: Part) -> Part:
    merged = {f.name: np.where(rows, getattr(new, f.name), getattr(old, f.name)) for f in fields(new)}
    return type(new)(**merged)
