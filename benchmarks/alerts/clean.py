"""Clean traces: NASA's cells as readings, without the runs known to be in trouble and without the pauses between runs.

Two forms are read. The cells shipped in ``data/nasa`` are thinned to one reading a minute; the records as NASA
published them (one ``<cell>_timeseries.parquet`` per cell) hold V, I and T every few seconds. Either is sampled by
sample and hold onto a grid of the poll interval; the shipped form not finer than a minute, because the same sample
read twice is a stuck logger to the watch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cycling.readings import Batch
from cycling.topology import Chamber, Cycler, Place, TestFacts, Topology

Numbers = npt.NDArray[np.float64]

SHIPPED = Path(__file__).parents[2] / "data" / "nasa"
SHIPPED_POLL = 60.0
START = 1_700_000_000.0
CHAMBER, CYCLER = "chamber", "bench"

# Rules may be tuned on these; the others decide.
TUNED = ("B0005", "B0006", "B0029", "B0030", "B0045", "B0046")
KEPT_BACK = ("B0007", "B0031", "B0032", "B0047", "B0048", "B0053", "B0054", "B0055", "B0056")

# NASA's own notes: the chamber's setpoint (°C) and the voltage at which a cell's discharge ends (V).
SETPOINTS = {"B0005": 24, "B0006": 24, "B0007": 24, "B0029": 43, "B0030": 43, "B0031": 43, "B0032": 43}
COLD = 4  # all others
CUTOFFS = {"B0005": 2.7, "B0006": 2.5, "B0007": 2.2}
CUTOFFS_BY_FOUR = {29: 2.0, 30: 2.2, 31: 2.5, 32: 2.7, 45: 2.0, 46: 2.2, 47: 2.5, 48: 2.7}
CUTOFFS_BY_FOUR |= {53: 2.0, 54: 2.2, 55: 2.5, 56: 2.7}

# Runs with a trouble that is real: an impossible sample and an input without a cell (5 to 7), discharges whose
# capacity NASA states as 0 and whose cause it never found (45 to 48), runs cut off after seconds (53, 54).
TROUBLED: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("B0005", "B0006", "B0007"), (84, 615)),
    "B0045": (50, 164),
    **dict.fromkeys(("B0046", "B0047", "B0048"), (50, 132, 164)),
    "B0053": (136,),
    "B0054": (252,),
}

LOADED_AMPERE = 0.05  # below this a discharge run is resting: its load is not on yet, or has been cut
CHARGING_AMPERE = 0.01  # the same for a charge run, whose constant-voltage tail goes down to 20 mA
FULL_VOLT = 4.19  # from the first loaded sample at this voltage on, a charge is at constant voltage

RIPPLE_KELVIN, RIPPLE_SECONDS, SENSOR_KELVIN = 0.4, 1500.0, 0.1


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The readings of one cell, evenly ``poll`` seconds apart."""

    cell: str
    poll: float
    setpoint: float  # °C of its chamber
    batch: Batch

    @property
    def months(self) -> float:
        """Channel-months of 730 h."""
        return len(self.batch) * self.poll / 3600 / 730

    @property
    def unix(self) -> Numbers:
        return self.batch.numbers("unix_time_second")


def trace(cell: str, *, poll: float, data: Path | None = None, steps: bool = True, metadata: bool = True) -> Trace:
    """A cell's clean trace; without ``steps`` the readings say neither step nor cycle nor test time."""
    poll = poll if data else max(poll, SHIPPED_POLL)
    runs = _shipped(cell) if data is None else _published(data, cell)
    rows = pd.concat([_sampled(run, poll) for test, run in runs if test not in TROUBLED.get(cell, ())])
    batch = _readings(cell, rows, poll)
    if not steps:
        hidden = ("step_count", "step_type", "cycle_count", "test_time_second")
        batch = Batch({name: values for name, values in batch.columns.items() if name not in hidden})
    return Trace(cell=cell, poll=poll, setpoint=float(SETPOINTS.get(cell, COLD)), batch=batch)


def chamber_sensor(setpoint: float, rows: int, poll: float) -> Numbers:
    """What the chamber's sensor reads at the grid points: the compressor's ripple and noise about the setpoint.
    The same for every cell of a chamber."""
    time = poll * np.arange(rows, dtype=float)
    noise = np.random.default_rng([sum(map(ord, "chamber")), int(setpoint)]).normal(0, SENSOR_KELVIN, rows)
    ripple = RIPPLE_KELVIN * np.sin(2 * np.pi * time / RIPPLE_SECONDS)
    return np.asarray(setpoint + ripple + noise)


