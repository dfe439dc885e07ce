"""Readings to cycles: a charge followed by its discharge, counted on over restarts of the cycler's counters.

Where the cycler counts cycles its count is followed; where it does not, a cycle begins when charging begins
after a discharge. Totals are running sums since the test began, so a cycle is a difference of two totals and
the same however the readings were cut into batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cycling.context import CHARGE, DISCHARGE, Rows
from cycling.memory import Memory, Turn
from cycling.rows import Bools, Floats, Ints, Runs
from cycling.sight import Sight
from cycling.throughput import COUNTERS

# What is summed over the rows of a cycle, beside the four totals of charge and energy.
SUMS = (
    "charge_s",
    "discharge_s",
    "surface_s",  # ∫ T dt and the time it was known, for the time-weighted mean
    "surface_known_s",
    "ambient_s",
    "ambient_known_s",
    "resistance",
    "resistance_n",
    "charging_unsure",  # Ah by which the two capacities may be wrong, see throughput
    "discharging_unsure",
    "broken",  # holes and restarts inside
)


@dataclass(frozen=True, kw_only=True)
class RawCycle:
    """What was summed over one finished cycle, before it is put beside its fellows."""

    channel: str
    test: str
    cycle_count: int
    cycler_cycle_count: float
    start: float
    end: float
    sums: dict[str, float]
    surface_min: float
    surface_max: float
    row: int = field(default=-1, compare=False)  # at which it became known: the first of the next cycle


def finished_cycles(turn: Turn, sight: Sight) -> list[RawCycle]:
    """The cycles that ended within these rows because the next one began."""
    rows = sight.rows
    count, begins = _count(turn, rows)
    totals = _totals(turn, sight)
    surface = np.where(sight.thermometry.believable, rows.surface, np.nan)
    held = _Held(turn)
    done: list[RawCycle] = []
    cut_runs, cuts = np.unique(turn.runs.of_row[begins]), np.flatnonzero(begins)
    held.see_whole(turn.runs, surface, np.setdiff1d(np.arange(len(turn.channels)), cut_runs))
    for run in cut_runs.tolist():
        first, last = int(turn.runs.starts[run]), int(turn.runs.ends[run])
        inside = cuts[(cuts >= first) & (cuts <= last)].tolist()
        held.see(run, surface[first : inside[0]])
        for begin, stop in zip(inside, [*inside[1:], last + 1], strict=True):
            closing = _closing(totals, rows, begin)
            if not np.isnan(held.number[run]):
                before = float(rows.unix[begin - 1]) if begin > first else float(held.last[run])
                done.append(_raw(turn.channels[run], turn.tests[run], held.of(run), closing, before, begin))
            held.open(run, closing, count[begin], rows.cycler_cycle[begin], rows.unix[begin])
            held.see(run, surface[begin:stop])
    held.last = rows.unix[turn.runs.ends]
    held.keep(turn)
    return done


def unfinished_cycle(memory: Memory, channel: str) -> RawCycle | None:
    """The cycle a channel is in, as far as it got; None where nothing was read yet."""
    place, test = memory.index.get(channel), None
    if place is not None:
        test = memory.test[place]
    if place is None or test is None:
        return None
    opened = {name: memory.array(f"cycle.{name}", default, shape)[place] for name, default, shape in HELD}
    if np.isnan(opened["number"]):
        return None
    now = [memory.array(f"tp.sum.{name}", 0.0)[place] for name in COUNTERS]
    now += [memory.array(f"cycle.sum.{name}", 0.0)[place] for name in SUMS]
    return _raw(channel, test, opened, np.array(now), float(opened["last"]))


NAMES = (*COUNTERS, *SUMS)
HELD: tuple[tuple[str, float, tuple[int, ...]], ...] = (
    ("opening", np.nan, (len(NAMES),)),  # the totals when the cycle began
    ("number", np.nan, ()),
    ("said", np.nan, ()),
    ("start", np.nan, ()),
    ("last", np.nan, ()),
    ("low", np.inf, ()),
    ("high", -np.inf, ()),
)


class _Held:
    """The open cycle of each run."""

    def __init__(self, turn: Turn) -> None:
        carried = {name: turn.carry(f"cycle.{name}", default, shape) for name, default, shape in HELD}
        self.opening, self.number, self.said = carried["opening"], carried["number"], carried["said"]
        self.start, self.last = carried["start"], carried["last"]
        self.low, self.high = carried["low"], carried["high"]

    def open(self, run: int, opening: Floats, number: float, said: float, start: float) -> None:
        self.opening[run], self.number[run], self.said[run] = opening, number, said
        self.start[run], self.low[run], self.high[run] = start, np.inf, -np.inf

    def see_whole(self, runs: Runs, surface: Floats, which: Ints) -> None:
        """The extremes of runs that lie within one cycle, all at once."""
        low = np.minimum.reduceat(np.where(np.isnan(surface), np.inf, surface), runs.starts)
        high = np.maximum.reduceat(np.where(np.isnan(surface), -np.inf, surface), runs.starts)
        self.low[which] = np.minimum(self.low[which], low[which])
        self.high[which] = np.maximum(self.high[which], high[which])

    def see(self, run: int, surface: Floats) -> None:
        if len(surface) and not np.isnan(surface).all():
            self.low[run] = min(self.low[run], float(np.nanmin(surface)))
            self.high[run] = max(self.high[run], float(np.nanmax(surface)))

    def of(self, run: int) -> dict[str, Any]:
        return {name: getattr(self, name)[run] for name, _default, _shape in HELD}

    def keep(self, turn: Turn) -> None:
        for name, _default, _shape in HELD:
            turn.keep_runs(f"cycle.{name}", getattr(self, name))


def _raw(channel: str, test: str, opened: Mapping[str, Any], closing: Floats, end: float, row: int = -1) -> RawCycle:
    return RawCycle(
        channel=channel,
        test=test,
        cycle_count=int(opened["number"]),
        cycler_cycle_count=float(opened["said"]),
        start=float(opened["start"]),
        end=end,
        sums=dict(zip(NAMES, (closing - opened["opening"]).tolist(), strict=True)),
        surface_min=float(opened["low"]),
        surface_max=float(opened["high"]),
        row=row,
    )


def _closing(totals: Floats, rows: Rows, row: int) -> Floats:
    """The totals at the border before ``row``: charge and energy of the last interval belong to the cycle in
    which they flowed, so what a discharge still gave goes to the old cycle, a new charge to the new one."""
    closing = totals[:, row].copy()
    for place, name in enumerate(COUNTERS):
        sign = 1.0 if name.startswith("charging") else -1.0
        if not sign * rows.before_current[row] > 0.01 * rows.scale[row]:  # at rest a cycler reads a little, too
            closing[place] -= rows.throughput.steps[name][row]
    at_rest = abs(rows.before_current[row]) <= 0.01 * rows.scale[row]
    if (
        rows.hole[row] and not rows.seam[row] and at_rest
    ):  # what went by unseen is in the new cycle, so it is the broken one
        closing[NAMES.index("broken")] -= 1.0
    return closing


def _count(turn: Turn, rows: Rows) -> tuple[Floats, Bools]:
    """The running cycle number of each row, and the rows that begin a new cycle."""
    runs = turn.runs
    said = rows.cycler_cycle
    counted = ~np.isnan(said)
    before = runs.previous(
        runs.last_where(counted, said, turn.carry("count.said", np.nan)), turn.carry("count.said", np.nan)
    )
    # A restart adds the last total as an offset: cycle_total = cycle + offset. A new file that counts on (its
    # clock restarts, its cycles do not) is none.
    restarted = counted & ((said < before) | (rows.seam & (said <= 1) & (before == said)))
    offset = runs.running_sum(np.where(restarted, before, 0.0), turn.carry("count.offset", 0.0))
    by_cycler = said + offset
    settled = (rows.direction == runs.previous(rows.direction, turn.carry("count.direction", np.nan))) & (
        rows.direction != 0
    )  # two readings the same way: one odd sample must not make a cycle
    way = runs.last_where(settled, rows.direction, turn.carry("count.way", np.nan))
    way_before = runs.previous(way, turn.carry("count.way", np.nan))
    turned = (way == CHARGE) & (way_before == DISCHARGE)
    derived = runs.running_sum(turned.astype(float), turn.carry("count.derived", 0.0)) + 1.0
    known = runs.last_where(counted, by_cycler, turn.carry("count.known", np.nan))
    count = np.where(np.isnan(known), derived, known)
    begins = count != runs.previous(count, turn.carry("count.count", np.nan))
    for name, values in (
        ("said", runs.last_where(counted, said, turn.carry("count.said", np.nan))),
        ("offset", offset),
        ("direction", rows.direction),
        ("way", way),
        ("derived", derived - 1.0),
        ("known", known),
        ("count", count),
    ):
        turn.keep(f"count.{name}", values)
    return count, begins


def _totals(turn: Turn, sight: Sight) -> Floats:
    """Running totals since the test began, of shape (NAMES, rows)."""
    rows, runs = sight.rows, turn.runs
    surface = np.where(sight.thermometry.believable, rows.surface, np.nan)
    ambient = np.where((rows.ambient > -60.0) & (rows.ambient < 120.0), rows.ambient, np.nan)
    measured = rows.resistance > 0
    steps = {
        "charge_s": np.where(rows.direction == CHARGE, rows.dt, 0.0),
        "discharge_s": np.where(rows.direction == DISCHARGE, rows.dt, 0.0),
        "surface_s": np.nan_to_num(surface * rows.dt),
        "surface_known_s": np.where(np.isnan(surface), 0.0, rows.dt),
        "ambient_s": np.nan_to_num(ambient * rows.dt),
        "ambient_known_s": np.where(np.isnan(ambient), 0.0, rows.dt),
        "resistance": np.where(measured, np.nan_to_num(rows.resistance), 0.0),
        "resistance_n": measured.astype(float),
        "charging_unsure": rows.throughput.unsure["charging_capacity_ah"],
        "discharging_unsure": rows.throughput.unsure["discharging_capacity_ah"],
        "broken": rows.hole.astype(float),
    }
    totals = [rows.throughput.totals[name] for name in COUNTERS]
    for name in SUMS:
        totals.append(runs.running_sum(steps[name], turn.carry(f"cycle.sum.{name}", 0.0)))
        turn.keep(f"cycle.sum.{name}", totals[-1])
    return np.stack(totals)
