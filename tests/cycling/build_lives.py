"""The cycles of made-up tests, as a cohort takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cycling.cohort import Lives


def lives(healths: Mapping[str, Sequence[float]]) -> Lives:
    """Tests whose state of health (%) in cycle 1, 2, 3 … is given; all else follows from it."""
    names = tuple(sorted(healths))
    rows = [np.asarray(healths[name], dtype=float) for name in names]
    begins = np.cumsum([0, *(len(row) for row in rows)])
    health = np.concatenate([*rows, np.empty(0)])
    cycle = np.concatenate([*(np.arange(1.0, len(row) + 1) for row in rows), np.empty(0)])
    columns = {
        "cycle": cycle,
        "throughput": 0.9 * cycle,
        "time": cycle / 4,
        "health": health,
        "capacity": health / 50,
        "efficiency": np.full(len(health), 99.9),
        "temperature": np.full(len(health), 26.0),
        "start": 1000.0 * cycle,
        "end": 1000.0 * cycle + 900.0,
        "regular": np.ones(len(health)),
    }
    return Lives(tests=names, begins=begins, columns=columns)
