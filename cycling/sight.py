"""Everything a reading-level detector is given: the rows, and what was judged of them once for all detectors."""

from __future__ import annotations

from dataclasses import dataclass

from cycling.context import Rows, rows_of
from cycling.levels import Levels, levels_of
from cycling.limits import Limits
from cycling.memory import Turn
from cycling.plausibility import Plausibility, plausibility_of
from cycling.progress import Progress, progress_of
from cycling.readings import Batch
from cycling.resistance import Resistance, resistance_of
from cycling.rows import Floats
from cycling.spikes import Spikes, spikes_of
from cycling.stillness import Stillness, stillness_of
from cycling.supply import Supply, supply_of
from cycling.thermometry import Thermometry, thermometry_of


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One pass of readings in context."""

    rows: Rows
    supply: Supply
    thermometry: Thermometry
    stillness: Stillness
    plausibility: Plausibility
    spikes: Spikes
    levels: Levels
    resistance: Resistance
    progress: Progress

    def per_row(self, per_run: Floats) -> Floats:
        """A limit that stands per run, spread over the rows."""
        return per_run[self.rows.runs.of_row]


def sight_of(turn: Turn, batch: Batch, limits: Limits, time_factor: float) -> Sight:
    """The sight of a batch whose rows stand sorted by channel."""
    rows = rows_of(turn, batch, limits, time_factor)
    stillness = stillness_of(turn, rows)
    return Sight(
        rows=rows,
        supply=supply_of(turn, rows),
        thermometry=thermometry_of(turn, rows),
        stillness=stillness,
        plausibility=plausibility_of(turn, rows),
        spikes=spikes_of(turn, rows, stillness),
        levels=levels_of(turn, rows, stillness),
        resistance=resistance_of(turn, rows),
        progress=progress_of(turn, rows),
    )