def lab(traces: list[Trace], *, metadata: bool = True) -> Topology:
    """A lab of one cycler and one chamber with a channel per cell, named after it."""
    cells = [each.cell for each in traces]
    chamber = Chamber(id=CHAMBER, setpoint_celsius=traces[0].setpoint)
    return Topology(
        chambers=(chamber,),
        cyclers=(Cycler(id=CYCLER, channels=len(cells), chamber=CHAMBER),),
        places={cell: Place(channel=cell, cycler=CYCLER, chamber=CHAMBER) for cell in cells},
        tests=tuple(_facts(cell) for cell in cells) if metadata else (),
    )


def _facts(cell: str) -> TestFacts:
    digits = int(cell[1:]) if cell[1:].isdigit() else 0
    cutoff = CUTOFFS.get(cell) or CUTOFFS_BY_FOUR.get(digits, 2.5)
    return TestFacts(
        test=f"{cell}-test",
        channel=cell,
        cell=cell,
        batch=f"NASA {SETPOINTS.get(cell, COLD)} °C",
        nominal_capacity_ah=2.0,
        voltage_min_volt=cutoff,  # the upper limit stays the default: cell 45 was charged to 4.226 V all its life
    )


def _shipped(cell: str) -> list[tuple[int, pd.DataFrame]]:
    frame = pd.read_parquet(SHIPPED / f"{cell}.parquet")
    runs = []
    for test, run in frame.groupby("run", sort=True):
        columns = {
            "time": run["test_time_second"] - run["test_time_second"].iloc[0],
            "voltage": run["voltage_volt"],
            "current": run["current_ampere"],
            "surface": run["surface_temperature_celsius"],
            "kind": run["run_type"],
            "step": run["step_type"],
        }
        runs.append((int(str(test)), pd.DataFrame(columns)))
    return runs


def _published(folder: Path, cell: str) -> list[tuple[int, pd.DataFrame]]:
    frame = pd.read_parquet(folder / f"{cell}_timeseries.parquet")
    runs = []
    for test, run in frame.groupby("test_id", sort=True):
        columns = {
            "time": run["Time"] - run["Time"].iloc[0],
            "voltage": run["Voltage_measured"],
            "current": run["Current_measured"],
            "surface": run["Temperature_measured"],
            "kind": run["type"],
        }
        runs.append((int(str(test)), pd.DataFrame(columns).assign(step=step_types)))
    return runs


def step_types(run: pd.DataFrame) -> npt.NDArray[Any]:
    """What the cycler was doing at every sample of one run, as the cells shipped with the project have it."""
    current, voltage = run["current"].to_numpy(), run["voltage"].to_numpy()
    if run["kind"].iloc[0] == "discharge":
        return np.where(current < -LOADED_AMPERE, "CC_DCH", "REST").astype(object)
    at_limit = np.maximum.accumulate((voltage >= FULL_VOLT) & (current > CHARGING_AMPERE))
    active = np.where(at_limit, "CV_CHG", "CC_CHG")
    return np.where(np.abs(current) > CHARGING_AMPERE, active, "REST").astype(object)


def _sampled(run: pd.DataFrame, poll: float) -> pd.DataFrame:
    """The newest sample at or before each point of the run's own grid."""
    time = run["time"].to_numpy()
    points = np.arange(0.0, time[-1] + 1e-6, poll)
    return run.iloc[np.searchsorted(time, points + 1e-6, side="right") - 1]


def _readings(cell: str, rows: pd.DataFrame, poll: float) -> Batch:
    count = len(rows)
    time = poll * np.arange(count, dtype=float)
    kind, step = rows["kind"].to_numpy(object), rows["step"].to_numpy(object)
    cycle = np.cumsum(_changed(kind) & (kind == "charge")) + (kind[0] != "charge")
    ambient = chamber_sensor(float(SETPOINTS.get(cell, COLD)), count, poll)
    return Batch(
        {
            "channel": np.full(count, cell, dtype=object),
            "test": np.full(count, f"{cell}-test", dtype=object),
            "unix_time_second": START + time,
            "test_time_second": time,
            "voltage_volt": rows["voltage"].to_numpy(float),
            "current_ampere": rows["current"].to_numpy(float),
            "surface_temperature_celsius": rows["surface"].to_numpy(float),
            "ambient_temperature_celsius": ambient,
            "cycle_count": cycle.astype(float),
            "step_count": np.cumsum(_changed(step) | _changed(kind)).astype(float),
            "step_type": step,
            "record_index": np.arange(count, dtype=float),
        }
    )


def _changed(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.append(True, values[1:] != values[:-1])
