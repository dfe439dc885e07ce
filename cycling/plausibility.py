"""Which readings can no single lithium-ion cell give, and how many of them came lately?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats

REMEMBERED = 8  # times of the newest impossible readings that are kept per channel


@dataclass(frozen=True, kw_only=True)
class Plausibility:
    """Per row: whether it is impossible, and for impossible rows the data times (s) of the newest
    impossible readings, this one first, of shape (rows, REMEMBERED); NaN elsewhere."""

    impossible: Bools
    times: Floats


def plausibility_of(turn: Turn, rows: Rows) -> Plausibility:
    """Judge voltage, current and resistance of every row."""
    impossible = ~rows.readable | (rows.resistance < 0)
    held = turn.carry("plausibility.times", np.nan, (REMEMBERED,))
    times = np.full((rows.runs.length, REMEMBERED), np.nan)
    for row in np.flatnonzero(impossible).tolist():
        run = rows.runs.of_row[row]
        held[run, 1:] = held[run, :-1].copy()
        held[run, 0] = rows.elapsed[row]
        times[row] = held[run]
    turn.keep_runs("plausibility.times", held)
    return Plausibility(impossible=impossible, times=times)
