"""Is the thermocouple telling a temperature? Rails, sentinels and blanks on one side, heat on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats

# Rails and codes that loggers write for an open or shorted thermocouple (seen in real files: 99.0 and 0.0 ISEA,
# -67 Repower, about -2500 Maccor; 1372 and -200 are the ends of type K, 3276.7 a full 16-bit register).
SENTINELS = (-200.0, -99.9, -67.0, 99.0, 850.0, 1372.0, 3276.7)
COLDEST, HOTTEST = -30.0, 150.0
SHORT_BLANK = 20.0  # s
HEAT_STEP = 10.0  # K between readings: more is a sensor, unless the readings ramp up to it


@dataclass(frozen=True, kw_only=True)
class Thermometry:
    """Per row: ``believable`` marks values a cell can have; ``blank`` a missing value of a test that had them;
    ``broken`` a rail or sentinel; ``last`` the believable value before (°C), ``last_age`` its age (s);
    ``usual_blank`` the longest short time (s) between values with blanks between them so far: some loggers measure
    the temperature less often than the voltage."""

    believable: Bools
    blank: Bools
    broken: Bools
    last: Floats
    last_age: Floats
    usual_blank: Floats


def thermometry_of(turn: Turn, rows: Rows) -> Thermometry:
    """Judge the cell temperature of every row."""
    runs, value = rows.runs, rows.surface
    out = (value < COLDEST) | (value > HOTTEST)
    coded = np.zeros(len(value), dtype=bool)
    for sentinel in SENTINELS:
        coded |= np.abs(value - sentinel) < 0.05
    exact_zero = value == 0.0
    plain = ~np.isnan(value) & ~out & ~coded & ~exact_zero
    carried, carried_at = turn.carry("thermo.last", np.nan), turn.carry("thermo.at", np.nan)
    last = runs.previous(runs.last_where(plain, value, carried), carried)
    last_at = runs.previous(runs.last_where(plain, rows.elapsed, carried_at), carried_at)
    # A code inside the possible range is one only when it came by a jump: heat ramps up to 99 °C.
    jumped = np.abs(value - last) > HEAT_STEP
    broken = out | ((coded | exact_zero) & (jumped | np.isnan(last)) & ~(exact_zero & np.isnan(last)))
    believable = ~np.isnan(value) & ~broken
    blank_before = runs.previous(np.isnan(value).astype(float), turn.carry("thermo.blank", 0.0)) > 0
    age = rows.elapsed - last_at
    rare = plain & blank_before & (age <= SHORT_BLANK)
    usual_blank = runs.running_max(np.where(rare, age, 0.0), turn.carry("thermo.usual_blank", 0.0))
    turn.keep("thermo.blank", np.isnan(value).astype(float))
    turn.keep("thermo.usual_blank", usual_blank)
    turn.keep("thermo.last", runs.last_where(plain, value, carried))
    turn.keep("thermo.at", runs.last_where(plain, rows.elapsed, carried_at))
    return Thermometry(
        believable=believable,
        blank=np.isnan(value) & ~np.isnan(last),
        broken=broken,
        last=last,
        last_age=age,
        usual_blank=usual_blank,
    )
