"""Where the thermal expectations are worked out: at marks, a few per channel and quarter of an hour.

A mark stands where a two-minute cell of the data's clock begins, a step begins, its setpoint becomes known, or data
are missing.
"""

from __future__ import annotations

import numpy as np

from cycling.context import REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.surroundings import Surroundings
from cycling.thermal_mark import ALL, NAMES, SEEN, Mark, Past
from cycling.thermal_steps import IDLE, follow

MARK_SECONDS = 120.0
LOST_SECONDS = 900.0  # without data for as long, the model starts anew from the reading
JUMP = 2.0  # K between readings where a step begins, or down in a rest: time was left out, the model starts anew


def marks_of(
    turn: Turn, rows: Rows, around: Surroundings, *, rise: Floats, heat: Floats, charge: Floats
) -> dict[str, Floats]:
    """Work through the marks; returns per field what each row goes on from."""
    runs = rows.runs
    setpoint = np.where(rows.direction == REST, 0.0, rows.setpoint)
    lost, torn, marked = _where(turn, rows, rise, setpoint)
    state = turn.carry("thermal.mark", np.nan, (len(NAMES),))
    at = np.flatnonzero(marked)
    table = np.concatenate([state[:, :SEEN], np.empty((len(at), SEEN))])
    if len(at):
        past = Past(turn)
        idle = (IDLE * rows.scale) ** 2
        parts: list[np.ndarray] = [runs.of_row, lost, torn, rows.same_step, rows.elapsed, rise, around.temperature]
        parts += [heat, charge, rows.direction, setpoint, ~rows.steady, rows.protocol_step, idle]
        readings = list(zip(*(column[at].tolist() for column in parts), strict=True))  # fields of Reading
        noted: list[tuple[float, ...]] = []
        while len(noted) < len(readings):
            run = readings[len(noted)][0]
            end = int(np.searchsorted(at, runs.ends[run], side="right"))
            mark = Mark(*state[run].tolist())
            past.turn_to(run)
            noted += follow(mark, past, readings[len(noted) : end])
            state[run] = ALL(mark)
        past.keep()
        turn.keep_runs("thermal.mark", state)
        table[len(state) :] = noted
    newest = np.maximum.accumulate(np.where(marked, runs.rows, -1))
    ordinal = len(state) - 1 + np.cumsum(marked)
    held = table[np.where(newest >= runs.start_of_row, ordinal, runs.of_row)]
    return {name: held[:, place] for place, name in enumerate(NAMES[:SEEN])}


def _where(turn: Turn, rows: Rows, rise: Floats, setpoint: Floats) -> tuple[Bools, Bools, Bools]:
    """Rows before which time was left out, those of them that may stand inside a step, and all rows with a mark."""
    runs = rows.runs
    last = turn.carry("thermal.last", np.nan, (3,))  # elapsed, ΔT and setpoint of the row before
    before = runs.previous(rows.elapsed, last[:, 0])
    jump = rise - runs.previous(rise, last[:, 1])
    known = runs.previous(setpoint, last[:, 2])
    still = np.abs(rows.held_current) <= 0.01 * rows.scale
    torn = ~(rows.elapsed - before <= LOST_SECONDS) | rows.seam
    lost = torn | (still & (jump < -JUMP)) | (~rows.same_step & (np.abs(jump) > JUMP))
    learned = ~np.isnan(setpoint) & ~(np.abs(setpoint - known) <= 0.05 * setpoint)
    cell = np.floor(rows.elapsed / MARK_SECONDS) != np.floor(before / MARK_SECONDS)
    turn.keep("thermal.last", np.column_stack([rows.elapsed, rise, setpoint]))
    return lost, torn, lost | ~rows.same_step | learned | cell
