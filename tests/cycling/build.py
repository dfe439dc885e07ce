"""Builders that say only what matters: a healthy cell's readings, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from cycling.readings import Batch, concat
from cycling.topology import Cycler, TestFacts, Topology, places_of
from cycling.types import Alert, Cycle
from cycling.watch import Watch

START = 1_700_000_000.0
CHANNEL = "sim-1-01"
CELL = TestFacts(test="T1", channel=CHANNEL, nominal_capacity_ah=2.0, voltage_min_volt=2.7, voltage_max_volt=4.2)


def lab(cyclers: int = 1, channels: int = 4, **facts: Any) -> Topology:
    """A lab of like cyclers sim-1, sim-2, … with tests as they come."""
    every = tuple(Cycler(id=f"sim-{n + 1}", channels=channels) for n in range(cyclers))
    return Topology(cyclers=every, places=places_of(every, {}), **facts)


def cell(
    cycles: int = 3,
    *,
    channel: str = CHANNEL,
    test: str = "T1",
    start: float = START,
    every: float = 30.0,
    seed: int = 0,
) -> Batch:
    """Readings of a healthy 2 Ah cell: CC-CV charge, rest, CC discharge, rest; one reading each ``every`` s."""
    noise = np.random.default_rng(seed)
    columns: dict[str, list[Any]] = {name: [] for name in ("v", "i", "t", "cycle", "step", "type")}
    for cycle in range(cycles):
        for step, (kind, rows) in enumerate((("CCCV_CHG", 208), ("REST", 20), ("CC_DCH", 120), ("REST", 20))):
            share = np.arange(rows) / rows
            if kind == "CCCV_CHG":
                ampere = np.where(share < 0.7, 1.5, 1.5 * np.exp(-(share - 0.7) * 14))
                volt = np.minimum(3.4 + share * 1.15, 4.199)
            elif kind == "CC_DCH":
                ampere, volt = np.full(rows, -2.0), 4.0 - share - 0.3 * share**8
            else:
                ampere, volt = np.zeros(rows), np.full(rows, 4.15 if step == 1 else 3.3)
            columns["v"] += list(volt)
            columns["i"] += list(ampere)
            columns["t"] += list(25 + 4 * np.abs(ampere) * share)
            columns["cycle"] += [cycle + 1] * rows
            columns["step"] += [4 * cycle + step + 1] * rows
            columns["type"] += [kind] * rows
    count = len(columns["v"])
    return Batch(
        {
            "channel": np.full(count, channel, dtype=object),
            "test": np.full(count, test, dtype=object),
            "unix_time_second": start + every * np.arange(count),
            "test_time_second": every * np.arange(count),
            "voltage_volt": np.array(columns["v"]) + noise.normal(0, 1e-4, count),
            "current_ampere": np.array(columns["i"]) + noise.normal(0, 1e-4, count),
            "surface_temperature_celsius": np.array(columns["t"]) + noise.normal(0, 0.02, count),
            "ambient_temperature_celsius": 25 + noise.normal(0, 0.1, count),
            "cycle_count": np.array(columns["cycle"], dtype=float),
            "step_count": np.array(columns["step"], dtype=float),
            "step_type": np.array(columns["type"], dtype=object),
            "record_index": np.arange(count, dtype=float),
        }
    )


def spoil(batch: Batch, rows: slice, **columns: Any) -> Batch:
    """The batch with other values in some rows."""
    changed = {}
    for name, value in columns.items():
        values = batch.columns[name].copy()
        values[rows] = value
        changed[name] = values
    return batch.with_columns(**changed)


def in_discharge(batch: Batch, cycle: int = 2, skip: int = 40, rows: int = 30) -> slice:
    """Some readings in the middle of a cycle's discharge."""
    first = int(np.flatnonzero((batch.numbers("cycle_count") == cycle) & (batch.texts("step_type") == "CC_DCH"))[0])
    return slice(first + skip, first + skip + rows)


class Seen:
    """Everything a watch told over a run, the newest version of each thing."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.cycles: dict[tuple[str, int], Cycle] = {}
        self.notices: list[tuple[str, str, str]] = []

    def kinds(self) -> list[str]:
        return sorted(alert.kind for alert in self.alerts.values())

    def of(self, kind: str) -> Alert:
        (found,) = (alert for alert in self.alerts.values() if alert.kind == kind)
        return found


def watched(
    batch: Batch,
    *,
    topology: Topology | None = None,
    cuts: list[int] | None = None,
    restarts: bool = False,
    detectors: Mapping[str, Mapping[str, Any]] | None = None,
    until: float | None = None,
    change: Callable[[Watch], None] | None = None,
) -> Seen:
    """Fold the batch, cut at the rows ``cuts``; with ``restarts`` every piece by a watch restored from bytes."""
    topology = topology or lab()
    facts = {"T1": CELL}
    seen, watch = Seen(), Watch(topology, detectors, facts)
    if change:
        change(watch)
    edges = [0, *sorted(set(cuts or [])), len(batch)]
    for begin, end in pairwise(edges):
        piece = batch.take(slice(begin, end))
        now = float(piece.numbers("unix_time_second").max()) if len(piece) else watch.now
        _note(seen, watch, piece, now)
        if restarts:
            saved = watch.save()
            watch = Watch(topology, detectors, facts)
            if change:
                change(watch)
            watch.restore(saved)
    if until is not None:
        _note(seen, watch, Batch({}), until)
    return seen


def _note(seen: Seen, watch: Watch, batch: Batch, now: float) -> None:
    told = watch.fold(batch, now)
    seen.alerts |= {alert.id: alert for alert in told.alerts}
    seen.cycles |= {(cycle.test, cycle.cycle_count): cycle for cycle in told.cycles}
    seen.notices += [(notice.alert, notice.reason, notice.severity.value) for notice in told.notices]


def together(*batches: Batch) -> Batch:
    """Channels reporting side by side, merged by their clocks."""
    merged = concat(batches)
    return merged.take(np.argsort(merged.numbers("unix_time_second"), kind="stable"))
