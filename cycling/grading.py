"""From sums to a cycle's row: efficiencies, what kind of cycle it was, and the state of health so far.

Definitions: coulombic efficiency = discharge / charge; the initial reference is the median discharge of the
regular cycles 3 to 12 of a test; a cycle is a check-up when its mean discharge current is unlike the modal one;
formation are slow first cycles before the program settles. The first cycles of a test are told again when the
reference or their kind becomes clearer: a row is known by (test, cycle_count), the newest counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from statistics import median
from typing import Any

from cycling.cycles import RawCycle
from cycling.topology import TestFacts
from cycling.types import Cycle

FORMATION_WITHIN = 10  # cycles
FORMATION_SHARE = 0.5  # of the later median current
UNLIKE = (0.7, 1.4)  # mean discharge current against the modal one
ADOPTED_AFTER = 5  # cycles in a row at another current are a new program, not check-ups
REFERENCE_CYCLES = slice(2, 12)
ROUND_TRIP = (0.5, 1.2)  # discharge / charge beyond which one half of the cycle is not its own
HOURS = 3600.0


class Grades:
    """What the grading remembers of each test; plain values, saved as JSON."""

    def __init__(self, saved: dict[str, Any] | None = None) -> None:
        self._tests: dict[str, dict[str, Any]] = saved or {}

    def save(self) -> dict[str, Any]:
        return self._tests

    def state_of_health(self, test: str | None) -> float | None:
        """The newest state of health of a test (1 = the reference), or None while there is none."""
        value = self._tests.get(test or "", {}).get("soh")
        return None if value is None or math.isnan(value) else float(value)

    def grade(
        self,
        raws: Iterable[RawCycle],
        facts_of: Callable[[str], TestFacts | None],
        faulty: Callable[[RawCycle], bool],
    ) -> list[Cycle]:
        """The rows of the finished cycles, and again those earlier rows that they changed."""
        told: dict[tuple[str, int], Cycle] = {}
        for raw in raws:
            facts = facts_of(raw.test) or TestFacts(test=raw.test)
            for cycle in self._add(raw, facts, faulty(raw)):
                told[cycle.test, cycle.cycle_count] = cycle
        return list(told.values())

    def _add(self, raw: RawCycle, facts: TestFacts, faulty: bool) -> list[Cycle]:
        memory = self._tests.setdefault(
            raw.test, {"early": [], "rates": [], "odd": [], "checkup": math.nan, "soh": math.nan}
        )
        cycle = row_of(raw)
        rate = cycle.discharging_capacity_ah / max(cycle.discharge_duration_second / HOURS, 1e-9)
        cycle, changed = _kind_of(cycle, rate, memory, faulty)
        if cycle.kind == "checkup" and math.isnan(memory["checkup"]):
            memory["checkup"] = cycle.discharging_capacity_ah
        early: list[Cycle] = [Cycle(**row) for row in memory["early"]]
        growing = len([c for c in early if c.kind == "regular"]) < REFERENCE_CYCLES.stop
        if growing:
            early = [c for c in early if c.cycle_count != cycle.cycle_count] + [cycle]
        reference = _reference(early, facts, memory["checkup"])
        if growing:
            early = [_with_health(c, reference) for c in early]
            memory["early"] = [vars(c).copy() for c in early]  # plain values only
        cycle = _with_health(cycle, reference)
        if cycle.kind in ("regular", "checkup") and not math.isnan(cycle.state_of_health):
            memory["soh"] = cycle.state_of_health
        if not growing:
            return [cycle]
        return early if changed or not math.isnan(reference) else [cycle]


def row_of(raw: RawCycle) -> Cycle:
    """The row of a cycle before it is put beside others: kind regular or incomplete, no state of health."""
    sums = raw.sums
    charged, discharged = sums["charging_capacity_ah"], sums["discharging_capacity_ah"]
    matched = charged > 0 and ROUND_TRIP[0] < discharged / charged < ROUND_TRIP[1]
    whole = matched and sums["broken"] == 0
    return Cycle(
        channel=raw.channel,
        test=raw.test,
        cycle_count=raw.cycle_count,
        cycler_cycle_count=raw.cycler_cycle_count,
        kind="regular" if whole else "incomplete",
        start_unix_time_second=raw.start,
        end_unix_time_second=raw.end,
        charging_capacity_ah=charged,
        discharging_capacity_ah=discharged,
        coulombic_efficiency=_ratio(discharged, charged),
        charging_energy_wh=sums["charging_energy_wh"],
        discharging_energy_wh=sums["discharging_energy_wh"],
        energy_efficiency=_ratio(sums["discharging_energy_wh"], sums["charging_energy_wh"]),
        internal_resistance_ohm=_ratio(sums["resistance"], sums["resistance_n"]),
        surface_temperature_celsius_min=_finite(raw.surface_min),
        surface_temperature_celsius_mean=_ratio(sums["surface_s"], sums["surface_known_s"]),
        surface_temperature_celsius_max=_finite(raw.surface_max),
        ambient_temperature_celsius_mean=_ratio(sums["ambient_s"], sums["ambient_known_s"]),
        charge_duration_second=sums["charge_s"],
        discharge_duration_second=sums["discharge_s"],
        state_of_health=math.nan,
    )


def _kind_of(cycle: Cycle, rate: float, memory: dict[str, Any], faulty: bool) -> tuple[Cycle, bool]:
    """The cycle with its kind, and whether earlier ones were found to be formation."""
    if faulty:
        return replace(cycle, kind="faulty"), False
    if cycle.kind == "incomplete":
        return cycle, False
    rates: list[float] = memory["rates"]
    if not rates:
        memory["rates"] = [rate]
        return cycle, False
    share = rate / median(rates)
    if UNLIKE[0] <= share <= UNLIKE[1]:
        memory["rates"], memory["odd"] = [*rates[-19:], rate], []
        return cycle, False
    if share > 1 / FORMATION_SHARE and len(rates) < FORMATION_WITHIN:
        memory["early"] = [row | {"kind": "formation"} if row["kind"] == "regular" else row for row in memory["early"]]
        memory["rates"], memory["odd"] = [rate], []
        return cycle, True
    odd = [*memory["odd"], rate]
    alike = all(UNLIKE[0] <= other / odd[-1] <= UNLIKE[1] for other in odd[-ADOPTED_AFTER:])
    if len(odd) >= ADOPTED_AFTER and alike:
        memory["rates"], memory["odd"] = odd[-ADOPTED_AFTER:], []
        return cycle, False
    memory["odd"] = odd[-ADOPTED_AFTER:]
    return replace(cycle, kind="checkup"), False


def _reference(early: list[Cycle], facts: TestFacts, checkup: float) -> float:
    """The capacity in Ah that counts as 100 %, NaN while it is not known."""
    if facts.end_of_life_reference == "nominal":
        return facts.nominal_capacity_ah or math.nan
    if facts.end_of_life_reference == "first-checkup":
        return checkup
    regular = [cycle.discharging_capacity_ah for cycle in early if cycle.kind == "regular"][REFERENCE_CYCLES]
    return median(regular) if regular else math.nan


def _with_health(cycle: Cycle, reference: float) -> Cycle:
    if cycle.kind in ("incomplete", "faulty") or not reference > 0:
        return replace(cycle, state_of_health=math.nan)
    return replace(cycle, state_of_health=cycle.discharging_capacity_ah / reference)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
