"""The temperature around a cell: the chamber's sensor where there is one, else what the chamber was told to hold,
else what the cell itself comes to in a long rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats

COLDEST, HOTTEST = -60.0, 120.0  # °C a chamber can have; outside is a code of its logger
HELD_SECONDS = 1800.0  # some loggers read the chamber less often than the cell
RESTED_SECONDS = 2700.0  # three of the usual time constants: the cell has come to its surroundings
STATED_DOUBT = 1.0  # K by which a chamber may stand off what it was told (its own alarm is at 2)
LEARNED_DOUBT = 2.0  # K by which a room wanders in a day


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Per row: ``temperature`` (°C, NaN where nothing tells it), by how much it may be wrong (``doubt``, K), and
    whether it is ``known`` (measured or stated): a learned one cannot tell a warming chamber from a warming cell."""

    temperature: Floats
    doubt: Floats
    known: Bools


def surroundings_of(turn: Turn, rows: Rows, believable: Bools) -> Surroundings:
    """The surroundings of every row; ``believable`` marks the cell temperatures that may teach a resting one."""
    runs, ambient = rows.runs, rows.ambient
    plain = (ambient > COLDEST) & (ambient < HOTTEST) & (ambient != 0.0)
    measured = runs.last_where(plain, ambient, turn.carry("around.ambient", np.nan))
    at = runs.last_where(plain, rows.elapsed, turn.carry("around.ambient_at", -np.inf))
    fresh = rows.elapsed - at <= HELD_SECONDS
    turn.keep("around.ambient", measured)
    turn.keep("around.ambient_at", at)
    began = runs.last_where(
        ~rows.same_step | (rows.direction != REST), rows.elapsed, turn.carry("around.rest_began", 0.0)
    )
    rested = believable & (rows.direction == REST) & (rows.elapsed - began >= RESTED_SECONDS)
    learned = runs.last_where(rested, rows.surface, turn.carry("around.rested", np.nan))
    turn.keep("around.rest_began", began)
    turn.keep("around.rested", learned)
    stated = rows.limits.setpoint
    known = fresh | ~np.isnan(stated)
    return Surroundings(
        temperature=np.where(fresh, measured, np.where(np.isnan(stated), learned, stated)),
        doubt=np.where(fresh, 0.0, np.where(known, STATED_DOUBT, LEARNED_DOUBT)),
        known=known,
    )
