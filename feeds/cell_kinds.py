"""The kinds of cells and programs of the simulated part of the demo lab, one per batch of lab.toml.

The curves are drawn by eye after the usual shape of each chemistry; they are no measurement of any product.
Life is a hundred times shorter than real cells live, so that fade and a knee are seen within the hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cycling.topology import TestFacts
from feeds.cell_model import Cells, Curve

NMC = Curve(
    soc=(0.00, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95, 1.00),
    volt=(3.00, 3.22, 3.38, 3.48, 3.54, 3.58, 3.63, 3.67, 3.73, 3.82, 3.92, 4.01, 4.09, 4.13, 4.19),
)
LFP = Curve(
    soc=(0.00, 0.01, 0.02, 0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.66, 0.72, 0.85, 0.95, 0.98, 1.00),
    volt=(2.60, 2.82, 2.96, 3.11, 3.19, 3.24, 3.28, 3.29, 3.295, 3.30, 3.315, 3.33, 3.335, 3.34, 3.37, 3.50),
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One design of cell under one program; rates are in C (1 C empties the new cell in an hour)."""

    curve: Curve
    capacity_ah: float
    ohmic_ohm: float
    thermal_resistance: float
    volt_min: float
    volt_max: float
    charge_rate: float
    discharge_rate: float
    fade_per_root_cycle: float
    knee_cycles: float
    fade_per_knee_cycle: float
    rest_second: float = 900.0
    cutoff_rate: float = 0.05  # the constant-voltage charge ends below this


def nmc(charge_rate: float, discharge_rate: float, fade: float, knee: float, slope: float) -> Kind:
    """An 18650 energy cell, 2.5 Ah."""
    return Kind(
        curve=NMC,
        capacity_ah=2.5,
        ohmic_ohm=0.035,
        thermal_resistance=12.0,
        volt_min=2.8,
        volt_max=4.2,
        charge_rate=charge_rate,
        discharge_rate=discharge_rate,
        fade_per_root_cycle=fade,
        knee_cycles=knee,
        fade_per_knee_cycle=slope,
    )


def lfp(charge_rate: float, discharge_rate: float, fade: float, knee: float, slope: float) -> Kind:
    """An 18650 power cell, 1.1 Ah."""
    return Kind(
        curve=LFP,
        capacity_ah=1.1,
        ohmic_ohm=0.016,
        thermal_resistance=12.0,
        volt_min=2.5,
        volt_max=3.6,
        charge_rate=charge_rate,
        discharge_rate=discharge_rate,
        fade_per_root_cycle=fade,
        knee_cycles=knee,
        fade_per_knee_cycle=slope,
    )


KINDS: Mapping[str, Kind] = {
    "nmc-half": nmc(0.5, 1.0, fade=0.0075, knee=40.0, slope=0.005),
    "nmc-1c": nmc(1.0, 1.0, fade=0.0090, knee=45.0, slope=0.006),
    "nmc-fast": nmc(1.5, 1.0, fade=0.0110, knee=30.0, slope=0.008),
    "lfp-1c": lfp(1.0, 1.0, fade=0.0060, knee=45.0, slope=0.005),
    "lfp-2c": lfp(2.0, 2.0, fade=0.0065, knee=60.0, slope=0.005),
    "lfp-fast": lfp(3.0, 2.0, fade=0.0080, knee=70.0, slope=0.006),
}


class UnknownKind(Exception):
    """A simulated test of lab.toml that no kind of cell can be made for."""


def kinds_of(tests: Sequence[TestFacts]) -> list[Kind]:
    """The kind of cell of each test, by its batch; raises UnknownKind."""
    for test in tests:
        if test.batch not in KINDS:
            raise UnknownKind(
                f'lab.toml [[tests]] test = "{test.test}": nothing simulates the batch "{test.batch}"; '
                f"known are {', '.join(KINDS)}."
            )
    kinds = [KINDS[str(test.batch)] for test in tests]
    if any(kind.curve is not kinds[0].curve for kind in kinds):
        raise UnknownKind("All simulated cells of one cycler must be of one chemistry: all nmc-… or all lfp-….")
    return kinds


def cells_of(kinds: Sequence[Kind], seeds: Sequence[int]) -> Cells:
    """One cell of each kind, a few percent from its siblings: the same seed always makes the same cell."""

    def each(name: str, percent: float) -> list[float]:
        return [getattr(kind, name) * (1 + percent / 100 * scatter[name][row]) for row, kind in enumerate(kinds)]

    names = ("capacity_ah", "ohmic_ohm", "fade_per_root_cycle", "knee_cycles", "fade_per_knee_cycle")
    drawn = [np.random.default_rng(seed).standard_normal(len(names) + 1).clip(-2.5, 2.5) for seed in seeds]
    scatter = {name: [numbers[column] for numbers in drawn] for column, name in enumerate(names)}
    ohmic = np.array(each("ohmic_ohm", 4.0))
    thermal = np.array([kind.thermal_resistance for kind in kinds])
    return Cells(
        curve=kinds[0].curve,
        capacity_ah=np.array(each("capacity_ah", 0.8)),
        ohmic_ohm=ohmic,
        polarisation_ohm=0.6 * ohmic,
        polarisation_second=np.full(len(kinds), 60.0),
        heat_capacity=960.0 / thermal,  # 16 min to the chamber, the median seen on real 18650 cells
        thermal_resistance=thermal,
        efficiency=0.9995 + 0.0001 * np.array([numbers[-1] for numbers in drawn]),
        fade_per_root_cycle=np.array(each("fade_per_root_cycle", 7.0)),
        knee_cycles=np.array(each("knee_cycles", 12.0)),
        fade_per_knee_cycle=np.array(each("fade_per_knee_cycle", 12.0)),
        rise_per_fade=np.full(len(kinds), 2.0),
    )
