"""What the watch costs: 1000 channels at 1 Hz through the whole fold, beside plain Python and pandas sums.

Run with ``python -m benchmarks.watch_fold``. Figures are CPU seconds of this process per 1000 readings, so a
share of one core at 1000 readings/s; the peers only sum charge per channel and cycle, the fold does everything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from cycling.readings import Batch
from cycling.topology import Cycler, Topology, places_of
from cycling.watch import Watch

CYCLERS, PER_CYCLER, SECONDS = 20, 50, 120


def topology() -> Topology:
    cyclers = tuple(Cycler(id=f"c{n:02d}", channels=PER_CYCLER) for n in range(CYCLERS))
    return Topology(cyclers=cyclers, places=places_of(cyclers, {}))


def second(names: np.ndarray, now: int, noise: np.random.Generator) -> Batch:
    """One reading of every channel: half charge, half discharge, a cycle every 60 s so that cycles end too."""
    count = len(names)
    charging = (now // 30 + np.arange(count)) % 2 == 0
    return Batch(
        {
            "channel": names,
            "test": names,
            "unix_time_second": np.full(count, 1.7e9 + now),
            "test_time_second": np.full(count, float(now)),
            "voltage_volt": 3.7 + noise.normal(0, 1e-3, count),
            "current_ampere": np.where(charging, 1.0, -1.0) + noise.normal(0, 1e-4, count),
            "surface_temperature_celsius": 25 + noise.normal(0, 0.05, count),
            "ambient_temperature_celsius": 25 + noise.normal(0, 0.05, count),
            "cycle_count": np.full(count, float(now // 60)),
            "step_count": np.full(count, float(now // 30)),
            "step_type": np.where(charging, "CC_CHG", "CC_DCH").astype(object),
            "record_index": np.full(count, float(now)),
            "arrival_time_second": np.full(count, 1.7e9 + now + 0.1),
        }
    )


def cpu(work: Callable[[Batch], object], batches: list[Batch]) -> float:
    """CPU seconds per 1000 readings, after the first tenth as warm-up."""
    warm = len(batches) // 10
    for batch in batches[:warm]:
        work(batch)
    began = time.process_time()
    for batch in batches[warm:]:
        work(batch)
    readings = sum(len(batch) for batch in batches[warm:])
    return (time.process_time() - began) / readings * 1000


def plain_python() -> Callable[[Batch], None]:
    """The least a per-reading loop does: charge per channel and cycle."""
    totals: dict[tuple[str, float], float] = {}

    def work(batch: Batch) -> None:
        columns = (batch.columns[name].tolist() for name in ("channel", "cycle_count", "current_ampere"))
        for channel, cycle, ampere in zip(*columns, strict=True):
            totals[channel, cycle] = totals.get((channel, cycle), 0.0) + ampere

    return work


def with_pandas() -> Callable[[Batch], None]:
    """The same sums with a pandas groupby per batch."""

    def work(batch: Batch) -> None:
        names = ("channel", "cycle_count", "current_ampere")
        frame = pd.DataFrame({name: batch.columns[name] for name in names})
        frame.groupby(["channel", "cycle_count"], sort=False)["current_ampere"].sum()

    return work


def main() -> None:
    lab = topology()
    names = np.array(list(lab.places), dtype=object)
    noise = np.random.default_rng(1)
    batches = [second(names, now, noise) for now in range(SECONDS)]
    watch = Watch(lab)

    def fold(batch: Batch) -> None:
        watch.fold(batch, float(batch.numbers("arrival_time_second")[0]))

    quarter = [batch.take(slice(begin, begin + 250)) for batch in batches for begin in range(0, 1000, 250)]
    slow = Watch(lab)
    rows = [
        ("watch: whole fold, one batch a second", cpu(fold, batches)),
        (
            "watch: whole fold, four batches a second",
            cpu(lambda batch: slow.fold(batch, float(batch.numbers("arrival_time_second")[0])), quarter),
        ),
        ("plain Python: one sum per reading", cpu(plain_python(), batches)),
        ("pandas groupby: one sum per batch", cpu(with_pandas(), batches)),
    ]
    base = dict(rows)["pandas groupby: one sum per batch"]
    for label, share in rows:
        sys.stdout.write(f"{label:45s} {share * 100:6.2f} % of a core   {share / base:5.2f} × pandas\n")
    began = time.process_time()
    saved = watch.save()
    sys.stdout.write(f"snapshot: {len(saved) / 1e6:.2f} MB, {(time.process_time() - began) * 1000:.0f} ms every 10 s\n")


if __name__ == "__main__":
    main()
