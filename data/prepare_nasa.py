"""Prepares the recorded cells of the demo lab from the NASA Ames battery data set.

    .venv/bin/python data/prepare_nasa.py SOURCE_FOLDER

SOURCE_FOLDER holds one ``<cell>_timeseries.parquet`` per cell (all charge and discharge runs, as published)
and ``nasa_metadata.csv``. Writes ``data/nasa/<cell>.parquet`` and tells how well the capacities agree with
NASA's. What is changed on the way, and why, is in data/README.md. Cellwatch itself never runs this.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CELLS = (
    "B0005",
    "B0006",
    "B0007",
    "B0029",
    "B0030",
    "B0031",
    "B0032",
    "B0045",
    "B0046",
    "B0047",
    "B0048",
    "B0055",
)
GRID_SECOND = 60.0  # of every run, the newest sample at or before each of these is kept
SEAM_SECOND = 10.0  # test time between the last row of a run and the first of the next
LOADED_AMPERE = 0.05  # below this a discharge run is resting: its load is not on yet, or has been cut
CHARGING_AMPERE = 0.01  # the same for a charge run, whose constant-voltage tail goes down to 20 mA
FULL_VOLT = 4.19  # from the first loaded sample at this voltage on, a charge is at constant voltage
STATED_CUTOFF_VOLT = 2.7  # NASA states the capacity of a discharge down to here, whatever the cell's cut-off
IMPOSSIBLE_VOLT = 4.5  # no lithium-ion cell does this: such samples are always kept, so that they are seen

Numbers = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]


def step_types(run: pd.DataFrame) -> Texts:
    """What the cycler was doing at every sample of one run."""
    current, voltage = run["Current_measured"].to_numpy(), run["Voltage_measured"].to_numpy()
    if run["type"].iloc[0] == "discharge":
        return np.where(current < -LOADED_AMPERE, "CC_DCH", "REST").astype(object)
    at_limit = np.maximum.accumulate((voltage >= FULL_VOLT) & (current > CHARGING_AMPERE))
    active = np.where(at_limit, "CV_CHG", "CC_CHG")
    return np.where(np.abs(current) > CHARGING_AMPERE, active, "REST").astype(object)


def counted(time: Numbers, flow: Numbers) -> Numbers:
    """The running integral of a flow over seconds, in hours: a trapezoid between neighbours."""
    pieces = (flow[1:] + flow[:-1]) / 2 * np.diff(time) / 3600
    return np.concatenate([[0.0], np.cumsum(pieces)])


def kept(time: Numbers, voltage: Numbers) -> npt.NDArray[np.bool_]:
    """The samples of one run that stay: the newest at or before each grid point, the last, the impossible."""
    points = np.arange(0.0, time[-1] + GRID_SECOND, GRID_SECOND)
    chosen = np.zeros(len(time), dtype=bool)
    chosen[np.searchsorted(time, points, side="right") - 1] = True
    chosen[-1] = True
    return chosen | (voltage > IMPOSSIBLE_VOLT)


COUNTERS = (
    "charging_capacity_ah",
    "discharging_capacity_ah",
    "charging_energy_wh",
    "discharging_energy_wh",
)


def counters(time: Numbers, voltage: Numbers, current: Numbers, steps: Texts) -> dict[str, Numbers]:
    """What one run charged and discharged so far, at every sample."""
    into = np.where(np.isin(steps, ("CC_CHG", "CV_CHG")), np.maximum(current, 0), 0)
    out = np.where(steps == "CC_DCH", -current, 0)
    flows = (into, out, into * voltage, out * voltage)
    return {name: counted(time, flow) for name, flow in zip(COUNTERS, flows, strict=True)}


def prepared(cell: pd.DataFrame) -> pd.DataFrame:
    """All runs of one cell, joined in order, counted at full resolution and then thinned."""
    runs = []
    clock, cycle, step, previous = 0.0, 0, 0, ""
    totals = dict.fromkeys(COUNTERS, 0.0)
    for test_id, run in cell.groupby("test_id", sort=True):
        kind = str(run["type"].iloc[0])
        time = (run["Time"] - run["Time"].iloc[0]).to_numpy()
        voltage, current = run["Voltage_measured"].to_numpy(float), run["Current_measured"].to_numpy(float)
        steps = step_types(run)
        changes = np.concatenate([[1], (steps[1:] != steps[:-1]).astype(int)])
        if cycle == 0 or (kind == "charge" and previous == "discharge"):
            cycle += 1  # two charges in a row stay one cycle
        counts = {name: totals[name] + count for name, count in counters(time, voltage, current, steps).items()}
        columns = {
            "test_time_second": (clock + time).round(3),
            "run": np.full(len(run), test_id),
            "run_type": np.full(len(run), kind, dtype=object),
            "cycle_count": np.full(len(run), cycle),
            "step_count": step + np.cumsum(changes),
            "step_type": steps,
            "voltage_volt": voltage,
            "current_ampere": current,
            "surface_temperature_celsius": run["Temperature_measured"].to_numpy(),
            **{name: count.round(6) for name, count in counts.items()},
        }
        runs.append(pd.DataFrame(columns)[kept(time, voltage)])
        totals = {name: float(count[-1]) for name, count in counts.items()}
        clock += float(time[-1]) + SEAM_SECOND
        step += int(changes.sum())
        previous = kind
    return pd.concat(runs, ignore_index=True)


SMALL = {
    "voltage_volt": pa.float32(),
    "current_ampere": pa.float32(),
    "surface_temperature_celsius": pa.float32(),
}
WHOLE = ("run", "cycle_count", "step_count")
TEXT = ("run_type", "step_type")


def write(frame: pd.DataFrame, path: Path) -> None:
    """The rows as compact Parquet."""
    arrays = {}
    for name in frame.columns:
        kind = pa.int32() if name in WHOLE else pa.string() if name in TEXT else SMALL.get(name, pa.float64())
        arrays[name] = pa.array(frame[name].to_numpy(), type=kind, from_pandas=False)
    split = [name for name in frame.columns if name not in (*WHOLE, *TEXT)]
    pq.write_table(
        pa.table(arrays),
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=list(TEXT),
        use_byte_stream_split=split,
    )


def to_stated_cutoff(run: pd.DataFrame) -> float:
    """The capacity in Ah of one discharge run down to 2.7 V, which is what NASA states."""
    time, voltage = run["Time"].to_numpy(), run["Voltage_measured"].to_numpy()
    out = np.where(run["Current_measured"] < -LOADED_AMPERE, -run["Current_measured"], 0)
    below = np.flatnonzero((voltage < STATED_CUTOFF_VOLT) & (out > 0))
    end = below[0] + 1 if len(below) else len(run)
    return float(counted(time[:end], out[:end])[-1])


def agreement(cell: str, rows: pd.DataFrame, raw: pd.DataFrame, metadata: pd.DataFrame) -> str:
    """How the capacities counted here compare with those NASA states, discharge by discharge."""
    discharges = raw[raw["type"] == "discharge"].groupby("test_id")
    mine = pd.Series({test: to_stated_cutoff(run) for test, run in discharges})
    theirs = metadata[metadata["battery_id"] == cell].set_index("test_id")["Capacity"]
    stated = pd.to_numeric(theirs, errors="coerce").reindex(mine.index)
    known = stated[stated > 0].index
    off = (mine[known] / stated[known] - 1) * 100
    ends = rows[rows["run_type"] == "discharge"].groupby("run")["discharging_capacity_ah"]
    full = ends.last() - ends.first()
    return (
        f"{cell}: {len(rows)} rows, {len(full)} discharges, {full.iloc[0]:.3f} -> {full.iloc[-1]:.3f} Ah "
        f"to the cell's own cut-off; to 2.7 V, of {len(known)} that NASA states: off by "
        f"{off.abs().median():.4f} % (median), {off.abs().max():.4f} % (most)"
    )


def main(source: Path) -> None:
    target = Path(__file__).parent / "nasa"
    target.mkdir(exist_ok=True)
    metadata = pd.read_csv(source / "nasa_metadata.csv")
    for cell in CELLS:
        raw = pd.read_parquet(source / f"{cell}_timeseries.parquet")
        rows = prepared(raw)
        write(rows, target / f"{cell}.parquet")
        sys.stdout.write(agreement(cell, rows, raw, metadata) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Usage: python data/prepare_nasa.py SOURCE_FOLDER")
    main(Path(sys.argv[1]))
