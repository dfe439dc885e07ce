"""How long have the values stood still? A measured quantity under load never repeats to the bit for long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats

WORTH_NOTING = 5  # readings of standstill
LEARNED_FROM = 50  # readings under load
COPY_SECONDS = 60.0  # a poll may repeat one measurement for as long (NASA measures up to 33 s apart)


@dataclass(frozen=True, kw_only=True)
class Stillness:
    """Per row: for how many readings everything, or the temperature alone, has not changed, since when (s of
    data time), and how often anything (``all_liveliness``), or the temperature (``liveliness``), usually changes
    from reading to reading under load (0 to 1; 0 while too little was seen).

    ``fresh`` is False for a reading whose voltage and current repeat those before to the bit: a poll faster than the
    cycler measures shows one measurement several times, which is evidence only once, even where a logger of its own
    brings new temperatures meanwhile. What stands for long counts."""

    all_repeats: Floats
    all_seconds: Floats
    temperature_repeats: Floats
    temperature_seconds: Floats
    usual_repeats: Floats  # readings that a standstill of everything has lasted at least twice in this test
    all_liveliness: Floats
    liveliness: Floats
    fresh: Bools


def stillness_of(turn: Turn, rows: Rows) -> Stillness:
    """Count repeats. Rows whose clock did not advance are the same reading polled again and do not count."""
    runs = rows.runs
    advanced = (rows.dt > 0) | ~rows.whole
    before_surface = runs.previous(rows.surface, turn.carry("still.surface", np.nan))
    same_temperature = rows.surface == before_surface
    no_temperature = np.isnan(rows.surface) & np.isnan(before_surface)
    same_electric = (rows.voltage == rows.before_voltage) & (rows.current == rows.before_current)
    same_all = same_electric & (same_temperature | no_temperature)
    moving = rows.whole
    all_repeats = _repeats(turn, rows, "still.all", same_all & moving, advanced)
    temperature_repeats = _repeats(turn, rows, "still.temperature", same_temperature & moving, advanced)
    all_seconds = _seconds(turn, rows, "still.all_since", same_all & moving)
    electric_seconds = _seconds(turn, rows, "still.electric_since", same_electric & moving)
    temperature_seconds = _seconds(turn, rows, "still.temperature_since", same_temperature & moving)
    loaded = (np.abs(rows.current) > 0.05 * rows.scale) & moving
    # Long standstills must not teach that standing still is usual, so only the first repeats count; and a copy of
    # the whole reading teaches nothing about the temperature.
    measured = loaded & (temperature_repeats < 5) & (all_repeats == 1) & ~np.isnan(before_surface)
    liveliness = _share(
        turn, "still.temperature_changed", measured & ~same_temperature, measured, moved=~same_temperature
    )
    polled = loaded & (all_repeats < 5)
    all_liveliness = _share(turn, "still.all_changed", polled & ~same_all, polled, moved=~same_all)
    turn.keep("still.surface", rows.surface)
    return Stillness(
        all_repeats=all_repeats,
        all_seconds=all_seconds,
        temperature_repeats=temperature_repeats,
        temperature_seconds=temperature_seconds,
        usual_repeats=_usual(turn, all_repeats),
        all_liveliness=all_liveliness,
        liveliness=liveliness,
        fresh=~(same_electric & moving) | (electric_seconds >= COPY_SECONDS),
    )


def _repeats(turn: Turn, rows: Rows, name: str, same: np.ndarray, advanced: np.ndarray) -> Floats:
    """Readings in a row, the first included, that are the same (1 = no repeat)."""
    runs = rows.runs
    steps = (same & advanced).astype(float)
    total = runs.running_sum(steps, turn.carry(f"{name}.sum", 0.0))
    base = runs.last_where(~same, total, turn.carry(f"{name}.base", 0.0))
    turn.keep(f"{name}.sum", total)
    turn.keep(f"{name}.base", base)
    return np.asarray(total - base + 1)


def _usual(turn: Turn, repeats: Floats) -> Floats:
    """The second longest standstill that has ended so far: one may be a fault, two are the way of this test."""
    runs = turn.runs
    before = runs.previous(repeats, turn.carry("still.before", 1.0))
    top = turn.carry("still.top", 0.0, (2,))
    usual = np.zeros(runs.length)
    ended = (repeats == 1) & (before >= WORTH_NOTING)
    for row in np.flatnonzero(ended).tolist():
        run = int(runs.of_row[row])
        top[run] = np.sort([*top[run], before[row]])[1:]
        usual[row] = top[run, 0]
    usual = runs.last_where(ended, usual, turn.carry("still.usual", 0.0))
    turn.keep("still.before", repeats)
    turn.keep("still.usual", usual)
    turn.keep_runs("still.top", top)
    return usual


def _share(turn: Turn, name: str, changed: Bools, counted: Bools, *, moved: Bools) -> Floats:
    """How large a share of the counted rows of the test so far changed, as it stood when the values last ``moved``
    (a standstill must not speak for itself); 0 before 50 were counted."""
    runs = turn.runs
    part = runs.running_sum(changed.astype(float), turn.carry(name, 0.0))
    whole = runs.running_sum(counted.astype(float), turn.carry(f"{name}.of", 0.0))
    turn.keep(name, part)
    turn.keep(f"{name}.of", whole)
    share = np.where(whole >= LEARNED_FROM, part / np.maximum(whole, 1.0), 0.0)
    share = runs.last_where(moved, share, turn.carry(f"{name}.share", 0.0))
    turn.keep(f"{name}.share", share)
    return share


def _seconds(turn: Turn, rows: Rows, name: str, same: np.ndarray) -> Floats:
    since = rows.runs.last_where(~same, rows.elapsed, turn.carry(name, 0.0))
    turn.keep(name, since)
    return np.asarray(rows.elapsed - since)
