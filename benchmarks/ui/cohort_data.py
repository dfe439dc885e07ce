"""A batch of synthetic cells with every cycle of their lives, in a real archive and a real register of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from data_access import facts
from data_access.lab import Lab

BATCH = "bench"
START = 1_798_761_600.0  # 2027-01-01
HOURS_PER_CYCLE = 2.2
CELLS_PER_COMMIT = 100


def fades(cells: int, cycles: int) -> Any:
    """State of health of each cell (a row) after each cycle: slow fade, for some a knee, noise as a cycler has it."""
    random = np.random.default_rng(20)
    n = np.arange(1, cycles + 1)
    pace = random.normal(1.5e-4, 2.5e-5, (cells, 1))
    knee = random.uniform(0.6, 1.4, (cells, 1)) * cycles
    sudden = np.clip(n - knee, 0, None) ** 1.5 * 1.2e-5
    return 1.0 - pace * n - sudden + random.normal(0, 6e-4, (cells, cycles))


def write(lab: Lab, cells: int, cycles: int) -> int:
    """Puts the batch into the lab with its own writer; says how many rows that was."""
    rows = 0
    for table in tables(cells, cycles):
        lab.archive.tables["cycles"].append(table, [])
        rows += table.num_rows
    for cell in range(cells):
        told = {"batch": BATCH, "cell": f"cell-{cell:04d}", "channel": f"cycler-1-{cell + 1:03d}"}
        lab.tests.put(name(cell), {**told, "protocol": "1C/1C at 25 °C"}, "benchmark", START, "api")
    return rows


def name(cell: int) -> str:
    """The test of a cell."""
    return f"test-{cell:04d}"


def tables(cells: int, cycles: int) -> Iterator[Any]:
    """The rows as Arrow tables in the archive's own columns."""
    health = fades(cells, cycles)
    for first in range(0, cells, CELLS_PER_COMMIT):
        part = health[first : first + CELLS_PER_COMMIT]
        yield _table(range(first, first + len(part)), part)


def _table(cells: range, health: Any) -> Any:
    cycles = health.shape[1]
    count = np.tile(np.arange(1, cycles + 1, dtype=np.int32), len(cells))
    flat = health.ravel()
    end = START + 3600.0 * HOURS_PER_CYCLE * count
    whole = {
        "channel": np.repeat([f"cycler-1-{cell + 1:03d}" for cell in cells], cycles),
        "test": np.repeat([name(cell) for cell in cells], cycles),
        "cycle_count": count,
        "kind": np.full(len(count), "regular"),
        "start_unix_time_second": end - 3600.0 * HOURS_PER_CYCLE,
        "end_unix_time_second": end,
        "charging_capacity_ah": 1.1 * flat / 0.9995,
        "discharging_capacity_ah": 1.1 * flat,
        "coulombic_efficiency": 0.9995 + 2e-4 * np.sin(count / 7.0) * flat,
        "surface_temperature_celsius_mean": 26.0 + 3.0 * (1 - flat) + 0.2 * np.sin(count / 24.0),
        "state_of_health": flat,
    }
    columns = {
        field.name: pa.array(whole[field.name], field.type) if field.name in whole else pa.nulls(len(count), field.type)
        for field in facts.CYCLES
    }
    return pa.table(columns, schema=facts.CYCLES)
