"""What it costs to take in readings and to archive them: ``python -m benchmarks.ingest_record``.

Everything is measured in one run on one machine, so read the ratios and the shares of a core, not the seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.labs import lab_on
from cycling.readings import Batch
from cycling.topology import Cycler, Topology, places_of
from data_access.lab import Lab
from monitor import record
from monitor.record import Progress

CYCLERS, CHANNELS = 21, 48  # 1008 channels
SECONDS = 60  # of 1 Hz
START = 1_800_000_000.0


def readings(cycler: Cycler, second: int, rng: np.random.Generator) -> Batch:
    """One second of one cycler as a feed sends it: 14 columns, ADC-like noise."""
    rows = len(cycler.channel_ids)

    def noisy(value: float, step: float) -> np.ndarray:
        return np.round((value + rng.normal(0, 5 * step, rows)) / step) * step

    words = {"channel": list(cycler.channel_ids), "step_type": ["CC_CHG"] * rows}
    numbers = {
        "unix_time_second": np.full(rows, START + second),
        "test_time_second": np.full(rows, float(second)),
        "voltage_volt": noisy(3.7, 1e-4),
        "current_ampere": noisy(1.1, 1e-4),
        "cycle_count": np.full(rows, 12.0),
        "step_count": np.full(rows, 88.0),
        "step_id": np.full(rows, 4.0),
        "surface_temperature_celsius": noisy(31.0, 0.01),
        "ambient_temperature_celsius": noisy(30.0, 0.01),
        "charging_capacity_ah": noisy(0.5, 1e-4),
        "discharging_capacity_ah": np.full(rows, 1.05),
        "record_index": np.full(rows, float(second)),
    }
    texts = {name: np.array(values, dtype=object) for name, values in words.items()}
    return Batch({**texts, **numbers})


@contextmanager
def lab_of_this_size() -> Iterator[Lab]:
    cyclers = tuple(Cycler(id=f"cycler-{number:02d}", channels=CHANNELS) for number in range(CYCLERS))
    topology = Topology(cyclers=cyclers, places=places_of(cyclers, {}))
    with tempfile.TemporaryDirectory() as folder, lab_on(Path(folder), topology) as lab:
        yield lab


def server_seconds(lab: Lab) -> float:
    used = lab.live.client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def main() -> int:
    with lab_of_this_size() as lab:
        rng = np.random.default_rng(1)
        batches = [[readings(cycler, second, rng) for cycler in lab.topology.cyclers] for second in range(SECONDS)]
        rows = SECONDS * CYCLERS * CHANNELS
        for batch in batches[0]:  # opens connections and tables, which happens once in months
            lab.live.ingest(batch, received=START, source="bench")
        progress, _ = record.step(lab, Progress(), START)

        cpu, server, wall = time.process_time(), server_seconds(lab), time.perf_counter()
        recording = 0.0
        for second in range(1, SECONDS):
            for batch in batches[second]:
                lab.live.ingest(batch, received=START + second, source="bench")
            if second % 15 == 14:
                started = time.process_time()
                progress, _ = record.step(lab, progress, START + second)
                recording += time.process_time() - started
        cpu, server, wall = (
            time.process_time() - cpu - recording,
            server_seconds(lab) - server,
            time.perf_counter() - wall,
        )
        started = time.process_time()
        for _ in range(10):
            record.beat(lab, progress, START)
        beating = (time.process_time() - started) / 10

        lived = SECONDS - 1
        print(f"{CYCLERS * CHANNELS} channels at 1 Hz, {lived} s of it in {wall:.1f} s:")
        print(f"  ingest          {cpu / lived:7.2%} of a core")
        print(f"  Valkey          {server / lived:7.2%} of a core")
        print(f"  record          {recording / lived + beating:7.2%} of a core (heartbeat {beating:.2%})")
        print(f"  memory          {lab.live.ping().used_memory / rows:7.0f} bytes a reading in Redis")
        print(f"  stored in       {lab.live.last('cycler-00')} entries a cycler")
    return 0


if __name__ == "__main__":
    sys.exit(main())
