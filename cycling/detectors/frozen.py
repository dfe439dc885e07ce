"""E11 frozen: the readings repeat to the bit while time goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """Fires when voltage, current and temperature repeat for ``repeats`` readings under load, or the
    temperature alone for ``temperature_repeats`` readings and ``temperature_seconds`` where it usually changes
    from reading to reading. In raw NASA records the longest natural repeat of all three is 0."""

    kind: ClassVar[str] = "frozen"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    repeats: int = 10
    temperature_repeats: int = 20
    temperature_seconds: float = 600.0
    liveliness: float = 0.5
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        still, rows = sight.stillness, sight.rows
        nominal = sight.per_row(rows.limits.nominal)
        least = np.where(np.isnan(nominal), 0.01 * rows.scale, nominal / 100.0)
        loaded = (np.abs(rows.current) > least) & rows.running
        # Without a temperature two quantities can agree by chance twice as easily.
        needed = np.where(np.isnan(rows.surface), 2 * self.repeats, self.repeats)
        everything = still.all_repeats >= needed
        temperature = (
            (still.temperature_repeats >= self.temperature_repeats)
            & (still.temperature_seconds >= self.temperature_seconds)
            & (still.liveliness >= self.liveliness)
            & sight.thermometry.believable
        )
        moved = (still.all_repeats == 1) & (~loaded | (still.temperature_repeats == 1) | np.isnan(rows.surface))
        return Check(on=loaded & (everything | temperature), off=moved)

    def words(self, sight: Sight, row: int) -> Words:
        still, rows = sight.stillness, sight.rows
        everything = still.all_repeats[row] >= self.repeats
        what = "voltage, current and temperature have" if everything else "the temperature has"
        count = still.all_repeats[row] if everything else still.temperature_repeats[row]
        seconds = still.all_seconds[row] if everything else still.temperature_seconds[row]
        return Words(
            message=f"Frozen: {what} not changed by a bit for {count:.0f} readings ({seconds / 60:.1f} min) "
            f"at {rows.voltage[row]:.4f} V, {rows.current[row]:.4f} A.",
            action="Restart the logging of this channel; its readings are copies of an old one.",
            evidence={"repeats": float(count), "seconds": float(seconds)},
        )
