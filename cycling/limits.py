"""What a test may do: limits from its metadata, else careful defaults, per run of rows.

Without metadata a lithium-ion cell is assumed: 4.25 V is the usual ceiling of cyclers' own limits for cells
charged to 4.2 V, 2.0 V the lowest usual cut-off; LFP cells are charged to 3.6-3.65 V.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cycling.rows import Floats
from cycling.topology import Chamber, TestFacts, Topology

DEFAULT_VOLTAGE_MAX = 4.25
DEFAULT_VOLTAGE_MAX_LFP = 3.65
DEFAULT_VOLTAGE_MIN = 2.0

UNSTATED = TestFacts(test="")

FactsOf = Callable[[str], TestFacts | None]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits per run; ``setpoint`` (°C, the chamber's commanded temperature) per row, NaN where unknown."""

    nominal: Floats  # Ah, NaN where unknown
    voltage_min: Floats
    voltage_max: Floats
    temperature_max: Floats  # °C as stated for the test, NaN where not
    setpoint: Floats
    tolerance: Floats  # K that the chamber may be off its setpoint as lab.toml says, NaN where it does not


def limits_of(
    topology: Topology,
    facts_of: FactsOf,
    channels: Sequence[str],
    tests: Sequence[str],
    run_of_row: np.ndarray,
    unix: Floats,
) -> Limits:
    """The limits of each run of rows, given its channel and test."""
    known = {test: _numbers(facts_of(test) or UNSTATED) for test in dict.fromkeys(tests)}
    table = np.array([known[test] for test in tests], dtype=np.float64).reshape(len(tests), 4)
    by_id = {chamber.id: chamber for chamber in topology.chambers}
    chambers = [by_id.get(topology.place(channel).chamber or "") for channel in channels]
    stated = [None if chamber is None else chamber.tolerance_kelvin for chamber in chambers]
    return Limits(
        nominal=table[:, 0],
        voltage_min=table[:, 1],
        voltage_max=table[:, 2],
        temperature_max=table[:, 3],
        setpoint=_setpoints(chambers, run_of_row, unix),
        tolerance=np.array([np.nan if kelvin is None else kelvin for kelvin in stated], dtype=np.float64),
    )


def _numbers(facts: TestFacts) -> tuple[float, float, float, float]:
    return (
        np.nan if facts.nominal_capacity_ah is None else facts.nominal_capacity_ah,
        facts.voltage_min_volt or DEFAULT_VOLTAGE_MIN,
        facts.voltage_max_volt or _usual_maximum(facts),
        np.nan if facts.temperature_max_celsius is None else facts.temperature_max_celsius,
    )


def _usual_maximum(facts: TestFacts) -> float:
    lfp = "LFP" in (facts.chemistry or "").upper()
    return DEFAULT_VOLTAGE_MAX_LFP if lfp else DEFAULT_VOLTAGE_MAX


def _setpoints(chambers: Sequence[Chamber | None], run_of_row: np.ndarray, unix: Floats) -> Floats:
    standing = np.array(
        [np.nan if chamber is None else chamber.setpoint_celsius for chamber in chambers], dtype=np.float64
    )
    setpoint: Floats = standing[run_of_row]
    for run in [run for run, chamber in enumerate(chambers) if chamber and chamber.setpoints]:
        rows = np.flatnonzero(run_of_row == run)
        setpoint[rows] = [chambers[run].setpoint_at(at) for at in unix[rows]]  # type: ignore[union-attr]
    return setpoint
