"""Charge and energy through a channel: from the cycler's own counters, else by integrating the current.

Counters may restart at any time (a new cycle, a new file); running totals here never do. Nothing is integrated
across a hole in the data or a restart: a last row with current would inflate the capacity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.memory import Turn
from cycling.rows import Bools, Floats

SECONDS_PER_HOUR = 3600.0
ENDS = 0.5  # a current that falls below this share of what it was, or rises so, begins or ends between two readings
COUNTERS = ("charging_capacity_ah", "discharging_capacity_ah", "charging_energy_wh", "discharging_energy_wh")


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Running totals at each row since the test began: Ah and Wh in charge and discharge."""

    totals: dict[str, Floats]  # by the names of COUNTERS
    steps: dict[str, Floats]  # what each row added
    unsure: dict[str, Floats]  # Ah by which that may be wrong, for the two capacities


def throughput(
    turn: Turn,
    counters: dict[str, Floats],
    *,
    voltage: Floats,
    current: Floats,
    before_voltage: Floats,
    before_current: Floats,
    dt: Floats,
    whole: Bools,
) -> Throughput:
    """Totals of the rows. ``dt`` are the seconds to the row before (0 where there is none to integrate from),
    ``whole`` says where the row before belongs to the same stretch of data."""
    runs = turn.runs
    hours = dt / SECONDS_PER_HOUR
    totals, steps, unsure = {}, {}, {}
    for name in COUNTERS:
        sign = 1.0 if name.startswith("charging") else -1.0
        flow, flow_before = np.maximum(sign * current, 0.0), np.maximum(sign * before_current, 0.0)
        if name.endswith("wh"):
            flow, flow_before = flow * voltage, flow_before * before_voltage
        integrated = np.where(whole, 0.5 * (flow + flow_before) * hours, 0.0)
        counted = _counted(counters[name], runs.previous(counters[name], turn.carry(f"tp.{name}", np.nan)))
        step = np.where(np.isnan(counted), np.nan_to_num(integrated), counted)
        if name.endswith("ah"):
            unsure[name] = np.where(np.isnan(counted) & whole, _unsure(flow, flow_before) * hours, 0.0)
        totals[name] = runs.running_sum(step, turn.carry(f"tp.sum.{name}", 0.0))
        steps[name] = step
        turn.keep(f"tp.{name}", counters[name])
        turn.keep(f"tp.sum.{name}", totals[name])
    return Throughput(totals=totals, steps=steps, unsure=unsure)


def _unsure(flow: Floats, before: Floats) -> Floats:
    """How far (A) a mean of two readings may be off where the current began or ended somewhere between them: half of
    the difference, the exact bound for any course between the two. A taper or noise is no such edge."""
    low, high = np.minimum(flow, before), np.maximum(flow, before)
    return np.where(low < ENDS * high, 0.5 * (high - low), 0.0)


def _counted(counter: Floats, before: Floats) -> Floats:
    """What the counter says was added since the row before: NaN where it does not say, and a counter that
    fell by more than half has restarted from 0. Smaller falls are rounding and add nothing."""
    added = counter - before
    restarted = counter < 0.5 * before
    return np.where(restarted, counter, np.maximum(added, 0.0))
