"""Did the current at constant voltage vanish inside its step, long before such tapers end?

There less than a tenth of the setpoint may flow, where its share says nothing (see ``cycling.supply``). But a taper
falls over minutes: what falls to nothing between two readings was cut, by the end of the step or by a lost contact.
An end comes near the current, or after the time, at which like tapers ended, or changes the step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import CHARGE, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.taper import NOTHING, Taper

ABOVE_END, SLACK = 2.0, 0.01  # times the usual end current, and share of the setpoint on top: no end is so high …
BEFORE_END = 0.97  # … of the usual time: … and so soon


@dataclass(frozen=True, kw_only=True)
class TaperCut:
    """Per row: ``gone``: the current of a taper was cut and is still away; ``back``: it flows again in the same step;
    ``ampere``: what had flowed before the cut, NaN where there was none in this step."""

    gone: Bools
    back: Bools
    ampere: Floats


def taper_cut_of(turn: Turn, rows: Rows, taper: Taper) -> TaperCut:
    """Judge every row; the taper of the row before is carried over."""
    runs = rows.runs
    held = turn.carry("taper_cut.taper", np.nan, (3,))
    now = (taper.seconds, taper.usual_seconds, taper.usual_ampere)
    seconds, usual_seconds, usual_ampere = (runs.previous(each, held[:, n]) for n, each in enumerate(now))
    turn.keep("taper_cut.taper", np.column_stack(now))
    charging = rows.same_step & (rows.direction == CHARGE) & rows.running
    empty = np.abs(rows.held_current) <= NOTHING * rows.scale
    high = rows.before_current > ABOVE_END * usual_ampere + SLACK * rows.setpoint  # NaN compares as no
    soon = seconds + rows.dt < BEFORE_END * usual_seconds
    cut = charging & rows.whole & empty & high & soon
    before = np.where(cut, rows.before_current, np.nan)
    ampere = runs.last_where(cut | ~charging, before, turn.carry("taper_cut.ampere", np.nan))
    turn.keep("taper_cut.ampere", ampere)
    known = ~np.isnan(ampere)
    return TaperCut(gone=known & empty, back=known & ~empty, ampere=ampere)
