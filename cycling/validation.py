"""Validation: the one gate between what was sent and a batch, for HTTP, feeds, convert and replay alike.

A row is either accepted or rejected with its first trouble named; a bad row never holds up a good one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.extras import extra_column, unusable_name
from cycling.readings import CHANNEL_STATUSES, COLUMNS, EMPTY, STEP_TYPES, Array, Batch
from cycling.sent import Troubles, as_list, numbers_of_text, what_it_is
from cycling.types import Rejection

MOST_SECONDS_AHEAD = 86_400.0  # a clock further ahead is wrong, and would hold up every later row
CHANNEL_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
MOST_CHARACTERS = 200  # of a test's name
TIMES = ("unix_time_second", "test_time_second", "arrival_time_second")
# Whole numbers travel as float64, which is exact up to 2**53; a larger one would be kept as its neighbour.
RANGES = {"int32": (-(2.0**31), 2.0**31), "int64": (-(2.0**53), 2.0**53)}
ARCHIVED_AS_FLOAT32 = ("voltage_volt", "current_ampere")
ALLOWED: Mapping[str, tuple[str, ...]] = {"step_type": STEP_TYPES, "channel_status": CHANNEL_STATUSES}
REQUIRED = tuple(name for name, column in COLUMNS.items() if column.required)
REQUIRED_LENIENT = ("channel", "unix_time_second")

Given = Sequence[Any] | Array


@dataclass(frozen=True)
class Validated:
    """The accepted rows, the input row each of them was, and the rejected rows in order."""

    batch: Batch
    index: npt.NDArray[np.int64]
    rejected: tuple[Rejection, ...]


def validate(
    columns: Mapping[str, Given], *, received: float | None, lenient: bool = False, text_numbers: bool = False
) -> Validated:
    """Part the rows of ``columns`` (all of one length) into accepted and rejected ones.

    ``received`` is the server's clock, against which a time in the future is judged (None: not judged, for
    recordings). ``lenient`` takes rows without voltage or current. ``text_numbers`` reads numbers from text,
    as CSV has them.
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Columns must be equally long, got {lengths}.")
    rows = next(iter(lengths.values()), 0)
    if not rows:
        return Validated(EMPTY, np.arange(0), ())
    troubles = Troubles()
    required = REQUIRED_LENIENT if lenient else REQUIRED
    clean: dict[str, Array] = {}
    for name in COLUMNS:
        if name in columns:
            clean[name] = _column(name, columns[name], troubles, text_numbers)
            _check_time(name, clean[name], columns[name], received, troubles)
        if name in required:
            _check_present(name, clean.get(name), rows, troubles)
    for name in columns:
        if name not in COLUMNS:
            clean[name] = _extra(name, columns[name], troubles, text_numbers)
    return _parted(clean, rows, troubles, required)


def _parted(clean: dict[str, Array], rows: int, troubles: Troubles, required: Collection[str]) -> Validated:
    index = np.arange(rows)
    if troubles.by_row:
        index = np.delete(index, list(troubles.by_row))
        clean = {name: values[index] for name, values in clean.items()}
    kept = {name: values for name, values in clean.items() if name in required or _any_given(values)}
    return Validated(Batch(kept) if len(index) else EMPTY, index, troubles.in_order())


def _any_given(values: Array) -> bool:
    if values.dtype == object:
        return any(value is not None for value in values)
    return not bool(np.isnan(values).all())


def _column(name: str, given: Given, troubles: Troubles, text_numbers: bool) -> Array:
    if COLUMNS[name].kind == "string":
        return _texts(name, given, troubles, strip=text_numbers)
    return _in_range(name, _numbers(name, given, troubles, text_numbers), given, troubles)


def _extra(name: str, given: Given, troubles: Troubles, text_numbers: bool) -> Array:
    values = extra_column(given, text_numbers)
    reason = unusable_name(name)
    if reason:
        troubles.mark(np.array([value is not None for value in as_list(given)]), name, given, reason)
    elif values.dtype == object:
        _check_characters(name, values, given, troubles)
    else:
        troubles.mark(np.isinf(values), name, given, "not a finite number")
    return values


