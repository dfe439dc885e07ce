"""E2 contact intermittent: the voltage jumps for single readings and comes back while the current stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ContactIntermittent:
    """A single measurement that lies ``jump_volt`` or more above, or below, both of its neighbours while the
    current stays is logged (P4). ``suspect`` of them within ``window_seconds`` are shown (P3), ``often`` call (P2);
    at most 8 are remembered. It ends after ``quiet_seconds`` without one."""

    kind: ClassVar[str] = "contact-intermittent"
    severity: ClassVar[Severity] = Severity.P4
    enabled: bool = True
    jump_volt: float = 0.08
    suspect: int = 2
    often: int = 3
    window_seconds: float = 3600.0
    quiet_seconds: float = 7200.0
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 1

    def check(self, sight: Sight) -> Check:
        count = sight.spikes.tall(self.jump_volt, self.window_seconds)
        rank = np.select(
            [count >= self.often, count >= self.suspect],
            [float(Severity.P2.rank), float(Severity.P3.rank)],
            float(self.severity.rank),
        )
        quiet = sight.rows.elapsed - sight.spikes.newest > self.quiet_seconds
        return Check(on=count > 0, off=quiet, rank=rank)

    def words(self, sight: Sight, row: int) -> Words:
        count = int(sight.spikes.tall(self.jump_volt, self.window_seconds)[row])
        height = float(sight.spikes.recent[np.searchsorted(sight.spikes.rows, row), 0, 1])
        ampere = float(sight.rows.current[row])
        often = "" if count == 1 else f" (jump {count} within {self.window_seconds / 60:.0f} min)"
        return Words(
            message=f"Contact intermittent: the voltage jumped by {1000 * height:+.0f} mV for one reading and came "
            f"back while the current stayed at {ampere:.2f} A{often}.",
            action="Reseat the cell in its fixture and check the voltage sense leads.",
            evidence={"spikes": count, "height_volt": height, "excess": count / self.often},
        )
