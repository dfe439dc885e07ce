"""Columns of a frame: whole numbers as text, a few characters each, of the 91 that JSON and an event leave as they are.

A column is ``[meaning, lowest, width, text]``: ``width`` characters a value, each a digit to the base 91, the first the
heaviest; together they are 0 where the value is missing, else the value - lowest + 1. With width 0 all values are the
lowest. ``meaning`` is a number, by which the values are divided, or a list of words, in which they are places.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Column = list[Any]

SYMBOLS = bytes(code for code in range(35, 127) if code != 92)  # neither a quote nor a backslash
BASE = len(SYMBOLS)
WIDEST = 2.0**53  # from here on a float64 has no whole numbers of its own
WORD_BYTES = 19  # of a number that stands as it is, such as a moment

_SYMBOLS = np.frombuffer(SYMBOLS, dtype=np.uint8)


def packed(values: Floats, scale: float) -> Column:
    """Whole numbers, NaN where missing; ``scale`` says how many of them are one of what is meant."""
    known = values[~np.isnan(values)]
    lowest = float(known.min()) if len(known) else 0.0
    top = float(known.max()) - lowest + 1 if len(known) else 0.0
    distinct = np.unique(known)
    as_words = WORD_BYTES * len(distinct) + len(values) * width_of(len(distinct))
    if (len(known) and np.abs(known).max() >= WIDEST) or as_words < len(values) * width_of(top):
        return in_words([None if value != value else value / scale for value in values.tolist()])
    if len(known) == len(values) and top == 1.0:
        return [int(scale), int(lowest), 0, ""]
    codes = np.where(np.isnan(values), 0.0, values - lowest + 1).astype(np.int64)
    return [int(scale), int(lowest), *_text(codes, width_of(top))]


def in_words(values: Sequence[Hashable]) -> Column:
    """Anything that JSON can say; the same word is written once."""
    places: dict[Hashable, int] = {}
    codes = [places.setdefault(value, len(places)) + 1 for value in values]
    words = list(places)
    if len(words) == 1:
        return [words, 0, 0, ""]
    return [words, 0, *_text(np.array(codes, dtype=np.int64), width_of(len(words)))]


def width_of(top: float) -> int:
    """How many characters a number up to ``top`` needs."""
    width = 1
    while BASE**width <= top:
        width += 1
    return width


def _text(codes: npt.NDArray[np.int64], width: int) -> tuple[int, str]:
    digits = [_SYMBOLS[codes // BASE**power % BASE] for power in range(width - 1, -1, -1)]
    return width, np.stack(digits, axis=1).tobytes().decode("ascii")
