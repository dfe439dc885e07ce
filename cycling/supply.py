"""Is current flowing where it should? Tells a lost contact from the ordinary end of a step.

Cyclers go on logging after a step ended by its own cut-off, often still under the step's name (NASA: up to 38 %
of the rows of a discharge). So current that vanishes is first held against what a natural end looks like: a
discharge near the voltage it ended at before (or near its limit), a charge tapering at the top voltage, or either
after it had moved nearly as much charge, or lasted nearly as long, as the times before. At the top voltage charge and
time say little: there a charge ends near the current at which it ended before, or after the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import CHARGE, DISCHARGE, REST, Rows
from cycling.median import median_of_known
from cycling.memory import Turn
from cycling.rows import Bools, Floats

GONE, BACK = 0.05, 0.10  # shares of the setpoint
NEAR_END_VOLT = 0.35  # a discharge this close to its end voltage is in its steep last part
NEAR_TOP_VOLT = 0.03
TAPERING = 0.35  # share of the setpoint below which a charge at the top voltage is tapering
USUAL_TAPER, TAPER_SLACK = 2.0, 0.02  # times the largest share that the last charges ended at, and on top of it
TAPER_LEAST = 0.005  # share; less is no current but the noise of a contact that was lost before
USUAL_TIME = 0.97  # of the usual time: a charge that ends by the clock
USUAL_SHARE = 0.85  # of the charge (or time) the last steps of the direction took
HISTORY = 3
LEAST_SETPOINT = 0.004  # of the largest current: C/50 beside 5C
RAIL_LEAP_VOLT = 0.08  # an open input goes to its rail at once; what creeps there is a cell that is driven
RAIL_LOW_VOLT = 1.0  # no lithium-ion cell rests below; an open input falls to about 0
USUAL_CUTOFF = 2.7
VANISHED, NEVER_CAME = 1.0, 2.0
STARTED_BY = 5  # readings, and …
STARTED_WITHIN = 120.0  # s; some loads switch on late (NASA: up to 36 s after the discharge began)


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Per row: the current the step should have, whether it is gone without reason, and the open-circuit rail."""

    expected: Floats  # A, NaN where not known
    gone: Bools
    flowing: Bools
    railed: Bools


def supply_of(turn: Turn, rows: Rows) -> Supply:
    """Judge every row; what happened at the last ends of steps is carried over."""
    runs = turn.runs
    magnitude = np.abs(rows.held_current)  # a row that cannot be read says nothing of the contact
    heading = runs.last_where(
        (rows.direction != REST) | ~rows.same_step, rows.direction, turn.carry("supply.heading", REST)
    )
    expected = _expected(turn, rows, heading)
    active = (heading != REST) & rows.running & (expected > 0) & ~rows.foreign
    low = active & (magnitude < GONE * expected)
    flowing = (expected > 0) & (magnitude > BACK * expected) & (rows.direction != REST)
    unexplained = _unexplained(turn, rows, heading, low=low, flowing=flowing, expected=expected)
    railed = _railed(turn, rows, magnitude, expected, flowing)
    turn.keep("supply.heading", heading)
    return Supply(expected=expected, gone=low & unexplained, flowing=flowing, railed=railed)


def _expected(turn: Turn, rows: Rows, heading: Floats) -> Floats:
    """The step's setpoint; while it is being learned, or where it was learned from a dead step, the last good
    setpoint of the same direction. A small current that is held constant is a slow step (a check-up after fast
    cycles), not a dead one."""
    slow = rows.steady & (rows.setpoint > LEAST_SETPOINT * rows.scale)
    good = slow | (rows.setpoint > 0.02 * rows.scale)
    expected = np.full(rows.runs.length, np.nan)
    for sign, name in ((CHARGE, "supply.charge"), (DISCHARGE, "supply.discharge")):
        last = rows.runs.last_where(good & (heading == sign), rows.setpoint, turn.carry(name, np.nan))
        believable = slow | good & (rows.setpoint > GONE * np.where(np.isnan(last), 0.0, last))
        expected = np.where(heading == sign, np.where(believable, rows.setpoint, last), expected)
        turn.keep(name, last)
    return expected


