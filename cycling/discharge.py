"""The discharge of one cycle as voltage over the charge taken out: the curve whose shape tells how a cell ages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
HOUR = 3600.0  # s
LONGEST_STEP = 600.0  # s; over a longer hole between two readings nothing is known of the current
POINTS = 300


def discharge_curve(seconds: Floats, volts: Floats, amperes: Floats, points: int = POINTS) -> tuple[Floats, Floats]:
    """Charge taken out in Ah, from 0, and the voltage in V there; at most ``points`` of each, both empty without any.

    ``seconds`` is the test's clock in order; charging current is positive. Of several discharges in the cycle (pulses)
    all are counted on. Rows with a value missing are left out.
    """
    known = np.isfinite(seconds) & np.isfinite(volts) & np.isfinite(amperes)
    seconds, volts, amperes = seconds[known], volts[known], amperes[known]
    if len(seconds) < 2:
        return np.zeros(0), np.zeros(0)
    steps = np.clip(np.diff(seconds, prepend=seconds[0]), 0.0, LONGEST_STEP)
    largest = float(np.max(-amperes))
    out = amperes < -0.02 * max(largest, 0.0)  # noise around 0 A is rest
    if largest <= 0 or not out.any():
        return np.zeros(0), np.zeros(0)
    charge = np.cumsum(np.where(out, -amperes * steps, 0.0)) / HOUR
    rows = np.flatnonzero(out)
    taken, held = charge[rows], volts[rows]
    if len(rows) <= points:
        return taken - taken[0], held
    even = np.searchsorted(taken, np.linspace(taken[0], taken[-1], points))  # even in charge: the knees stay
    kept = np.unique(np.concatenate([even.clip(0, len(rows) - 1), [0, len(rows) - 1]]))
    return taken[kept] - taken[0], held[kept]
