"""E3 contact resistance: the voltage jumps further than it used to when the current comes on, or jumps while it
flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Bools, Floats, Ints
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ContactResistance:
    """Fires when R0 = ΔV/ΔI at two successive starts of a charge or discharge is above the median of earlier like
    ones by more than ``limit_fraction``, by more than ``limit_ohm`` and by twice what they differ upwards among
    themselves; P2 where both are above ``call_factor`` times it. Fires too when the voltage jumps within a step while
    the current stays, by ``jump_ohm`` of it more than ``jump_share`` of the largest jump of like steps before, and by
    ``jump_volt``. Ends at the first start that is above the usual by less than ``clear_share`` of its limits,
    or ``quiet_seconds`` after a jump."""

    kind: ClassVar[str] = "contact-resistance"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    limit_fraction: float = 0.25
    limit_ohm: float = 0.025
    call_factor: float = 2.0
    clear_share: float = 0.6
    jump_ohm: float = 0.012
    jump_volt: float = 0.015
    jump_share: float = 2.0
    quiet_seconds: float = 86_400.0
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
        jump = sight.series_jump
        on[jump.rows] |= self._jumped(sight)
        since = sight.rows.elapsed - jump.newest
        off |= ~on & (since > self.quiet_seconds) & (since - sight.rows.dt <= self.quiet_seconds)
        return Check(on=on, off=off, rank=rank)

    def words(self, sight: Sight, row: int) -> Words:
        jump = sight.series_jump
        place = int(np.searchsorted(jump.rows, row))
        if place < len(jump.rows) and jump.rows[place] == row and self._jumped(sight)[place]:
            return self._jump_words(sight, row, place)
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

    def _jumped(self, sight: Sight) -> Bools:
        """Which of the jumps within a step are a contact's; while learning, none."""
        jump = sight.series_jump
        far = jump.ohm > self.jump_ohm + self.jump_share * jump.usual  # NaN compares as no
        volt = np.abs(jump.volt) > self.jump_volt
        return np.asarray(far & volt & ~self._beyond_limits(sight, jump.rows))

    def _beyond_limits(self, sight: Sight, rows: Ints) -> Bools:
        """A voltage that has left the limits of the test is named for that."""
        limits, run = sight.rows.limits, sight.rows.runs.of_row[rows]
        volt = sight.rows.voltage[rows]
        return np.asarray((volt > limits.voltage_max[run]) | (volt < limits.voltage_min[run]))

    def _jump_words(self, sight: Sight, row: int, place: int) -> Words:
        jump = sight.series_jump
        ohm, volt, usual = float(jump.ohm[place]), float(jump.volt[place]), float(jump.usual[place])
        ampere = float(sight.rows.current[row])
        return Words(
            message=f"Contact resistance: the voltage moved by {1000 * volt:+.0f} mV within minutes while the current "
            f"stayed at {ampere:.2f} A, as {1000 * ohm:.0f} mΩ more in series do; such steps show up to "
            f"{1000 * usual:.0f} mΩ.",
            action="Check the fixture, clamps and leads of this cell at its next rest.",
            evidence={
                "jump_ohm": ohm,
                "jump_volt": volt,
                "usual_jump_ohm": usual,
                "excess": ohm / (self.jump_ohm + self.jump_share * usual),
            },
        )

    def _high(self, measured: Floats, usual: Floats, spread: Floats, share: float = 1.0) -> Bools:
        limit = np.maximum(self.limit_fraction * usual, self.limit_ohm)
        return np.asarray(measured - usual > share * np.maximum(limit, spread))