def _railed(turn: Turn, rows: Rows, magnitude: Floats, expected: Floats, flowing: Bools) -> Bools:
    """No current, and a voltage no cell can have: the input is open. A slot that never held a cell is not."""
    runs = rows.runs
    of_row = runs.of_row
    still = magnitude < np.where(expected > 0, GONE * expected, np.maximum(0.01 * rows.scale, 0.005))
    ceiling = rows.limits.voltage_max[of_row] + 0.05
    voltage = rows.held_voltage
    cell = (voltage > RAIL_LOW_VOLT) & (voltage < ceiling)
    held_cell = runs.last_where(cell, cell.astype(float), turn.carry("supply.cell", 0.0)) > 0
    turn.keep("supply.cell", held_cell.astype(float))
    # A cell that was driven over its limit under current stays high when the current ends: no open input.
    loaded = runs.last_where(flowing, voltage, turn.carry("supply.loaded_voltage", np.nan))
    turn.keep("supply.loaded_voltage", loaded)
    driven = loaded > rows.limits.voltage_max[of_row]
    high = voltage > ceiling
    leapt = high & (voltage - rows.before_voltage > RAIL_LEAP_VOLT)
    at_once = runs.last_where(leapt | ~high, leapt.astype(float), turn.carry("supply.rail", 0.0)) > 0
    turn.keep("supply.rail", at_once.astype(float))
    out = (voltage < RAIL_LOW_VOLT) | (high & at_once & ~driven)
    return np.asarray(still & out & held_cell & rows.running)


def _unexplained(turn: Turn, rows: Rows, heading: Floats, *, low: Bools, flowing: Bools, expected: Floats) -> Bools:
    """Where current vanished inside a step, or never came, without the marks of a natural end."""
    runs = rows.runs
    was_flowing = runs.previous(flowing.astype(float), turn.carry("supply.flowing", 0.0)) > 0
    was_heading = runs.previous(heading, turn.carry("supply.was_heading", REST))
    was_expected = runs.previous(expected, turn.carry("supply.was_expected", np.nan))
    flowed_for = runs.running_sum(np.where(flowing | was_flowing, rows.dt, 0.0), turn.carry("supply.time", 0.0))
    moved = {
        CHARGE: rows.throughput.totals["charging_capacity_ah"],
        DISCHARGE: rows.throughput.totals["discharging_capacity_ah"],
    }
    began = ~rows.same_step
    vanished = was_flowing & ~flowing & (low | began)
    continued = rows.seam & (heading == was_heading)  # a new file of a step that had already ended
    dead_start = began & low & ~was_flowing & ~continued
    history = _History(turn)
    verdict, volts = np.zeros(runs.length), rows.before_voltage
    reversed_ = flowing & was_flowing & (heading != was_heading)  # from charge to discharge without a rest
    tapered = began & ~was_flowing & (was_heading == CHARGE) & (was_expected > 0)
    turns = vanished | dead_start | (flowing & ~was_flowing) | reversed_
    for row in np.flatnonzero(turns | tapered).tolist():
        run = int(runs.of_row[row])
        if tapered[row]:
            share = abs(float(rows.before_current[row])) / float(was_expected[row])
            history.note_taper(run, float(flowed_for[row]), float(volts[row]), share)
        if not turns[row]:
            continue
        if flowing[row]:
            if reversed_[row]:
                sign = float(was_heading[row])
                charge = float(moved[sign][row]) - history.moved[run]
                share = abs(float(rows.before_current[row])) / float(was_expected[row])
                history.note(run, sign, charge, float(flowed_for[row]) - history.time[run], float(volts[row]), share)
            if not _still_tapering(rows, row, float(expected[row])):
                history.begin(run, float(moved[heading[row]][row]), float(flowed_for[row]))
        elif not vanished[row]:
            verdict[row] = NEVER_CAME * _should_flow(rows, row, float(heading[row]))
        else:
            sign = float(was_heading[row])
            charge = float(moved[sign][row]) - history.moved[run]
            lasted = float(flowed_for[row]) - history.time[run]
            volt = float(volts[row])
            share = abs(float(rows.before_current[row])) / float(was_expected[row])
            natural = (began[row] and not low[row]) or _ended(rows, row, history, sign, charge, lasted, volt, share)
            if natural:
                history.note(run, sign, charge, lasted, volt, share)
            verdict[row] = VANISHED * (not natural and bool(low[row]))
    judged = vanished | dead_start | flowing  # current that flows again ends the matter
    standing = runs.last_where(judged, verdict, turn.carry("supply.verdict", 0.0))
    history.keep()
    turn.keep("supply.verdict", standing)
    turn.keep("supply.flowing", flowing.astype(float))
    turn.keep("supply.was_heading", heading)
    turn.keep("supply.was_expected", expected)
    turn.keep("supply.time", flowed_for)
    began_at = runs.last_where(began, rows.elapsed, turn.carry("supply.began", 0.0))
    turn.keep("supply.began", began_at)
    late = (rows.step_row >= STARTED_BY) & (rows.elapsed - began_at >= STARTED_WITHIN)
    return np.asarray((standing == VANISHED) | ((standing == NEVER_CAME) & late))


