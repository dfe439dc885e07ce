"""E11 frozen: the readings repeat to the bit while time goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity

UNUSUAL = 2.0  # times the standstill that this test has shown twice
LIVELY = 0.95  # of the readings change something: a repeat means something
ALWAYS = 0.985  # of the readings change the temperature: it is finely resolved


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """Fires when voltage, current and temperature repeat under load for ``repeats`` readings and ``seconds``, or
    for ``slow_repeats`` readings and ``slow_seconds``; where repeats are usual, because values are coarse or polled
    faster than they are measured, for ``repeats`` readings and ``dull_seconds``; in any case for twice as many
    readings as the test has stood still for twice before. Fires too when the temperature
    alone repeats for ``temperature_seconds``, where it usually changes in more than ``liveliness`` of the readings.

    In NASA's records no triple repeats, but they are up to 33 s apart; rounded to 1 mV, 10 mA and 0.1 K they
    stand still for up to 510 s, the temperature alone for 40 min."""

    kind: ClassVar[str] = "frozen"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    repeats: int = 10
    seconds: float = 90.0
    slow_repeats: int = 5
    slow_seconds: float = 270.0
    dull_seconds: float = 540.0
    temperature_repeats: int = 20
    temperature_seconds: float = 600.0
    liveliness: float = 0.9
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        still, rows = sight.stillness, sight.rows
        nominal = sight.per_row(rows.limits.nominal)
        least = np.where(np.isnan(nominal), 0.01 * rows.scale, nominal / 100.0)
        loaded = (np.abs(rows.current) > least) & rows.running
        # Without a temperature two quantities can agree by chance twice as easily.
        ease = np.where(np.isnan(rows.surface), 2, 1)
        lively = still.all_liveliness >= LIVELY
        often = still.all_repeats >= np.maximum(ease * self.repeats, UNUSUAL * still.usual_repeats)
        slowly = (still.all_repeats >= np.maximum(ease * self.slow_repeats, UNUSUAL * still.usual_repeats)) & (
            still.all_seconds >= self.slow_seconds
        )
        everything = np.where(
            lively,
            (often & (still.all_seconds >= self.seconds)) | slowly,
            often & (still.all_seconds >= self.dull_seconds),
        )
        fine = still.liveliness >= ALWAYS
        temperature = (
            (still.temperature_repeats >= np.where(fine, self.slow_repeats, self.temperature_repeats))
            & (still.temperature_seconds >= self.temperature_seconds)
            & (still.liveliness >= self.liveliness)
            & sight.thermometry.believable
        )
        moved = (still.all_repeats == 1) & (~loaded | (still.temperature_repeats == 1) | np.isnan(rows.surface))
        return Check(on=loaded & (everything | temperature), off=moved)

    def words(self, sight: Sight, row: int) -> Words:
        still, rows = sight.stillness, sight.rows
        everything = still.all_repeats[row] >= self.slow_repeats
        what = "voltage, current and temperature have" if everything else "the temperature has"
        count = still.all_repeats[row] if everything else still.temperature_repeats[row]
        seconds = still.all_seconds[row] if everything else still.temperature_seconds[row]
        return Words(
            message=f"Frozen: {what} not changed by a bit for {count:.0f} readings ({seconds / 60:.1f} min) "
            f"at {rows.voltage[row]:.4f} V, {rows.current[row]:.4f} A.",
            action="Restart the logging of this channel; its readings are copies of an old one.",
            evidence={"repeats": float(count), "seconds": float(seconds)},
        )