def _numbers(name: str, given: Given, troubles: Troubles, text_numbers: bool) -> npt.NDArray[np.float64]:
    if isinstance(given, np.ndarray) and given.dtype.kind in "iuf":
        return given.astype(np.float64, copy=False)
    values = as_list(given)
    if text_numbers:
        values = numbers_of_text(values)
    if set(map(type, values)) <= {int, float, type(None)}:
        try:
            return np.array(values, dtype=np.float64)  # None becomes NaN
        except OverflowError:  # an integer beyond any float: found row by row
            return _numbers_one_by_one(name, values, troubles)
    return _numbers_one_by_one(name, values, troubles)


def _numbers_one_by_one(name: str, values: list[Any], troubles: Troubles) -> npt.NDArray[np.float64]:
    numbers = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
            troubles.add(row, name, value, f"expected a number, not {what_it_is(value)}")
            continue
        try:
            numbers[row] = float(value)
        except OverflowError:
            numbers[row] = np.inf
    return numbers


def _in_range(name: str, numbers: npt.NDArray[np.float64], given: Given, troubles: Troubles) -> npt.NDArray[np.float64]:
    """The numbers as their column stores them; what it cannot store is a trouble."""
    kind = COLUMNS[name].kind
    troubles.mark(np.isinf(numbers), name, given, "not a finite number")
    if kind in RANGES:
        low, high = RANGES[kind]
        inside = (numbers >= low) & (numbers < high)
        troubles.mark(~inside & ~np.isnan(numbers), name, given, f"outside {low:.0f} to {high:.0f}")
        troubles.mark((numbers != np.rint(numbers)) & ~np.isnan(numbers), name, given, "expected a whole number")
    elif kind == "float32":
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32).astype(np.float64)  # live, archive and replay then agree
        troubles.mark(np.isinf(numbers), name, given, "too large for float32")
    elif name in ARCHIVED_AS_FLOAT32:
        troubles.mark(np.abs(numbers) > np.finfo(np.float32).max, name, given, "too large for float32")
    if name == "internal_resistance_ohm":
        numbers = np.where(numbers == 0.0, np.nan, numbers)  # 0 in a vendor's file means not measured
    return numbers


def _check_time(name: str, values: Array, given: Given, received: float | None, troubles: Troubles) -> None:
    if name not in TIMES:
        return
    troubles.mark(values < 0, name, given, "a time cannot be negative")
    if name == "unix_time_second" and received is not None:
        ahead = values > received + MOST_SECONDS_AHEAD
        troubles.mark(ahead, name, given, "more than a day ahead of the server's clock; check the cycler's clock")


def _check_present(name: str, values: Array | None, rows: int, troubles: Troubles) -> None:
    if values is None:
        missing = np.ones(rows, dtype=bool)
    elif values.dtype == object:
        missing = np.array([value is None for value in values])
    else:
        missing = np.isnan(values)
    troubles.mark(missing, name, None, "missing, but required")


def _texts(name: str, given: Given, troubles: Troubles, *, strip: bool) -> npt.NDArray[np.object_]:
    values = as_list(given)
    if not set(map(type, values)) <= {str, type(None)}:
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, str):
                troubles.add(row, name, value, f"expected text, not {what_it_is(value)}")
        values = [value if isinstance(value, str) else None for value in values]
    if strip:
        values = [value and value.strip() for value in values]
    texts = np.empty(len(values), dtype=object)
    texts[:] = [value or None for value in values]
    _check_words(name, texts, given, troubles)
    return texts


def _check_words(name: str, texts: npt.NDArray[np.object_], given: Given, troubles: Troubles) -> None:
    reasons = {text: _word_trouble(name, text) for text in set(texts) if text is not None}
    wrong = {text: reason for text, reason in reasons.items() if reason}
    if wrong:
        for row, text in enumerate(texts):
            if text in wrong:
                troubles.add(row, name, given[row], wrong[text])


def _check_characters(name: str, texts: npt.NDArray[np.object_], given: Given, troubles: Troubles) -> None:
    for row, text in enumerate(texts):
        if text is not None and not text.isascii() and not _encodable(text):
            troubles.add(row, name, given[row], "characters that are no valid Unicode")


def _word_trouble(name: str, text: str) -> str | None:
    if name == "channel":
        fits = CHANNEL_NAME.fullmatch(text)
        return None if fits else "a channel's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -"
    if name in ALLOWED:
        return None if text in ALLOWED[name] else f"expected one of {' '.join(ALLOWED[name])}, or null"
    if len(text) > MOST_CHARACTERS:
        return f"longer than {MOST_CHARACTERS} characters"
    if any(character < " " or character == "\x7f" for character in text):
        return "control characters"
    return None if _encodable(text) else "characters that are no valid Unicode"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
