"""What was sent, before it is trusted: values of any type, and the troubles found in them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.readings import Array
from cycling.types import Rejection

MOST_SHOWN = 200  # characters of a value repeated in a rejection
MISSING_WORDS = frozenset(("", "nan", "null"))


class Troubles:
    """The first trouble of each row; later ones of the same row are not told."""

    def __init__(self) -> None:
        self.by_row: dict[int, Rejection] = {}

    def add(self, row: int, column: str, value: Any, reason: str) -> None:
        if row not in self.by_row:
            self.by_row[row] = Rejection(index=row, column=column, value=shown(value), reason=reason)

    def mark(self, rows: npt.NDArray[np.bool_], column: str, given: Sequence[Any] | Array | None, reason: str) -> None:
        """Add the trouble to every row of the mask, with the value that was given there."""
        if rows.any():
            for row in np.flatnonzero(rows).tolist():
                self.add(row, column, None if given is None else given[row], reason)

    def in_order(self) -> tuple[Rejection, ...]:
        return tuple(self.by_row[row] for row in sorted(self.by_row))


def as_list(given: Sequence[Any] | Array) -> list[Any]:
    """The values as plain Python objects."""
    if isinstance(given, np.ndarray):
        listed: list[Any] = (given.astype(str) if given.dtype.kind in "mM" else given).tolist()
        return listed
    return given if isinstance(given, list) else list(given)


def numbers_of_text(values: list[Any]) -> list[Any]:
    """Texts as the numbers they say and None where nothing is said; what is no number stays text."""
    try:
        together = "".join(values)
        if "_" in together or not together.isascii():
            raise ValueError("float() would read 1_000 and digits of other scripts")
        return [float(value) if value else None for value in values]
    except (ValueError, TypeError):
        return [_number_of_text(value) for value in values]


def _number_of_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.lower() in MISSING_WORDS:
        return None
    if "_" in text or not text.isascii():
        return value
    try:
        return float(text)
    except ValueError:
        return value


def what_it_is(value: Any) -> str:
    """The kind of a value, in a word for people."""
    if isinstance(value, bool | np.bool_):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple | np.ndarray):
        return "a list"
    return "a number" if isinstance(value, int | float | np.number) else f"a {type(value).__name__}"


def shown(value: Any) -> Any:
    """The value as plain JSON that is short enough to repeat."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value)
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"
