"""Recorded rows in the order in which the watch would have met them: neighbours put right, channels merged by clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cycling.readings import Batch
from cycling.rows import Floats, Ints

ROWS_AT_ONCE = 50_000
LEAP_SECONDS = 7200.0  # more than any change between summer and winter time


def in_record_order(batch: Batch) -> Batch:
    """The batch with neighbours that were swapped against ``record_index`` put right.

    A lasting restart of the index is a seam of the file, not disorder, and stays as it is.
    """
    if not len(batch):
        return batch
    channel, _names = channels_of(batch)
    rows = np.argsort(channel, kind="stable")
    index, of = batch.numbers("record_index")[rows], channel[rows]
    same = of[1:] == of[:-1]  # a row and the next one are of one channel
    before = np.append(-np.inf, np.where(same[:-1], index[:-2], -np.inf))
    after = np.append(np.where(same[1:], index[2:], np.inf), np.inf)
    swapped = np.flatnonzero(same & (index[:-1] > index[1:]) & (before < index[1:]) & (index[:-1] < after))
    if not len(swapped):
        return batch
    order = np.arange(len(batch))
    order[rows[swapped]], order[rows[swapped + 1]] = rows[swapped + 1], rows[swapped]
    return batch.take(order)


def by_clock(batch: Batch) -> list[Batch]:
    """The rows merged by their clock (arrival where present, else unix time), in pieces.

    Within a channel rows stay in order and the clock never goes back.
    """
    if not len(batch):
        return []
    arrival, unix = batch.numbers("arrival_time_second"), batch.numbers("unix_time_second")
    clock = np.where(np.isnan(arrival), unix, arrival)
    channel, names = channels_of(batch)
    for place in range(names):
        rows = np.flatnonzero(channel == place)
        clock[rows] = np.maximum.accumulate(_without_leaps(clock[rows]))
    merged = batch.with_columns(arrival_time_second=clock)
    if (clock[1:] < clock[:-1]).any():  # rows of an archive come merged already
        merged = merged.take(np.argsort(clock, kind="stable"))
    return [merged.take(slice(begin, begin + ROWS_AT_ONCE)) for begin in range(0, len(merged), ROWS_AT_ONCE)]


def channels_of(batch: Batch) -> tuple[Ints, int]:
    """Every row's channel as a number, and how many channels there are."""
    numbers, names = pd.factorize(batch.texts("channel"))
    return np.asarray(numbers), len(names)


def _without_leaps(clock: Floats) -> Floats:
    """The clock of one channel where single rows far ahead of both their neighbours stand at the row before: one
    wrong stamp must not hold up all later rows, nor make every other channel look silent."""
    before, after = np.append(clock[:1], clock[:-1]), np.append(clock[1:], clock[-1:])
    leaps: Any = (clock - before > LEAP_SECONDS) & (clock - after > LEAP_SECONDS)
    return np.where(leaps, before, clock)
