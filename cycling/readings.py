"""Readings: the one vocabulary of columns, and the batch in which readings travel.

Names and units are the machine names of the Battery Data Format (BDF, ontology 1.3.0). Charging current is
positive. Times are UTC seconds since 1970. A missing number is NaN, a missing text is None; never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a reading: how it is stored, and whether a reading is one without it."""

    kind: str  # string | float64 | float32 | int32 | int64
    required: bool = False


COLUMNS: Mapping[str, Column] = {
    "channel": Column(kind="string", required=True),
    "test": Column(kind="string"),
    "unix_time_second": Column(kind="float64", required=True),
    "voltage_volt": Column(kind="float64", required=True),
    "current_ampere": Column(kind="float64", required=True),
    "test_time_second": Column(kind="float64"),
    "cycle_count": Column(kind="int32"),
    "step_count": Column(kind="int32"),
    "step_id": Column(kind="int32"),
    "step_type": Column(kind="string"),
    "surface_temperature_celsius": Column(kind="float32"),
    "ambient_temperature_celsius": Column(kind="float32"),
    "charging_capacity_ah": Column(kind="float64"),
    "discharging_capacity_ah": Column(kind="float64"),
    "charging_energy_wh": Column(kind="float64"),
    "discharging_energy_wh": Column(kind="float64"),
    "internal_resistance_ohm": Column(kind="float32"),
    "record_index": Column(kind="int64"),
    "channel_status": Column(kind="string"),
    "arrival_time_second": Column(kind="float64"),
}

STEP_TYPES = ("CC_CHG", "CC_DCH", "CV_CHG", "CCCV_CHG", "REST", "OCV", "EIS")
CHANNEL_STATUSES = ("running", "paused", "finished", "stopped", "error", "idle")


@dataclass(frozen=True)
class Batch:
    """Readings as parallel numpy arrays, all of one length, in the order they were received.

    ``columns`` maps a column name to its array: text columns are object arrays of str or None, every number
    (also the integer columns) is float64 with NaN for missing. Columns nobody gave are absent. A name that is
    not in ``COLUMNS`` is an extra column under its vendor name.
    """

    columns: Mapping[str, Array]

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"Columns of a batch must be equally long, got {lengths}.")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """The column as float64 of shape (rows,); all NaN where nobody gave it."""
        values = self.columns.get(name)
        return np.full(len(self), np.nan) if values is None else values

    def texts(self, name: str) -> npt.NDArray[np.object_]:
        """The column as str or None of shape (rows,); all None where nobody gave it."""
        values = self.columns.get(name)
        return np.full(len(self), None, dtype=object) if values is None else values

    def take(self, rows: npt.NDArray[Any] | slice) -> Batch:
        """The rows of an index array, a mask or a slice, in that order."""
        return Batch({name: values[rows] for name, values in self.columns.items()})

    def with_columns(self, **columns: Array) -> Batch:
        """The same rows with these columns added or replaced."""
        return Batch({**self.columns, **columns})


EMPTY = Batch({})


def is_text(name: str, values: Array) -> bool:
    """Whether a column holds text: by the vocabulary, else (an extra column) by what it holds."""
    column = COLUMNS.get(name)
    return column.kind == "string" if column else values.dtype == object


def concat(batches: Iterable[Batch]) -> Batch:
    """One batch of all rows in order; a column that one batch lacks is missing there."""
    parts = [batch for batch in batches if len(batch)]
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    names = dict.fromkeys(name for batch in parts for name in batch.columns)
    columns: dict[str, Array] = {}
    for name in names:
        text = any(is_text(name, batch.columns[name]) for batch in parts if name in batch.columns)
        pieces = [batch.texts(name) if text else batch.numbers(name) for batch in parts]
        columns[name] = np.concatenate([p.astype(object) if text else p for p in pieces])
    return Batch(columns)
