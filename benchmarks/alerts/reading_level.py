"""The reading-level part: false alarms on clean traces, then every fault many times, and the baselines beside."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.alerts import baselines, benign
from benchmarks.alerts.clean import Trace
from benchmarks.alerts.inject import RESTS, Fault, Placer, Spot, spoiled
from benchmarks.alerts.score import GRACE_SECONDS, Outcome, Rate, rates
from benchmarks.alerts.stations import Station, between
from cycling.readings import Batch, concat
from cycling.types import Alert

BASELINE_REPETITIONS = 20


@dataclass(kw_only=True)
class Bench:
    """The traces through the watch: each cell a lab of its own, and, for chambers, all cells of one together."""

    traces: Sequence[Trace]
    metadata: bool = True
    alone: dict[str, Station] = field(default_factory=dict)
    together: dict[str, Station] = field(default_factory=dict)
    seconds: float = 0.0

    def run_clean(self) -> None:
        """The clean traces of the single cells, timed."""
        began = time.process_time()
        for trace in self.traces:
            self.alone[trace.cell] = self._ready([trace])
        self.seconds = time.process_time() - began
        self._placer = Placer(self.traces)
        self._resting: Placer | None = None

    @property
    def clean(self) -> list[Alert]:
        return [alert for trace in self.traces for alert in self.alone[trace.cell].clean.values()]

    @property
    def months(self) -> float:
        return sum(trace.months for trace in self.traces)

    @property
    def rows(self) -> int:
        return sum(len(trace.batch) for trace in self.traces)

    def rates(self) -> dict[str, Rate]:
        return rates(self.clean, self.months)

    def outcomes(self, fault: Fault, level: float, count: int) -> list[Outcome]:
        """What became of ``count`` injections; fewer where no step fits."""
        stations = self._of_chambers() if fault.chamber else self.alone
        drawn = [(self.placer(fault).draw(fault, level, repetition)) for repetition in range(count)]
        return [stations[d[0].trace.cell].inject(fault, level, *d) for d in drawn if d]

    def placer(self, fault: Fault) -> Placer:
        """Rests of hours are not measured but built."""
        if fault.steps != RESTS:
            return self._placer
        if self._resting is None:
            trace = benign.resting(self.traces[0].poll)
            self.alone[trace.cell] = self._ready([trace])
            self._resting = Placer([trace])
        return self._resting

    def _of_chambers(self) -> dict[str, Station]:
        if not self.together:
            groups: dict[float, list[Trace]] = defaultdict(list)
            for trace in self.traces:
                groups[trace.setpoint].append(trace)
            for group in groups.values():
                station = self._ready(group)
                self.together |= {trace.cell: station for trace in group}
        return self.together

    def _ready(self, traces: Sequence[Trace]) -> Station:
        station = Station(traces=traces, metadata=self.metadata)
        station.run_clean()
        return station


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What one baseline makes of the clean traces and of the faults: recall, and minutes until it alarmed."""

    name: str
    false_per_month: float
    found: dict[str, tuple[float, float]]


def run_baselines(bench: Bench, faults: Sequence[Fault], count: int) -> Iterator[Usual]:
    """Each baseline over the same spots, at each fault's first level above the smallest (its middle)."""
    judges = {trace.cell: baselines.all_of(trace.batch) for trace in bench.traces}
    clean = {
        name: {t.cell: baselines.onsets(judges[t.cell][name](t.batch), t.unix) for t in bench.traces}
        for name in next(iter(judges.values()))
    }
    for name, onsets in clean.items():
        found = {}
        for fault in faults:
            if fault.steps == RESTS or not fault.right:
                continue
            level = fault.levels[min(1, len(fault.levels) - 1)]
            delays = []
            drawn = [bench.placer(fault).draw(fault, level, j) for j in range(min(count, BASELINE_REPETITIONS))]
            for spot, rng in [d for d in drawn if d]:
                flags = judges[spot.trace.cell][name]
                delays.append(_delay(fault, level, spot, rng, flags))
            hits = [delay for delay in delays if delay is not None]
            median = float(np.median(hits)) / 60 if hits else float("nan")
            found[fault.label(level)] = (len(hits) / max(1, len(delays)), median)
        episodes = sum(baselines.merged(times) for times in onsets.values())
        yield Usual(name=name, false_per_month=episodes / bench.months, found=found)


def _delay(
    fault: Fault,
    level: float,
    spot: Spot,
    rng: np.random.Generator,
    flags: baselines.Flags,
) -> float | None:
    """Seconds from the fault's begin to the first alarm that is not there without it."""
    trace = spot.trace
    before = trace.batch.take(slice(max(0, spot.begin - 200), spot.begin))
    after = trace.batch.take(between(trace, spot.t1 + trace.poll / 2, spot.t1 + GRACE_SECONDS + trace.poll))
    rows: Batch = concat([before, spoiled(fault, level, spot, rng), after])
    unix = rows.numbers("unix_time_second")
    clean = concat([before, trace.batch.take(slice(spot.begin, spot.end)), after])
    usual = clean.numbers("unix_time_second")[flags(clean)]
    begun = baselines.onsets(flags(rows) & ~np.isin(unix, usual), unix)
    new = [at for at in begun if spot.t0 <= at <= spot.t1 + GRACE_SECONDS]
    return min(new) - spot.t0 if new else None
