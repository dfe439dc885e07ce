"""Does the temperature flutter like air? A cell is too heavy for that: its temperature goes smoothly from reading to
reading, that of a draught does not.

Per ten minutes, what three readings in a row stand off a straight line (so that neither warming nor cooling counts),
against what is usual on this channel. Where it is several times that, and the temperature is the chamber's, the
sensor hangs in the chamber's air. This needs no current: it tells where the cell is as cold as its chamber.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.stillness import Stillness
from cycling.surroundings import Surroundings

BLOCK_SECONDS = 600.0
LEAST = 4  # bends in a block that tell
ABSOLUTE = 0.8 * 6.0**0.5  # the mean absolute bend, 1 -2 1, of noise with a deviation of 1
LARGEST_BEND = 1.0  # K; a single jump is no flutter
NEAR = 0.5  # K from the chamber's sensor, in the mean of a block
AIR_KELVIN, AIR_TIMES = 0.05, 3.0  # of deviation, and of what is usual: air
CALM_KELVIN, CALM_TIMES = 0.025, 1.5  # below either it is calm; for so many blocks:
CALM_BLOCKS = 2
LEARNED, MEMORY = 12, 16  # blocks before anything is said; over how many is averaged
# From the first block like air's until it is calm nothing is learned, but after so many it is the way of this lab.
BARRED_BLOCKS = 144


@dataclass(frozen=True, kw_only=True)
class Flutter:
    """Per row, of the newest ten minutes that are over: the deviation of the temperature from reading to reading (K)
    and the usual one (NaN while learning), and the mean ΔT over the chamber's sensor (K); and whether it has just
    become calm after it was like air's."""

    kelvin: Floats
    usual: Floats
    rise: Floats
    calmed: Bools


class _Block(NamedTuple):
    run: int
    bend: float
    rise: float
    bends: float


SEEN, USUAL, RISE, BLOCKS, STANDS, CALMS, BARRED = range(7)
STATE = 7


def flutter_of(turn: Turn, rows: Rows, stillness: Stillness, around: Surroundings, rise: Floats) -> Flutter:
    """Judge the blocks that end before each row; ``rise`` is NaN where the temperature cannot be believed."""
    runs = rows.runs
    sums, ended = _sums(turn, rows, stillness, np.where(around.doubt > 0, np.nan, rise))
    state = turn.carry("flutter.state", np.nan, (STATE,))
    at = np.flatnonzero(ended)
    table = np.concatenate([state, np.empty((len(at), STATE))])
    columns = (runs.of_row[at], *(part[at] for part in sums))
    for place, block in enumerate(map(_Block._make, zip(*(column.tolist() for column in columns), strict=True))):
        _judge(state[block.run], block)
        table[len(state) + place] = state[block.run]
    turn.keep_runs("flutter.state", state)
    newest = np.maximum.accumulate(np.where(ended, runs.rows, -1))
    held = table[np.where(newest >= runs.start_of_row, len(state) - 1 + np.cumsum(ended), runs.of_row)]
    usual = np.where(held[:, BLOCKS] >= LEARNED, held[:, USUAL], np.nan)
    return Flutter(kelvin=held[:, SEEN], usual=usual, rise=held[:, RISE], calmed=held[:, CALMS] >= CALM_BLOCKS)


def _sums(turn: Turn, rows: Rows, stillness: Stillness, rise: Floats) -> tuple[tuple[Floats, ...], Bools]:
    """At the rows that begin a new block, of the one before: the sums of its bends (K) and of ΔT (K), and how many
    there were; and whether enough to tell."""
    runs = rows.runs
    last = turn.carry("flutter.last", np.nan, (4,))  # °C and its change at the newest measurement, their number, block
    # A poll faster than the cycler measures shows one measurement several times.
    measured = stillness.fresh & (rows.dt > 0)
    held = runs.last_where(measured, rows.surface, last[:, 0])
    change = rows.surface - runs.previous(held, last[:, 0])
    changed = runs.last_where(measured, change, last[:, 1])
    bend = np.abs(change - runs.previous(changed, last[:, 1]))
    goes_on = rows.same_step & (rows.whole | (rows.dt == 0)) & ~rows.hole
    number = runs.tally(goes_on, measured, np.nan_to_num(last[:, 2]))
    joined = measured & (number >= 3) & ~np.isnan(bend + rise)
    block = np.floor(rows.elapsed / BLOCK_SECONDS)
    turned = block != runs.previous(block, last[:, 3])
    turn.keep("flutter.last", np.column_stack([held, changed, number, block]))
    parts = []
    for name, values in (
        ("bend", np.minimum(bend, LARGEST_BEND)),
        ("rise", rise),
        ("count", np.ones(runs.length)),
    ):
        carried = turn.carry(f"flutter.{name}", 0.0, (2,))  # since the test began; up to the block
        total = runs.running_sum(np.where(joined, values, 0.0), carried[:, 0])
        before = runs.previous(total, carried[:, 0])
        base = runs.last_where(turned, before, carried[:, 1])
        parts.append(before - runs.previous(base, carried[:, 1]))
        turn.keep(f"flutter.{name}", np.column_stack([total, base]))
    return tuple(parts), turned & (parts[-1] >= LEAST)


def _judge(state: Floats, block: _Block) -> None:
    """Go on with a channel's ``state`` by one block."""
    _, usual, _, blocks, stands, calms, barred = state.tolist()
    if blocks != blocks:
        usual = blocks = stands = calms = barred = 0.0
    seen = block.bend / block.bends / ABSOLUTE
    limit = max(AIR_KELVIN, AIR_TIMES * usual)
    rise = block.rise / block.bends
    air = blocks >= LEARNED and seen > limit and abs(rise) <= NEAR
    barred = barred + 1 if air or stands else 0.0
    if not barred or barred >= BARRED_BLOCKS:
        blocks += 1
        taught = min(seen, limit) if blocks > LEARNED else seen
        usual += (taught - usual) / min(blocks, MEMORY)
    if calms >= CALM_BLOCKS:
        stands = calms = 0.0
    stands = float(air or stands > 0)
    calms = calms + 1 if stands and seen < max(CALM_KELVIN, CALM_TIMES * usual) else 0.0
    state[:] = seen, usual, rise, blocks, stands, calms, barred
