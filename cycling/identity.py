"""Identity: which test a reading belongs to when its source does not say.

A row that names its test makes that test the channel's current one. A row that does not belongs to the
current test, else to ``<channel>-001``; the number counts up when the cell changes or a finished channel runs
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cycling.readings import Batch

CELL = "cell"  # the extra column in which a feed can say which cell is on the channel


@dataclass(frozen=True, kw_only=True)
class CurrentTest:
    """What runs on a channel. ``number`` is the highest ``<channel>-NNN`` there was, 0 before the first."""

    test: str
    cell: str | None = None
    status: str | None = None  # "finished" stays until the channel runs again
    number: int = 0


def assign_tests(batch: Batch, current: Mapping[str, CurrentTest]) -> tuple[Batch, dict[str, CurrentTest]]:
    """The batch with the test of every row filled, and the entries of ``current`` that changed by it.

    Rows count in the order they were received, whatever their clocks say.
    """
    changed: dict[str, CurrentTest] = {}
    tests = np.empty(len(batch), dtype=object)
    columns = (batch.texts("channel"), batch.texts("test"), _cells(batch), batch.texts("channel_status"))
    for row, (channel, test, cell, status) in enumerate(zip(*columns, strict=True)):
        before = changed.get(channel) or current.get(channel)
        if before is None or not _goes_on(before, test, cell, status):
            before = _next(before, channel, test, cell, status)
            changed[channel] = before
        tests[row] = before.test
    return batch.with_columns(test=tests), changed


def new_cell(channel: str, before: CurrentTest | None, cell: str) -> CurrentTest:
    """What runs on a channel once a person or a feed says that another cell is on it."""
    if before is not None and before.cell in (None, cell):
        return CurrentTest(test=before.test, cell=cell, status=before.status, number=before.number)
    return _next(before, channel, None, cell, None)


def _cells(batch: Batch) -> Iterator[str | None]:
    values: Any = batch.columns.get(CELL)
    if values is None:
        return iter([None] * len(batch))
    if values.dtype == object:
        return iter(values)
    return iter([None if np.isnan(value) else f"{value:.15g}" for value in values])


def _goes_on(before: CurrentTest, test: str | None, cell: str | None, status: str | None) -> bool:
    """Whether a row changes nothing of what is known: the common case, and so the quick one."""
    if status is not None and status != before.status and (before.status != "finished" or status == "running"):
        return False
    return (test is None or test == before.test) and (cell is None or cell == before.cell)


def _next(
    before: CurrentTest | None, channel: str, test: str | None, cell: str | None, status: str | None
) -> CurrentTest:
    if before is None:
        before = CurrentTest(test="")
    if test is None:
        other_cell = cell is not None and before.cell is not None and cell != before.cell
        runs_again = before.status == "finished" and status == "running"
        number = before.number + (not before.test or other_cell or runs_again)
        test = f"{channel}-{number:03d}" if number != before.number else before.test
    else:
        number = max(before.number, _number_in(test, channel))
    if test != before.test:  # what was known of the earlier test says nothing of this one
        return CurrentTest(test=test, cell=cell, status=status, number=number)
    if before.status == "finished" and status != "running":
        status = before.status
    return CurrentTest(test=test, cell=cell or before.cell, status=status or before.status, number=number)


def _number_in(test: str, channel: str) -> int:
    """The number of a test that is named as Cellwatch would have named it, else 0."""
    head, _, tail = test.rpartition("-")
    return int(tail) if head == channel and tail.isascii() and tail.isdigit() and len(tail) <= 6 else 0
