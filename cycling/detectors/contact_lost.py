"""E1 contact lost: the current that should flow does not, or the open input sits at its rail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.context import CHARGE
from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.supply import RAIL_LOW_VOLT
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ContactLost:
    """Fires when the current is below 5 % of the step's setpoint without the marks of a natural end (see
    ``cycling.supply``; for the last of a taper ``cycling.taper_cut``), or when no current flows and the voltage is one
    no cell can have."""

    kind: ClassVar[str] = "contact-lost"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    samples: int = 2
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        supply = sight.supply
        spiking = sight.spikes.away & (sight.rows.voltage > RAIL_LOW_VOLT)  # in a taper that carries next to nothing
        on = supply.gone | sight.taper_cut.gone | (supply.railed & ~spiking)
        return Check(on=on, off=(supply.flowing | sight.taper_cut.back) & ~supply.railed)

    def words(self, sight: Sight, row: int) -> Words:
        rows, expected = sight.rows, float(sight.supply.expected[row])
        volt, ampere = float(rows.voltage[row]), float(rows.current[row])
        step = "charge" if rows.direction[row] == CHARGE else "discharge"
        tapered = float(sight.taper_cut.ampere[row])
        if tapered > 0 and not sight.supply.gone[row]:
            expected = tapered
            seen = f"{abs(ampere):.3f} A and {volt:.3f} V in charge, where {tapered:.3f} A flowed at constant voltage"
        elif expected > 0:
            seen = f"{abs(ampere):.3f} A of {expected:.2f} A in {step}, voltage {volt:.3f} V"
        else:
            seen = f"no current and {volt:.3f} V, which no cell has at rest"
        return Words(
            message=f"Contact lost: {seen}.",
            action="Reseat the cell in its fixture and check the leads.",
            evidence={"voltage_volt": volt, "current_ampere": ampere, "expected_ampere": expected},
        )
