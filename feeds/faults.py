"""The plan of faults of the demo lab: what goes wrong, where, and when. Data, and one pure function of time.

Times are wall seconds since the feeds started; a round lasts ``ROUND_SECOND`` and then the plan begins again
on other channels. The names are those of data/demo/lab.toml.
"""

from __future__ import annotations

from dataclasses import dataclass

ROUND_SECOND = 900.0

CONTACT_LOST = "contact-lost"
THERMOCOUPLE_OPEN = "thermocouple-open"
CYCLER_SILENT = "cycler-silent"
CHAMBER_DRIFT = "chamber-drift"
POWER_CUT = "power-cut"

THERMOCOUPLE_RAIL = 1372.0  # °C: the end of a type K table, what loggers report of an open junction


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong from ``start`` to ``end``, in wall seconds since the feeds started."""

    kind: str
    target: str  # a channel, a cycler, a chamber or a power circuit
    start: float
    end: float
    kelvin: float = 0.0  # of a drift, at its height


def plan(round_number: int) -> tuple[Fault, ...]:
    """What goes wrong in one round, its times counted from the start of the feeds."""
    contact = f"sim-1-{(5 * round_number + 4) % 18 + 1:02d}"
    thermocouple = f"sim-1-{(5 * round_number + 11) % 18 + 1:02d}"
    faults = (
        Fault(kind=CONTACT_LOST, target=contact, start=40, end=130),
        Fault(kind=THERMOCOUPLE_OPEN, target=thermocouple, start=60, end=180),
        Fault(kind=CYCLER_SILENT, target="sim-2", start=90, end=125),
        Fault(kind=CHAMBER_DRIFT, target="chamber-d", start=240, end=450, kelvin=4.0),
        Fault(kind=POWER_CUT, target="B", start=480, end=520),
    )
    begun = round_number * ROUND_SECOND
    return tuple(
        Fault(
            kind=fault.kind,
            target=fault.target,
            start=begun + fault.start,
            end=begun + fault.end,
            kelvin=fault.kelvin,
        )
        for fault in faults
    )


def active(second: float) -> tuple[Fault, ...]:
    """What is wrong at a wall second since the feeds started."""
    return tuple(fault for fault in plan(int(second // ROUND_SECOND)) if fault.start <= second < fault.end)


def drift_kelvin(fault: Fault, second: float) -> float:
    """How far a drifting chamber is off: it rises for a third of the time, stays, and falls again."""
    third = (fault.end - fault.start) / 3
    since = second - fault.start
    return fault.kelvin * max(0.0, min(1.0, since / third, (fault.end - second) / third))
