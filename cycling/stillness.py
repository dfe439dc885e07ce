"""How long have the values stood still? A measured quantity under load never repeats to the bit for long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Floats


@dataclass(frozen=True, kw_only=True)
class Stillness:
    """Per row: for how many readings everything, or the temperature alone, has not changed, since when (s of
    data time), and how often the temperature of this test usually changes from reading to reading (0 to 1)."""

    all_repeats: Floats
    all_seconds: Floats
    temperature_repeats: Floats
    temperature_seconds: Floats
    liveliness: Floats


def stillness_of(turn: Turn, rows: Rows) -> Stillness:
    """Count repeats. Rows whose clock did not advance are the same reading polled again and do not count."""
    runs = rows.runs
    advanced = (rows.dt > 0) | ~rows.whole
    before_surface = runs.previous(rows.surface, turn.carry("still.surface", np.nan))
    same_temperature = rows.surface == before_surface
    no_temperature = np.isnan(rows.surface) & np.isnan(before_surface)
    same_all = (
        (rows.voltage == rows.before_voltage)
        & (rows.current == rows.before_current)
        & (same_temperature | no_temperature)
    )
    moving = rows.whole
    all_repeats = _repeats(turn, rows, "still.all", same_all & moving, advanced)
    temperature_repeats = _repeats(turn, rows, "still.temperature", same_temperature & moving, advanced)
    all_seconds = _seconds(turn, rows, "still.all_since", same_all & moving)
    temperature_seconds = _seconds(turn, rows, "still.temperature_since", same_temperature & moving)
    loaded = (np.abs(rows.current) > 0.05 * rows.scale) & moving & ~np.isnan(before_surface)
    # Long standstills must not teach that standing still is usual, so only the first repeats count.
    counted = loaded & (temperature_repeats < 5)
    seen = runs.running_sum(counted.astype(float), turn.carry("still.seen", 0.0))
    changed = runs.running_sum((counted & ~same_temperature).astype(float), turn.carry("still.changed", 0.0))
    turn.keep("still.surface", rows.surface)
    turn.keep("still.seen", seen)
    turn.keep("still.changed", changed)
    return Stillness(
        all_repeats=all_repeats,
        all_seconds=all_seconds,
        temperature_repeats=temperature_repeats,
        temperature_seconds=temperature_seconds,
        liveliness=np.where(seen >= 50, changed / np.maximum(seen, 1.0), 0.0),
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


def _seconds(turn: Turn, rows: Rows, name: str, same: np.ndarray) -> Floats:
    since = rows.runs.last_where(~same, rows.elapsed, turn.carry(name, 0.0))
    turn.keep(name, since)
    return np.asarray(rows.elapsed - since)
