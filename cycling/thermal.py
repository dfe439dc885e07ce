"""What temperature should the cell have? Two answers that must agree before anything is said of it.

One is the cell's own past: ΔT over its surroundings at the same time in the same step, three runs back, plus the
difference at the step's start, dying away. The other is its heat balance, run freely from the first reading. Each
is wrong in its own way, so what both find odd is.

What costs is done at marks (cycling.thermal_marks); the rows between go on from the last mark in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.surroundings import Surroundings, surroundings_of
from cycling.thermal_marks import marks_of
from cycling.thermal_steps import VERIFIED_SHARE
from cycling.thermometry import Thermometry

NEAR = 3.0  # K
TELLING, HINTING = 2.5, 1.5  # K of expected warmth that can verify a temperature, or cast doubt on it


@dataclass(frozen=True, kw_only=True)
class Thermal:
    """Per row, K over the surroundings. Residuals (``r_history``, ``r_model``) are what neither the surroundings of
    now nor those of a cell's time constant ago explain, less the doubt about them; NaN where nothing is expected yet
    or the temperature cannot be believed. ``learning``: one of the two cannot say yet.
    ``unverified_minutes``: since the temperature was last as warm as load made it."""

    surroundings: Surroundings
    rise: Floats  # measured
    expected_history: Floats
    expected_model: Floats
    r_history: Floats
    r_model: Floats
    learning: Bools
    as_expected: Bools  # the measured rise is near what either expects
    verified_seconds: Floats  # of warmth where warmth was expected, up to now; 0 where it is not warm
    unverified_minutes: Floats


def thermal_of(turn: Turn, rows: Rows, thermometry: Thermometry) -> Thermal:
    """Judge the temperature of every row against both expectations."""
    around = surroundings_of(turn, rows, thermometry.believable)
    rise = np.where(thermometry.believable, rows.surface - around.temperature, np.nan)
    ampere, before = np.nan_to_num(rows.held_current), np.nan_to_num(rows.before_current)
    charge = rows.runs.running_sum(0.5 * (ampere + before) * rows.dt, turn.carry("thermal.charge", 0.0))
    heat = rows.runs.running_sum(0.5 * (ampere**2 + before**2) * rows.dt, turn.carry("thermal.heat", 0.0))
    turn.keep("thermal.charge", charge)
    turn.keep("thermal.heat", heat)
    held = marks_of(turn, rows, around, rise=rise, heat=heat, charge=charge)
    passed = rows.elapsed - held["at"]
    decay = np.exp(-held["kappa"] * passed)
    gain = (1.0 - decay) / (held["kappa"] * np.where(passed > 0, passed, 1.0))
    warmth = (
        held["joule"] * (heat - held["heat"])
        + held["reversible"] * (charge - held["charge"])
        + held["constant"] * passed
    )
    by_model = held["model"] * decay + gain * warmth
    fading = np.exp(-held["offset_rate"] * (rows.elapsed - held["offset_at"]))
    by_history = held["usual"] + held["usual_slope"] * passed + held["offset"] * fading
    slack = around.temperature - held["lagged"]
    r_history = _beyond(rise - by_history, slack, around.doubt)
    r_model = _beyond(rise - by_model, slack, around.doubt)
    verified, unverified = _verified(turn, rows, rise, by_history, by_model)
    return Thermal(
        surroundings=around,
        rise=rise,
        expected_history=by_history,
        expected_model=by_model,
        r_history=r_history,
        r_model=r_model,
        learning=np.isnan(by_history) | np.isnan(by_model),
        as_expected=np.fmin(np.abs(r_history), np.abs(r_model)) < NEAR,
        verified_seconds=verified,
        unverified_minutes=unverified / 60.0,
    )


def _beyond(residual: Floats, slack: Floats, doubt: Floats) -> Floats:
    """What is left of a residual when the surroundings may be anything between now's and a time constant ago's."""
    low = residual + np.minimum(slack, 0.0) - doubt
    high = residual + np.maximum(slack, 0.0) + doubt
    return np.asarray(np.maximum(low, 0.0) + np.minimum(high, 0.0))


def _verified(turn: Turn, rows: Rows, rise: Floats, by_history: Floats, by_model: Floats) -> tuple[Floats, Floats]:
    """For how many seconds of expected warmth the temperature has been as warm, 0 where it is not now; and the
    seconds since it last was."""
    runs = rows.runs
    expected = np.fmin(by_history, by_model)
    warm = (expected > TELLING) & (rise >= VERIFIED_SHARE * expected)
    cold = (expected > HINTING) & (rise < VERIFIED_SHARE * expected) & ~warm
    total = runs.running_sum(np.where(warm, rows.dt, 0.0), turn.carry("thermal.warm", 0.0))
    base = runs.last_where(cold, total, turn.carry("thermal.warm_base", 0.0))
    since = runs.last_where(warm, rows.elapsed, turn.carry("thermal.verified", 0.0))
    turn.keep("thermal.warm", total)
    turn.keep("thermal.warm_base", base)
    turn.keep("thermal.verified", since)
    return np.where(warm, total - base, 0.0), rows.elapsed - since
