"""Fingerprints of readings: by them the same reading is known again when it is sent twice.

Two readings are the same when channel, test as sent, record_index and unix_time_second agree; without a
record_index, when every value agrees. A fingerprint is 16 bytes: 8 of that key, 8 of all the values. It must
not depend on the company a reading is sent in, so a column that is absent and one that is empty are the same,
and so are an extra column's number and the text that says it: one text makes its whole column text.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.extras import LARGEST_EXACT, PLAIN_NUMBER
from cycling.readings import COLUMNS, Batch, is_text

NUMBERS = tuple(
    name
    for name, column in COLUMNS.items()
    if column.kind != "string" and name not in ("arrival_time_second", "record_index", "unix_time_second")
)
TEXTS = ("channel", "test")
OTHER_TEXTS = ("step_type", "channel_status")
TRUTHS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Marked:
    """The rows of a batch that were not sent twice within it, and what became of the others."""

    rows: npt.NDArray[np.int64]  # the first row of every reading
    duplicates: int
    conflicts: list[int]  # rows with the key of an earlier one but other values


def fingerprints(batch: Batch) -> list[bytes]:
    """16 bytes for every row: the key and the values."""
    identity = _matrix(batch, ("record_index", "unix_time_second"))
    values = _matrix(batch, NUMBERS)
    numbered = ~np.isnan(batch.numbers("record_index"))
    who = list(zip(*(batch.texts(name) for name in TEXTS), strict=True))
    said = list(zip(*(batch.texts(name) for name in OTHER_TEXTS), strict=True))
    extras = _extras(batch)
    marks = []
    for row, (names, words) in enumerate(zip(who, said, strict=True)):
        start = f"{names[0]}\0{names[1] or ''}\0".encode() + identity[row].tobytes()
        rest = values[row].tobytes() + f"{words[0] or ''}\0{words[1] or ''}\0{extras[row]}".encode()
        told = hashlib.blake2b(start + rest, digest_size=8).digest()
        key = hashlib.blake2b(start, digest_size=8).digest() if numbered[row] else told
        marks.append(key + told)
    return marks


def without_repeats(marks: list[bytes]) -> Marked:
    """Sorts out what a batch says twice: the first of equal keys stays."""
    first: dict[bytes, bytes] = {}
    rows, duplicates, conflicts = [], 0, []
    for row, mark in enumerate(marks):
        known = first.setdefault(mark[:8], mark)
        if known is mark:
            rows.append(row)
        elif known == mark:
            duplicates += 1
        else:
            conflicts.append(row)
    return Marked(np.array(rows, dtype=np.int64), duplicates, conflicts)


def _matrix(batch: Batch, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """The columns side by side with one bit pattern for every number: one NaN, no negative zero."""
    matrix = np.full((len(batch), len(names)), np.nan)
    for place, name in enumerate(names):
        if name in batch.columns:
            matrix[:, place] = batch.columns[name]
    matrix[np.isnan(matrix)] = np.nan
    return matrix + 0.0


def _extras(batch: Batch) -> list[str]:
    """The extra values of every row as one text, in order of their names."""
    told: list[list[str]] = [[] for _ in range(len(batch))]
    for name in sorted(name for name in batch.columns if name not in COLUMNS):
        values = batch.columns[name]
        text = is_text(name, values)
        for row, value in enumerate(values):
            if value is not None and (text or value == value):  # NaN is not itself
                told[row].append(f"{name}={as_said(value)}")
    return ["\0".join(parts) for parts in told]


def as_said(value: Any) -> str:
    """The value of an extra column as text; a text that says a number is told as that number would be."""
    if isinstance(value, str):
        number = TRUTHS.get(value, math.nan) if not PLAIN_NUMBER.fullmatch(value) else float(value)
        return repr(number + 0.0) if abs(number) < LARGEST_EXACT else value
    return repr(float(value) + 0.0)
