"""Has a test that ran been ended by its cycler?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cycling.context import Rows
from cycling.memory import Turn
from cycling.readings import Batch
from cycling.rows import Bools

OVER = frozenset({"finished", "stopped"})


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Per row: the cycler calls the channel finished or stopped, and current flowed in this test before."""

    ended: Bools


def ending_of(turn: Turn, batch: Batch, rows: Rows) -> Ending:
    """Judge the channel's status at every row."""
    runs = rows.runs
    flows = rows.running & (np.abs(rows.held_current) > 0.01 * rows.scale) & (rows.scale > 0)
    ran = runs.last_where(flows, flows.astype(float), turn.carry("ending.ran", 0.0)) > 0
    turn.keep("ending.ran", ran.astype(float))
    if rows.running.all():
        return Ending(ended=np.zeros(runs.length, dtype=bool))
    over = np.array([word in OVER for word in batch.texts("channel_status")], dtype=bool)
    return Ending(ended=over & ran)