def _still_tapering(rows: Rows, row: int, expected: float) -> bool:
    """Whether a current that counts as flowing again had only wavered about the least that counts."""
    return bool(rows.same_step[row] and abs(float(rows.before_current[row])) >= GONE * expected)


def _should_flow(rows: Rows, row: int, sign: float) -> bool:
    """A step that begins without current: a full cell may take none, any cell can be discharged."""
    if not rows.declared[row]:
        return False
    top = rows.limits.voltage_max[rows.runs.of_row[row]]
    return sign == DISCHARGE or bool(rows.voltage[row] < min(top, 4.2) - 0.1)


def _ended(
    rows: Rows, row: int, history: _History, sign: float, charge: float, lasted: float, volt: float, share: float
) -> bool:
    """Whether a step that is over looks like the ends before."""
    run = int(rows.runs.of_row[row])
    usual_end = history.end_voltage(run, sign)
    if sign == CHARGE and volt >= usual_end - NEAR_TOP_VOLT:
        return history.tapered(run, share, lasted)
    return history.natural(run, sign, charge, lasted) or _at_end(rows, row, sign, volt, share, usual_end)


def _at_end(rows: Rows, row: int, sign: float, volt: float, share: float, usual_end: float) -> bool:
    run = rows.runs.of_row[row]
    if sign == CHARGE:
        top = min(float(rows.limits.voltage_max[run]), 4.2) if np.isnan(usual_end) else usual_end
        return volt >= top - NEAR_TOP_VOLT and share <= TAPERING
    lowest = float(rows.limits.voltage_min[run])
    end = max(lowest, USUAL_CUTOFF if lowest == 2.0 else lowest) if np.isnan(usual_end) else usual_end
    return volt - end <= NEAR_END_VOLT


class _History:
    """How the last steps of each direction ended: charge moved (Ah), time (s), last voltage under load (V), share of
    the setpoint that still flowed."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._ends = turn.carry("supply.ends", np.nan, (2, HISTORY, 4))
        self.moved = turn.carry("supply.moved_at_start", 0.0)
        self.time = turn.carry("supply.time_at_start", 0.0)

    def begin(self, run: int, moved: float, time: float) -> None:
        self.moved[run], self.time[run] = moved, time

    def natural(self, run: int, sign: float, charge: float, lasted: float) -> bool:
        """As much charge, or as much time, as was usual."""
        ends = self._of(run, sign)
        if np.isnan(ends[0, 0]):
            return False
        usual_charge, usual_time = median_of_known(ends[:, 0]), median_of_known(ends[:, 1])
        return charge >= USUAL_SHARE * usual_charge or lasted >= USUAL_SHARE * usual_time

    def note_taper(self, run: int, flowed_for: float, volt: float, share: float) -> None:
        """A charge ended after its current had become small; how much it moved is not asked of it."""
        if TAPER_LEAST < share < BACK:
            self.note(run, CHARGE, np.nan, flowed_for - self.time[run], volt, share)

    def tapered(self, run: int, share: float, lasted: float) -> bool:
        """A charge at its top voltage: as far down as usual, or for as long."""
        ends = self._of(run, CHARGE)
        as_low = share <= USUAL_TAPER * float(np.nanmax(ends[:, 3])) + TAPER_SLACK
        return as_low or lasted >= USUAL_TIME * median_of_known(ends[:, 1])

    def end_voltage(self, run: int, sign: float) -> float:
        ends = self._of(run, sign)
        return float("nan") if np.isnan(ends[0, 2]) else median_of_known(ends[:, 2])

    def note(self, run: int, sign: float, charge: float, lasted: float, volt: float, share: float) -> None:
        ends = self._of(run, sign)
        ends[1:] = ends[:-1].copy()
        ends[0] = charge, lasted, volt, share

    def keep(self) -> None:
        self._turn.keep_runs("supply.ends", self._ends)
        self._turn.keep_runs("supply.moved_at_start", self.moved)
        self._turn.keep_runs("supply.time_at_start", self.time)

    def _of(self, run: int, sign: float) -> np.ndarray:
        ends: np.ndarray = self._ends[run, 0 if sign == CHARGE else 1]
        return ends
