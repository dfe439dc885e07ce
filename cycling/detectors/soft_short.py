"""C6 soft short: the current at constant voltage ends on a floor, or the voltage dips for moments under load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.rows import Bools, Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class SoftShort:
    """Fires when in ``floors`` charges in a row the taper lasts twice as long as it used to and stands on a current
    1.5 times as large as it used to end at; or when ``dips`` single measurements lie ``dip_volt`` or more below both
    neighbours within ``window_seconds`` while the current stays. A jump of ``contact_volt`` makes it a contact
    (contact-intermittent) and ends it; where more than one jump goes up for two that go down it is noise. Dips are
    over after ``quiet_seconds`` without one, floors with the first charge that ends as it used to."""

    kind: ClassVar[str] = "soft-short"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    floors: int = 2
    dips: int = 3
    dip_volt: float = 0.02
    contact_volt: float = 0.08
    window_seconds: float = 3600.0
    quiet_seconds: float = 7200.0
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 1

    def check(self, sight: Sight) -> Check:
        spikes, taper = sight.spikes, sight.taper
        floor = taper.floors >= self.floors
        contact = spikes.tall(self.contact_volt, self.quiet_seconds) > 0
        quiet = sight.rows.elapsed - spikes.newest > self.quiet_seconds
        return Check(on=floor | (self._dips(sight) >= self.dips), off=(taper.floors == 0) & (quiet | contact))

    def _dips(self, sight: Sight) -> Floats:
        """Dips within the window, at rows after one; 0 where a jump says that it is a contact."""
        spikes = sight.spikes
        down = spikes.tall(self.dip_volt, self.window_seconds, below=self.contact_volt, down=True)
        count = np.zeros(len(down))
        count[spikes.rows] = np.where(self._contact(sight), 0.0, down[spikes.rows])
        return count

    def _contact(self, sight: Sight) -> Bools:
        """Per spike: one of those before it in the quiet time was as high as a contact's, or up and down alternate
        (between two dips a well reading stands up: a few of these are no sign)."""
        when, height = sight.spikes.recent[:, :, 0], sight.spikes.recent[:, :, 1]
        near = when >= when[:, :1] - self.quiet_seconds
        tall = (near & (np.abs(height) >= self.contact_volt)).any(axis=1)
        ups, downs = (near & (height > 0)).sum(axis=1), (near & (height < 0)).sum(axis=1)
        return np.asarray(tall | (2 * ups > downs))

    def words(self, sight: Sight, row: int) -> Words:
        taper = sight.taper
        if taper.floors[row] >= self.floors:
            return self._floor_words(sight, row)
        count = int(self._dips(sight)[row])
        height = float(sight.spikes.recent[np.searchsorted(sight.spikes.rows, row), 0, 1])
        ampere = float(sight.rows.current[row])
        return Words(
            message=f"Soft short: the voltage dipped by {-1000 * height:.0f} mV for one reading and recovered while "
            f"the current stayed at {ampere:.2f} A (dip {count} within {self.window_seconds / 60:.0f} min).",
            action=ACTION,
            evidence={"dips": count, "dip_volt": -height, "excess": count / self.dips},
        )

    def _floor_words(self, sight: Sight, row: int) -> Words:
        taper = sight.taper
        seconds, ampere = float(taper.seconds[row]), float(taper.ampere[row])
        usual_seconds, usual_ampere = float(taper.usual_seconds[row]), float(taper.usual_ampere[row])
        count = int(taper.floors[row])
        return Words(
            message=f"Soft short: at constant voltage the current stands at {1000 * ampere:.0f} mA after "
            f"{seconds / 60:.0f} min; it used to end at {1000 * usual_ampere:.0f} mA after "
            f"{usual_seconds / 60:.0f} min (charge {count} in a row).",
            action=ACTION,
            evidence={
                "floor_ampere": ampere,
                "usual_ampere": usual_ampere,
                "seconds": seconds,
                "usual_seconds": usual_seconds,
                "excess": ampere / (1.5 * usual_ampere),
            },
        )


ACTION = (
    "Let the cell rest for some hours and watch its voltage; if it falls, take the cell out and treat it as unsafe to "
    "charge."
)
