"""E3 contact resistance: the voltage jumps further than it used to when the current comes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Bools, Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ContactResistance:
    """Fires when R0 = ΔV/ΔI at two successive starts of a charge or discharge is above the median of earlier like
    ones by more than ``limit_fraction``, by more than ``limit_ohm`` and by twice what they differ upwards among
    themselves; P2 where both are above ``call_factor`` times it. Ends at the first start that is above it by less than
    ``clear_share`` of these limits."""

    kind: ClassVar[str] = "contact-resistance"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    limit_fraction: float = 0.25
    limit_ohm: float = 0.025
    call_factor: float = 2.0
    clear_share: float = 0.6
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 1

    def check(self, sight: Sight) -> Check:
        seen, length = sight.resistance, len(sight.rows.unix)
        high = self._high(seen.measured, seen.usual, seen.spread)
        both = high & self._high(seen.measured_before, seen.usual_before, seen.spread_before)
        far = (seen.measured > self.call_factor * seen.usual) & (
            seen.measured_before > self.call_factor * seen.usual_before
        )
        on, off = np.zeros(length, dtype=bool), np.zeros(length, dtype=bool)
        rank = np.full(length, float(self.severity.rank))
        on[seen.rows] = both
        off[seen.rows] = ~self._high(seen.measured, seen.usual, seen.spread, self.clear_share)
        rank[seen.rows] = np.where(both & far, float(Severity.P2.rank), rank[seen.rows])
        return Check(on=on, off=off, rank=rank)

    def words(self, sight: Sight, row: int) -> Words:
        seen = sight.resistance
        place = int(np.searchsorted(seen.rows, row))
        now, usual = 1000 * float(seen.measured[place]), 1000 * float(seen.usual[place])
        return Words(
            message=f"Contact resistance: {now:.0f} mΩ when the current came on, where {usual:.0f} mΩ are usual "
            f"(+{now - usual:.0f} mΩ, the second step in a row).",
            action="Check the fixture, clamps and leads of this cell at its next rest.",
            evidence={
                "resistance_ohm": now / 1000,
                "usual_ohm": usual / 1000,
                "excess": (now - usual) / 1000 / max(self.limit_ohm, self.limit_fraction * usual / 1000),
            },
        )

    def _high(self, measured: Floats, usual: Floats, spread: Floats, share: float = 1.0) -> Bools:
        limit = np.maximum(self.limit_fraction * usual, self.limit_ohm)
        return np.asarray(measured - usual > share * np.maximum(limit, spread))
