"""A cell that is charged in the ways a test asks for: how its current tapers, and where and when that ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cycling.readings import Batch
from tests.cycling.build import CHANNEL, START

FAST, SLOW, CUTOFF = 900.0, 2600.0, 0.1  # s, s and A: how the current tapers, and where it ends


@dataclass(frozen=True)
class Charge:
    """One charge: its leak (A), time constant (s), chamber (°C), current (A) and voltage, and the longest taper (s)."""

    leak: float = 0.0
    taper: float = FAST
    celsius: float = 25.0
    ampere: float = 1.5
    volt: float = 4.2
    cutoff: float = CUTOFF
    longest: float = 9000.0


def charged(charges: Sequence[Charge], *, every: float = 30.0, bare: bool = False, seed: int = 0) -> Batch:
    """A cell that is charged like this, each time rested, discharged and rested again."""
    volts: list[float] = []
    amperes: list[float] = []
    kelvins: list[float] = []
    kinds: list[str] = []
    for charge in charges:
        hour = np.arange(0.0, 3600.0 * 1.5 / charge.ampere, every)
        late = np.arange(0.0, charge.longest, every)
        taper = charge.leak + (charge.ampere - charge.leak) * np.exp(-late / charge.taper)
        taper = taper[: int(np.argmax(taper < charge.cutoff)) or len(taper)]
        down = np.arange(0.0, 3300.0, every)
        rest = [0.0] * round(1200 / every)
        for kind, volt, ampere in (
            ("CC_CHG", 3.6 + (charge.volt - 3.6) * hour / hour[-1], [charge.ampere] * len(hour)),
            ("CV_CHG", [charge.volt] * len(taper), taper),
            ("REST", [charge.volt - 0.05] * len(rest), rest),
            ("CC_DCH", 4.0 - down / 3300, [-2.0] * len(down)),
            ("REST", [3.3] * len(rest), rest),
        ):
            volts += list(volt)
            amperes += list(ampere)
            kinds += [kind] * len(volt)
            kelvins += [charge.celsius] * len(volt)
    count, noise = len(volts), np.random.default_rng(seed)
    named = np.array(kinds, dtype=object)
    columns = {
        "channel": np.full(count, CHANNEL, dtype=object),
        "test": np.full(count, "T1", dtype=object),
        "unix_time_second": START + every * np.arange(count),
        "voltage_volt": np.array(volts) + noise.normal(0, 2e-4, count),
        "current_ampere": np.array(amperes) + noise.normal(0, 5e-4, count),
        "ambient_temperature_celsius": np.array(kelvins) + noise.normal(0, 0.1, count),
    }
    if not bare:
        columns |= {
            "test_time_second": every * np.arange(count),
            "step_type": named,
            "step_count": np.cumsum(np.append(True, named[1:] != named[:-1])).astype(float),
        }
    return Batch(columns)
