"""A cell that warms as cells do, and the protocols that must not alarm anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from cycling.readings import Batch
from cycling.rows import Floats
from tests.cycling.build import CHANNEL, START

TIME_CONSTANT = 960.0  # s
JOULE, REVERSIBLE = 0.0045, 0.0008  # K/s per A² and per A (discharge warms); at 2 A about 19 K at last
THERMAL = frozenset({"thermocouple-detached", "abnormal-heating", "thermal-runaway"})

Step = tuple[str, float, float]  # type, A, minutes
Chamber = Callable[[Floats], Floats]


def cycles(
    count: int, charge: float = 1.5, discharge: float = 2.0, *, rest: float = 15.0, ah: float = 2.0
) -> list[Step]:
    """Cycles of charge, rest, discharge and rest at these currents; the charge tapers at its end."""
    one = [
        ("CC_CHG", charge, 54 * ah / charge),
        ("CV_CHG", charge, 40.0),
        ("REST", 0.0, rest),
        ("CC_DCH", -discharge, 57 * ah / discharge),
        ("REST", 0.0, rest),
    ]
    return one * count


def steady(celsius: float) -> Chamber:
    """A chamber that ripples by 0.4 K about its setpoint, as compressors do."""
    return lambda time: celsius + 0.4 * np.sin(2 * np.pi * time / 1500.0)


def warm_cell(
    steps: Iterable[Step],
    *,
    every: float = 30.0,
    chamber: Chamber | None = None,
    seed: int = 0,
    bare: bool = False,
    joule: float = JOULE,
    sensor: float = 0.05,
) -> Batch:
    """Readings of a cell under a protocol; ``bare`` ones say neither step nor cycle nor test time. ``sensor``: the
    noise of its thermocouple (K)."""
    parts = [(kind, ampere, max(1, round(60 * minutes / every))) for kind, ampere, minutes in steps]
    counts = [count for _, _, count in parts]
    share = np.concatenate([np.arange(count) / count for count in counts])
    kind = np.repeat(np.array([kind for kind, _, _ in parts], dtype=object), counts)
    ampere = np.repeat([ampere for _, ampere, _ in parts], counts)
    ampere = np.where(kind == "CV_CHG", ampere * np.exp(-4 * share), ampere)
    rows, noise = len(kind), np.random.default_rng(seed)
    time = every * np.arange(rows)
    around = (chamber or steady(25.0))(time)
    harder = 1.0 + 0.8 * (kind == "CC_DCH") * share**6  # a cell heats more near empty
    warmth = joule * ampere**2 * harder - REVERSIBLE * ampere
    decay, warm = np.exp(-every / TIME_CONSTANT), np.empty(rows)
    temperature = around[0]
    for row in range(rows):
        level = around[row] + warmth[row] * TIME_CONSTANT
        temperature = level + (temperature - level) * decay
        warm[row] = temperature
    volt = np.select([ampere > 0, ampere < 0], [np.minimum(3.4 + share, 4.19), 4.0 - share], 3.6)
    volt = np.where(kind == "CV_CHG", 4.19, volt)
    columns = {
        "channel": np.full(rows, CHANNEL, dtype=object),
        "test": np.full(rows, "T1", dtype=object),
        "unix_time_second": START + time,
        "voltage_volt": volt + noise.normal(0, 1e-3, rows),
        "current_ampere": ampere + noise.normal(0, 1e-4, rows),
        "surface_temperature_celsius": warm + noise.normal(0, sensor, rows),
        "ambient_temperature_celsius": around + noise.normal(0, 0.1, rows),
    }
    if not bare:
        columns |= {
            "test_time_second": time,
            "step_count": np.repeat(np.arange(1.0, len(counts) + 1), counts),
            "step_type": kind,
        }
    return Batch(columns)


def rows_of(batch: Batch, kind: str, nth: int, *, begin: float = 0.3, end: float = 1.0) -> slice:
    """Some share of the nth (from 0) step of a type; -1 is the last."""
    types = batch.texts("step_type")
    starts = np.flatnonzero((types == kind) & np.append(True, types[1:] != types[:-1]))
    first = int(starts[nth])
    others = np.flatnonzero(types[first:] != kind)
    rows = int(others[0]) if len(others) else len(types) - first
    return slice(first + int(begin * rows), first + int(end * rows))
