"""Replays the recorded cells of data/: real measured readings, faster than they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

Array = npt.NDArray[Any]

IMPOSSIBLE_VOLT = (0.5, 4.5)  # a lithium-ion cell at work is between these; what is not must be seen
NUMBERS = (
    "test_time_second",
    "cycle_count",
    "step_count",
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "charging_capacity_ah",
    "discharging_capacity_ah",
    "charging_energy_wh",
    "discharging_energy_wh",
)


class RecordingMissing(Exception):
    """A recorded cell has no readings to replay."""


@dataclass(frozen=True)
class Recording:
    """The readings of one cell in order of test time."""

    cell: str
    columns: Mapping[str, Array]
    special: npt.NDArray[np.int64]  # rows not to be skipped: the first, impossible samples, the last of every cycle

    @property
    def length_second(self) -> float:
        return float(self.columns["test_time_second"][-1])

    def row(self, number: int) -> dict[str, Any]:
        """One reading, as plain values under the names of the columns."""
        return {name: values[number].item() for name, values in self.columns.items() if name != "step_type"} | {
            "step_type": self.columns["step_type"][number]
        }

    def between(self, after: float, until: float) -> int | None:
        """The row to show for the test time (after, until]: the newest, unless one is not to be skipped.

        An impossible sample comes first, then the last row of a cycle, so that no capacity is cut short.
        """
        times = self.columns["test_time_second"]
        first, end = np.searchsorted(times, [after, until], side="right")
        if first >= end:
            return None
        special = self.special[(self.special >= first) & (self.special < end)]
        if len(special):
            impossible = _impossible(self.columns["voltage_volt"][special])
            return int(special[np.argmax(impossible)])
        return int(end - 1)


def _impossible(voltage: Array) -> npt.NDArray[np.bool_]:
    return (voltage < IMPOSSIBLE_VOLT[0]) | (voltage > IMPOSSIBLE_VOLT[1])


def load(folder: Path, cell: str) -> Recording:
    """The recording of a cell; raises RecordingMissing when there is none."""
    path = folder / f"{cell}.parquet"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.parquet"))) or "none at all"
        raise RecordingMissing(f'No recording of the cell "{cell}": {path} is missing. Recorded cells are: {known}.')
    table = pq.read_table(path, columns=[*NUMBERS, "step_type"])
    columns = {name: table.column(name).to_numpy() for name in NUMBERS}
    columns["step_type"] = np.array(table.column("step_type").to_pylist(), dtype=object)
    cycles = columns["cycle_count"]
    special = np.append(cycles[1:] != cycles[:-1], True) | _impossible(columns["voltage_volt"])
    special[0] = True  # what everything is counted from
    return Recording(cell, columns, np.flatnonzero(special))


@dataclass(frozen=True, kw_only=True)
class Playback:
    """How far the replay of a channel's cell is."""

    run: int = 1
    test_second: float = -1.0  # everything until here has been shown
    record_index: int = 0

    def test(self, cell: str) -> str:
        """The name of the test: the cell's own the first time, then counted on."""
        return cell if self.run == 1 else f"{cell}-run-{self.run}"


def played(recording: Recording, playback: Playback, seconds: float) -> tuple[Playback, dict[str, Any] | None]:
    """The replay some seconds of test time later, and the reading to show, if there is a new one.

    After the last reading of the cell the next run begins at its first.
    """
    run, after = playback.run, playback.test_second
    if after >= recording.length_second:
        run, after = run + 1, -1.0
    until = max(after, 0.0) + seconds
    number = recording.between(after, until)
    count = playback.record_index + (number is not None)
    later = Playback(run=run, test_second=min(until, recording.length_second), record_index=count)
    if number is None:
        return later, None
    return later, recording.row(number) | {"record_index": count, "test": later.test(recording.cell)}
