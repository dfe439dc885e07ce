"""A cell that rests for hours after every charge and every discharge, and relaxes as cells do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cycling.readings import Batch
from tests.cycling.warm_cell import Chamber, cycles, warm_cell

AFTER_CHARGE, AFTER_DISCHARGE = 0.025, -0.04  # V of relaxation: -12 and +20 mV/h half an hour after
RELAXATION_SECONDS = 1800.0


def resting_cell(
    count: int,
    *,
    hours: float = 6.0,
    every: float = 60.0,
    bare: bool = False,
    seed: int = 0,
    chamber: Chamber | None = None,
    after_charge: float = AFTER_CHARGE,
    relaxation: float = RELAXATION_SECONDS,
) -> Batch:
    """Readings of so many cycles; the voltage comes to rest as 1 / (1 + t / ``relaxation``)."""
    batch = warm_cell(
        cycles(count, rest=60 * hours), every=every, seed=seed, chamber=chamber or (lambda time: 25.0 + 0.0 * time)
    )
    volts = np.where(rest_of(batch) >= 0, 3.6, batch.numbers("voltage_volt"))
    volts += np.random.default_rng(seed).normal(0, 2e-4, len(batch))
    ages = age_of(batch, every)
    after = np.where(rest_of(batch) % 2 == 0, after_charge, AFTER_DISCHARGE)
    volts = volts + np.where(rest_of(batch) >= 0, after / (1 + ages / relaxation), 0.0)
    batch = batch.with_columns(voltage_volt=volts)
    return without_steps(batch) if bare else batch


def rest_of(batch: Batch) -> np.ndarray:
    """Which rest each row belongs to, from 0 (after a charge) on; -1 under load."""
    resting = batch.texts("step_type") == "REST"
    begins = resting & ~np.append(False, resting[:-1])
    return np.where(resting, np.cumsum(begins) - 1, -1)


def age_of(batch: Batch, every: float = 60.0) -> np.ndarray:
    """Seconds since the rest of each row began; 0 under load."""
    number = rest_of(batch)
    rows = np.arange(len(batch))
    first = {int(n): int(np.argmax(number == n)) for n in np.unique(number)}
    return np.where(number >= 0, every * (rows - np.array([first[int(n)] for n in number])), 0.0)


def leaking(batch: Batch, rates: Mapping[int, float], *, every: float = 60.0, begin: float = 0.0) -> Batch:
    """The batch with so many mV/h less in these rests, from ``begin`` s on."""
    number = rest_of(batch)
    since = np.maximum(age_of(batch, every) - begin, 0.0) / 3600
    rate = np.array([rates.get(int(n), 0.0) for n in number])
    return batch.with_columns(voltage_volt=batch.numbers("voltage_volt") - rate / 1000 * since)


def without_steps(batch: Batch) -> Batch:
    hidden = ("test_time_second", "step_count", "step_type")
    return Batch({name: values for name, values in batch.columns.items() if name not in hidden})
