"""How far does the voltage jump when the current comes on, against earlier times of the same kind?

R0 = ΔV/ΔI from the last reading at rest to the first under load holds contacts and leads beside the cell. It also
grows with the time between those readings, with cold and at low charge, so it is held only against transitions
of the same direction that began at a like voltage, temperature and current, with a like time between readings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.median import median_of
from cycling.memory import Turn
from cycling.rows import Floats, Ints

RESTING, LOADED = 0.02, 0.2  # of the largest current
LONGEST_SECONDS = 45.0  # between the two readings: later the cell's own polarisation hides the contact
SPREAD = 2.0  # what is usual reaches so many times as far above the median as the largest like transition does
HISTORY = 10  # transitions remembered per direction
NEEDED, LOOKED_AT = 3, 5  # alike among them; the newest so many are used
LIKE_VOLT, LIKE_KELVIN = 0.1, 5.0
LIKE_SHARE = 1.3  # of current, and of the time between the readings
SURPRISING_FRACTION, SURPRISING_OHM = 0.15, 0.01  # not learned, as it may be a fault …
ACCEPTED_AFTER = 12  # … until it has come so often in a row


@dataclass(frozen=True, kw_only=True)
class Resistance:
    """For the rows at which current came on and earlier times tell what to expect, in order: the row, the measured
    and the usual R0 (ohm), how far above that is still usual (ohm), and the same of the transition before it that
    could be judged (NaN where none)."""

    rows: Ints
    measured: Floats
    usual: Floats
    spread: Floats
    measured_before: Floats
    usual_before: Floats
    spread_before: Floats


def resistance_of(turn: Turn, rows: Rows) -> Resistance:
    """Judge each transition from rest to load."""
    runs = rows.runs
    at_rest = np.abs(rows.before_current) < RESTING * rows.scale
    carried = turn.carry("resistance.scale", 0.0)
    grown = rows.scale > 4 * runs.previous(rows.scale, carried)  # what came before was noise: the rest may be none
    turn.keep("resistance.scale", rows.scale)
    on = at_rest & (np.abs(rows.current) > LOADED * rows.scale) & rows.readable & rows.whole & ~grown
    on &= (rows.dt <= LONGEST_SECONDS) & rows.running
    history = turn.carry("resistance.history", np.nan, (2, HISTORY, 5))
    last = turn.carry("resistance.last", np.nan, (3,))  # measured, usual, spread
    strange = turn.carry("resistance.strange", 0.0)
    found: list[tuple[float, ...]] = []
    for row in np.flatnonzero(on).tolist():
        run = int(runs.of_row[row])
        seen = _transition(rows, row)
        side = history[run, 0 if rows.current[row] > 0 else 1]
        usual, spread = _usual(side, seen)
        if usual == usual:
            found.append((row, seen[0], usual, spread, *last[run].tolist()))
            last[run] = seen[0], usual, spread
            odd = seen[0] > usual + max(SURPRISING_OHM, SURPRISING_FRACTION * usual)
            strange[run] = strange[run] + 1 if odd else 0.0
            if odd and strange[run] < ACCEPTED_AFTER:
                continue
        if seen[0] > 0:
            side[1:] = side[:-1].copy()
            side[0] = seen
    turn.keep_runs("resistance.history", history)
    turn.keep_runs("resistance.last", last)
    turn.keep_runs("resistance.strange", strange)
    table = np.array(found, dtype=np.float64).reshape(-1, 7)
    return Resistance(
        rows=table[:, 0].astype(np.int64),
        measured=table[:, 1],
        usual=table[:, 2],
        spread=table[:, 3],
        measured_before=table[:, 4],
        usual_before=table[:, 5],
        spread_before=table[:, 6],
    )


def _transition(rows: Rows, row: int) -> tuple[float, float, float, float, float]:
    """R0 (ohm), voltage at rest (V), current (A), seconds between the readings, temperature (°C)."""
    change = float(rows.current[row] - rows.before_current[row])
    rest = float(rows.before_voltage[row])
    ohm = (float(rows.voltage[row]) - rest) / change
    return ohm, rest, abs(change), float(rows.dt[row]), float(rows.surface[row])


def _usual(history: Floats, seen: tuple[float, float, float, float, float]) -> tuple[float, float]:
    """The median R0 (ohm) of the newest transitions like this one, and how far above it is still usual; NaN where
    there are too few."""
    _, volt, ampere, seconds, kelvin = seen
    apart = np.abs(history[:, 4] - kelvin)
    like = (
        (np.abs(history[:, 1] - volt) <= LIKE_VOLT)
        & (np.abs(np.log(history[:, 2] / ampere)) <= np.log(LIKE_SHARE))
        & (np.abs(np.log(history[:, 3] / seconds)) <= np.log(LIKE_SHARE))
        & ((apart <= LIKE_KELVIN) | (np.isnan(history[:, 4]) & np.isnan(kelvin)))
    )
    alike = history[like, 0]
    if len(alike) < NEEDED:
        return float("nan"), float("nan")
    usual = float(median_of(alike[:LOOKED_AT]))
    return usual, SPREAD * (float(alike.max()) - usual)
