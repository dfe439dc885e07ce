"""Extra columns: what a source has beyond the vocabulary, kept under its own name as numbers or as text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from cycling.readings import Array
from cycling.sent import as_list

MOST_NAME = 128  # characters of a column's name
LARGEST_EXACT = 2**53  # integers beyond it are no longer themselves as float64: kept as text
PLAIN_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def unusable_name(name: str) -> str | None:
    """Why a column cannot have this name, or None when it can."""
    if not name or len(name) > MOST_NAME:
        return f"a column's name has 1 to {MOST_NAME} characters"
    if any(character < " " or "\ud800" <= character <= "\udfff" for character in name):
        return "control characters or invalid Unicode in the column's name"
    return None


def extra_column(given: Sequence[Any] | Array, text_numbers: bool) -> Array:
    """Numbers as float64 when every value is one, else text; a list or an object is kept as its JSON."""
    if isinstance(given, np.ndarray) and given.dtype.kind in "iufb":
        return given.astype(np.float64)
    values = as_list(given)
    if text_numbers:
        values = _read_text(values)
    if all(_is_exact_number(value) for value in values):
        return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [_as_text(value) for value in values]
    return texts


def _read_text(values: list[Any]) -> list[Any]:
    """Numbers where every text is plainly one; a leading zero says that it is a name, not a number."""
    stripped = [value.strip() if isinstance(value, str) else value for value in values]
    if all(not isinstance(value, str) or not value or PLAIN_NUMBER.fullmatch(value) for value in stripped):
        return [(float(value) if value else None) if isinstance(value, str) else value for value in stripped]
    return stripped


def _is_exact_number(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return -LARGEST_EXACT <= value <= LARGEST_EXACT
    return value is None or isinstance(value, float | bool | np.number)


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, int) and value.bit_length() > 4096:
        return f"an integer of {value.bit_length()} bits"
    return json.dumps(value, default=str)
