"""What a cycler feels of the faults that are active: its power, its contacts, its thermocouples."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from feeds.faults import CONTACT_LOST, POWER_CUT, THERMOCOUPLE_OPEN, Fault


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with a cycler's wiring and power right now."""

    powered: bool = True
    lost: Mapping[str, float] = field(default_factory=dict)  # channel -> wall seconds since it lost contact
    open_thermocouples: Collection[str] = ()


def trouble_of(wrong: tuple[Fault, ...], power_circuit: str | None, second: float) -> Trouble:
    """What the active faults mean for the cyclers of a power circuit."""
    return Trouble(
        powered=not struck(wrong, POWER_CUT, power_circuit),
        lost={fault.target: second - fault.start for fault in wrong if fault.kind == CONTACT_LOST},
        open_thermocouples={fault.target for fault in wrong if fault.kind == THERMOCOUPLE_OPEN},
    )


def struck(wrong: tuple[Fault, ...], kind: str, target: str | None) -> bool:
    """Whether a fault of this kind is at work on the target."""
    return any(fault.kind == kind and fault.target == target for fault in wrong)
