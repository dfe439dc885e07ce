"""Which single measurements of the voltage stand apart from both neighbours while the current stays?

A measurement is judged when the next one is there: it must lie above both neighbours, or below both. A steep
voltage never does that, so the ends of charges and discharges need no mask, and a pulse changes the current too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import REST, Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats, Ints
from cycling.stillness import COPY_SECONDS, Stillness

LOADED = 0.02  # of the largest current: at rest a voltage still relaxes in bends
ALIKE = 0.01  # of the largest current: the current of the judged measurement lies between its neighbours' so nearly
STEADY = 0.15  # of the largest current: how far its neighbours may lie apart
SETTLED_SECONDS = 60.0  # s after a step began
CALM_VOLT = 0.02  # what one measurement adds to the mean bend at most
LEAST_VOLT = 0.02  # a lower spike is none …
STANDS_OUT = 8.0  # … nor is one that is not so many times the usual bend higher than that
LEAP_VOLT = 0.08  # and STANDS_OUT above the usual bend: no cell goes so far between readings while its current stays
UNMOVED = 0.05  # of the largest current, which makes no such leap
LOOSE_SECONDS = 7200.0  # after a spike, in which leaps are the contact's
EXCURSION = 3.0  # readings after which what leapt and has not come back is believed
REMEMBERED = 8  # of the newest spikes per channel


@dataclass(frozen=True, kw_only=True)
class Spikes:
    """Per row: whether the measurement before it was a spike, and the data time (s) of the newest. For the spikes,
    in order of their rows: data time and height (V, signed; the lesser of both jumps) of the newest spikes, this
    one first, of shape (spikes, REMEMBERED, 2), NaN where there were fewer. ``away``: the voltage leapt in the last
    readings while the current stayed, has not come back yet, and has spiked lately: spikes that follow each other look
    so."""

    at: Bools
    newest: Floats
    rows: Ints
    recent: Floats
    away: Bools

    def tall(self, least: float, window: float, *, below: float = np.inf, down: bool = False) -> Floats:
        """Per row: how many spikes of at least ``least`` and at most ``below`` V there were within ``window`` s, this
        one included, at rows that are such a spike; 0 elsewhere. ``down``: count only dips."""
        height, when = self.recent[:, :, 1], self.recent[:, :, 0]
        size = -height if down else np.abs(height)
        fits = (size >= least) & (size <= below) & (when >= when[:, :1] - window)
        count = np.zeros(len(self.at))
        count[self.rows] = np.where(fits[:, :1].any(axis=1), fits.sum(axis=1), 0)
        return count


def spikes_of(turn: Turn, rows: Rows, stillness: Stillness) -> Spikes:
    """Judge the measurement before each row; rows that repeat one (a fast poll) bring no new one."""
    runs = rows.runs
    measured = (stillness.all_repeats == 1) & rows.readable
    volt, old_volt = rows.before_voltage, _two_ago(turn, rows, measured, "volt", rows.before_voltage)
    ampere, old_ampere = rows.before_current, _two_ago(turn, rows, measured, "ampere", rows.before_current)
    joined = rows.same_step & (rows.whole | (rows.dt == 0)) & rows.running
    old_joined = _two_ago(turn, rows, measured, "joined", joined.astype(float)) > 0
    up, down = volt - old_volt, volt - rows.voltage
    height = np.where(up * down > 0, np.sign(up) * np.minimum(np.abs(up), np.abs(down)), 0.0)
    judged = measured & joined & old_joined & _unmoved(rows, old_ampere, ampere) & _settled(turn, rows)
    short = runs.previous(stillness.all_seconds, turn.carry("spikes.stood", 0.0)) < COPY_SECONDS
    turn.keep("spikes.stood", stillness.all_seconds)
    height = np.where(judged & short, height, 0.0)
    usual = _usual(turn, rows, np.abs(height), judged)
    at = np.abs(height) >= LEAST_VOLT + STANDS_OUT * usual
    recent = turn.carry("spikes.recent", np.nan, (REMEMBERED, 2))
    found = np.flatnonzero(at)
    series = np.full((len(found), REMEMBERED, 2), np.nan)
    for k, row in enumerate(found.tolist()):
        run = int(runs.of_row[row])
        recent[run, 1:] = recent[run, :-1].copy()
        recent[run, 0] = rows.elapsed[row], height[row]
        series[k] = recent[run]
    newest = runs.last_where(at, rows.elapsed, turn.carry("spikes.newest", -np.inf))
    turn.keep("spikes.newest", newest)
    turn.keep_runs("spikes.recent", recent)
    # Only where single spikes were seen lately: a voltage that leaps for the first time may be the fault it looks like.
    away = _away(turn, rows, LEAP_VOLT + STANDS_OUT * usual) & (rows.elapsed - newest <= LOOSE_SECONDS)
    return Spikes(at=at, newest=newest, rows=found, recent=series, away=away)


def _away(turn: Turn, rows: Rows, least: Floats) -> Bools:
    """The first readings after a leap with an unmoved current, as long as the voltage is not back."""
    runs = rows.runs
    held = turn.carry("spikes.away", np.nan, (2,))  # the voltage before the leap, readings since
    moved = np.abs(rows.held_current - rows.before_current) > UNMOVED * rows.scale
    goes_on = rows.same_step & (rows.whole | (rows.dt == 0)) & rows.running & ~moved
    leaps = np.flatnonzero(goes_on & (np.abs(rows.held_voltage - rows.before_voltage) >= least))
    away = np.zeros(runs.length, dtype=bool)
    for run in np.union1d(runs.of_row[leaps], np.flatnonzero(~np.isnan(held[:, 0]))).tolist():
        level, since = held[run].tolist()
        row, last = int(runs.starts[run]), int(runs.ends[run])
        while row <= last:
            if np.isnan(level):
                place = int(np.searchsorted(leaps, row))
                if place == len(leaps) or leaps[place] > last:
                    break
                row = int(leaps[place])
                level, since = float(rows.before_voltage[row]), 0.0
            since += 1.0
            back = abs(float(rows.held_voltage[row]) - level) < 0.5 * LEAP_VOLT
            if back or since > EXCURSION or not goes_on[row]:
                level = np.nan
            else:
                away[row] = True
            row += 1
        held[run] = level, since
    turn.keep_runs("spikes.away", held)
    return away


def _two_ago(turn: Turn, rows: Rows, measured: Bools, name: str, at_measurement: Floats) -> Floats:
    """What stood at the measurement before."""
    carried = turn.carry(f"spikes.{name}", np.nan)
    held = rows.runs.last_where(measured, at_measurement, carried)
    turn.keep(f"spikes.{name}", held)
    before: Floats = rows.runs.previous(held, carried)
    return before


def _unmoved(rows: Rows, before: Floats, judged: Floats) -> Bools:
    """The current of the judged measurement is what its neighbours say, and one flows."""
    low, high = np.minimum(before, rows.current), np.maximum(before, rows.current)
    slack = ALIKE * rows.scale
    least = LOADED * rows.scale
    flows = (low > least) | (high < -least)
    between = (judged >= low - slack) & (judged <= high + slack) & (high - low <= STEADY * rows.scale)
    return np.asarray(flows & between & (rows.direction != REST))


def _settled(turn: Turn, rows: Rows) -> Bools:
    began = rows.runs.last_where(~rows.same_step, rows.elapsed, turn.carry("spikes.began", 0.0))
    turn.keep("spikes.began", began)
    return np.asarray(rows.elapsed - rows.dt - began >= SETTLED_SECONDS)


def _usual(turn: Turn, rows: Rows, bend: Floats, judged: Bools) -> Floats:
    """The mean bend (V) of the measurements judged before."""
    runs = rows.runs
    bends, counts = turn.carry("spikes.bends", 0.0), turn.carry("spikes.judged", 0.0)
    total = runs.running_sum(np.minimum(bend, CALM_VOLT), bends)
    count = runs.running_sum(judged.astype(float), counts)
    turn.keep("spikes.bends", total)
    turn.keep("spikes.judged", count)
    return np.asarray(runs.previous(total, bends) / np.maximum(runs.previous(count, counts), 1.0))
