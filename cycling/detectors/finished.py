"""C14 finished: the cycler says that the test is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Fires when the cycler calls a channel finished or stopped that ran before; ends when it runs again."""

    kind: ClassVar[str] = "finished"
    severity: ClassVar[Severity] = Severity.P4
    enabled: bool = True
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 1

    def check(self, sight: Sight) -> Check:
        return Check(on=sight.ending.ended, off=sight.rows.running)

    def words(self, sight: Sight, row: int) -> Words:
        rows = sight.rows
        word = "finished" if rows.finished[row] else "stopped"
        cycle, hours = float(rows.cycler_cycle[row]), float(rows.elapsed[row]) / 3600
        in_cycle = "" if cycle != cycle else f" in cycle {cycle:.0f}"
        return Words(
            message=f"Finished: the cycler calls this test {word}{in_cycle}, after {hours:.1f} h.",
            action="Look at its last cycles, then free the channel or start what comes next.",
            evidence={"channel_status": word, "hours": hours, "cycle_count": None if cycle != cycle else cycle},
        )
