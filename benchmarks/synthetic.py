"""A synthetic archive: ``python -m benchmarks.synthetic FOLDER [CHANNELS DAYS HERTZ]``.

Cells that are charged at constant current and voltage, rest, are discharged and rest again, with the noise and the
digits of a real cycler: 0.1 mV, 0.1 mA, 0.01 K. The same arguments give the same rows to the bit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from cycling.topology import Chamber, Cycler, Topology, places_of
from data_access import shapes
from data_access.archive import Archive

START = 1_798_761_600.0  # 2027-01-01, a whole day
DAY = 86_400
STEP_TYPES = pa.array(["CC_CHG", "CV_CHG", "REST", "CC_DCH", "REST"])
LENGTHS = np.array([0.40, 0.10, 0.05, 0.40, 0.05])  # share of a cycle that each step takes
STARTS = np.concatenate([[0.0], np.cumsum(LENGTHS)])
CAPACITY_AH = 1.1
SHORTEST_CYCLE, LONGEST_CYCLE = 7_200.0, 10_800.0  # seconds

Floats = npt.NDArray[np.float64]


def topology(channels: int = 200) -> Topology:
    """A lab that has these channels: ``cycler-1-001`` … of one cycler in one chamber."""
    cyclers = (Cycler(id="cycler-1", channels=channels, chamber="chamber-1"),)
    chamber = Chamber(id="chamber-1", setpoint_celsius=25.0)
    return Topology(chambers=(chamber,), cyclers=cyclers, places=places_of(cyclers, {}))


def build(folder: Path, *, channels: int = 200, days: int = 30, hertz: float = 0.1, start: float = START) -> int:
    """Writes ``folder/readings`` as the lab's own table, a commit for every day; says how many rows there are."""
    table = Archive(str(folder)).tables["readings"]
    rows = 0
    for day in tables(channels=channels, days=days, hertz=hertz, start=start):
        table.append(day, [])
        rows += day.num_rows
    return rows


def bare(folder: Path, *, channels: int = 200, days: int = 30, hertz: float = 0.1, start: float = START) -> int:
    """Writes the same rows as Parquet files packed by hand, one for every day; says how many bytes they have."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, day in enumerate(tables(channels=channels, days=days, hertz=hertz, start=start)):
        parquet.write_table(
            day.drop_columns(["date"]),
            folder / f"{place:04}.parquet",
            compression="zstd",
            compression_level=1,
            use_dictionary=[field.name for field in day.schema if pa.types.is_string(field.type)],
            column_encoding={
                field.name: "BYTE_STREAM_SPLIT" if pa.types.is_floating(field.type) else "DELTA_BINARY_PACKED"
                for field in day.schema
                if field.name != "date" and not pa.types.is_string(field.type)
            },
            row_group_size=131_072,
        )
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))


def tables(*, channels: int, days: int, hertz: float, start: float = START) -> Iterator[Any]:
    """One Arrow table in the archive's types for every day, sorted by channel and time."""
    for day in range(days):
        yield one_day(topology(channels).cyclers[0].channel_ids, start, day, hertz)


def one_day(names: tuple[str, ...], start: float, day: int, hertz: float) -> Any:
    """Every reading of one day: ``len(names) × 86400 × hertz`` rows."""
    rng = np.random.default_rng([len(names), day])
    each = round(DAY * hertz)
    numbers = np.arange(len(names))
    shape = (len(names), each)
    since = np.broadcast_to(day * DAY + np.arange(each) / hertz, shape).ravel()  # the start of the tests
    channel = np.repeat(numbers, each)
    length = np.linspace(SHORTEST_CYCLE, LONGEST_CYCLE, len(names))[channel]
    cycle = np.floor(since / length)
    share = since / length - cycle
    step = np.searchsorted(STARTS, share, side="right") - 1
    within = (share - STARTS[step]) / LENGTHS[step]  # 0 … 1 inside the step
    current, volt, moved = _electrics(step, within, length / 3600, cycle)
    known = {
        "channel": _named(names, channel),
        "test": _named(tuple(f"2027-01_{name}" for name in names), channel),
        "unix_time_second": start + since,
        "voltage_volt": np.round(volt + rng.normal(0, 3e-4, len(since)), 4),
        "current_ampere": np.round(current + np.where(current == 0, 0, rng.normal(0, 3e-4, len(since))), 4),
        "test_time_second": since,
        "cycle_count": cycle + 1,
        "step_count": cycle * len(LENGTHS) + step + 1,
        "step_id": step + 1,
        "step_type": STEP_TYPES.take(pa.array(step)),
        "surface_temperature_celsius": np.round(25.5 + 3 * np.abs(current) + rng.normal(0, 0.03, len(since)), 2),
        "ambient_temperature_celsius": np.round(25 + rng.normal(0, 0.05, len(since)), 2),
        **{name: np.round(values, 5) for name, values in moved.items()},
        "record_index": np.floor(since * hertz + 0.5),
        "arrival_time_second": start + since + 0.5,
    }
    columns = {
        name: _typed(known[name], kind) if name in known else pa.nulls(len(since), kind)
        for name, kind in shapes.TYPES.items()
    }
    date = np.datetime64(int(start) + day * DAY, "s").astype("datetime64[D]")
    return pa.table({**columns, "date": pa.repeat(pa.scalar(date.item(), pa.date32()), len(since))})


def _electrics(step: Any, within: Floats, hours: Floats, cycle: Floats) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Current in A (charging positive), voltage in V, and the four counters of the cycle in Ah and Wh."""
    faded = CAPACITY_AH * (1 - 2e-4 * cycle)
    rate = 0.9 * faded / (LENGTHS[0] * hours)  # 90 % goes in at constant current
    tail = np.exp(-4 * within)
    current = np.choose(step, [rate, rate * tail, 0 * rate, -faded / (LENGTHS[3] * hours), 0 * rate])
    volt = np.choose(
        step,
        [
            3.2 + 0.3 * within + 0.1 * within**6,
            np.full_like(within, 3.6),
            3.38 + 0.22 * np.exp(-8 * within),
            3.35 - 0.15 * within - 1.2 * within**20,
            3.1 - 1.1 * np.exp(-8 * within),
        ],
    )
    charge = np.choose(step, [0.9 * within, 0.9 + 0.1 * (1 - tail) / (1 - np.exp(-4)), 1.0, 1.0, 1.0]) * faded
    discharge = np.choose(step, [0.0, 0.0, 0.0, within, 1.0]) * faded
    moved = {
        "charging_capacity_ah": charge,
        "discharging_capacity_ah": discharge,
        "charging_energy_wh": charge * 3.42,
        "discharging_energy_wh": discharge * 3.24,
    }
    return current, volt, moved


def _named(names: tuple[str, ...], of_row: Any) -> Any:
    return pa.array(names).take(pa.array(of_row))


def _typed(values: Any, kind: Any) -> Any:
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values.astype(kind.to_pandas_dtype()), kind)


def main() -> int:
    """Builds the archive of 52 million rows, or one of another size."""
    folder, *sizes = sys.argv[1:]
    channels, days, hertz = (int(sizes[0]), int(sizes[1]), float(sizes[2])) if sizes else (200, 30, 0.1)
    began = time.perf_counter()
    rows = build(Path(folder), channels=channels, days=days, hertz=hertz)
    print(f"{rows} rows in {time.perf_counter() - began:.0f} s under {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
