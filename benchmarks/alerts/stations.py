"""A station: the cells of one lab through the real watch, once clean, and again from a snapshot with a fault inside."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.alerts.clean import Trace, lab
from benchmarks.alerts.inject import Fault, Spot, spoiled
from benchmarks.alerts.score import GRACE_SECONDS, Outcome, outcome
from cycling.readings import Batch, concat
from cycling.types import Alert
from cycling.watch import Watch
from monitor.clock_order import by_clock, in_record_order
from monitor.findings import Findings
from monitor.replay import without_copies

SNAPSHOT_SECONDS, SNAPSHOT_READINGS = 12 * 3600.0, 1440  # between two snapshots at least, of each cell: a pass costs
# nearly the same however little it folds, and the readings of 12 h are few where they are minutes apart

Settings = Mapping[str, Mapping[str, Any]]


@dataclass(kw_only=True)
class Station:
    """One lab. ``clean`` holds its alerts without any fault once ``run_clean`` has been called."""

    traces: Sequence[Trace]
    detectors: Settings = field(default_factory=dict)
    metadata: bool = True
    clean: dict[str, Alert] = field(default_factory=dict)
    _from: list[float] = field(default_factory=list)  # the snapshots hold all rows before these times
    _saved: list[bytes] = field(default_factory=list)

    def run_clean(self) -> None:
        """Fold all readings, leaving a snapshot every few hours."""
        watch, findings = self.watch(), Findings()
        times = [trace.unix for trace in self.traces]
        first, last = min(time[0] for time in times), max(time[-1] for time in times)
        length = max(SNAPSHOT_SECONDS, SNAPSHOT_READINGS * self.traces[0].poll)
        for begin in np.arange(first, last + 1, length).tolist():
            self._from.append(begin)
            self._saved.append(watch.save())
            rows = [trace.batch.take(between(trace, begin, begin + length)) for trace in self.traces]
            fold(watch, concat(rows), findings)
        self.clean = dict(findings.alerts)

    def inject(self, fault: Fault, level: float, spot: Spot, rng: np.random.Generator) -> Outcome:
        """Replay the readings about the spot with the fault in them."""
        at = bisect.bisect_right(self._from, spot.t0) - 1
        watch, findings = self.watch(), Findings()
        watch.restore(self._saved[at])
        rows, visible, state = [], False, rng.bit_generator.state
        met = spot.t0
        for trace in self.traces:
            end = spot.t1 + GRACE_SECONDS + trace.poll
            ended = trace.unix[-1] <= spot.t0  # a cell of the chamber whose record is over by then
            if (fault.chamber and not ended) or trace.cell == spot.trace.cell:
                rng.bit_generator.state = state  # the chamber does the same to all its cells
                here = same_time(spot, trace)
                faulty = spoiled(fault, level, here, rng)
                rows += [
                    trace.batch.take(between(trace, self._from[at], here.t0)),
                    faulty,
                    trace.batch.take(between(trace, here.t1 + trace.poll / 2, end)),
                ]
                clean = trace.batch.take(slice(here.begin, here.end))
                visible |= fault.visible(clean, faulty, trace.poll)
                met = spot.t0 + trace.poll * fault.meets(clean, faulty)
            else:
                rows.append(trace.batch.take(between(trace, self._from[at], end)))
        fold(watch, concat(rows), findings)
        return outcome(
            spot=f"{spot.trace.cell} {spot.trace.batch.texts('step_type')[spot.begin]} {spot.t0:.0f}",
            t0=spot.t0,
            t1=spot.t1,
            channels=[trace.cell for trace in self.traces] if fault.chamber else [spot.trace.cell],
            right=fault.right,
            beside=fault.beside,
            visible=visible,
            met=met,
            poll=spot.trace.poll,
            alerts=new_alerts(findings.alerts.values(), self.clean.values()),
        )

    def watch(self) -> Watch:
        """A watch that has seen nothing."""
        return Watch(lab(list(self.traces), metadata=self.metadata), self.detectors)


def fold(watch: Watch, rows: Batch, findings: Findings) -> None:
    """What a replay does with readings."""
    for piece in by_clock(without_copies(in_record_order(rows))):
        findings.take(watch.fold(piece, float(piece.numbers("arrival_time_second").max())))


def new_alerts(alerts: Sequence[Alert] | Any, clean: Sequence[Alert] | Any) -> list[Alert]:
    """The alerts that are not there without the fault: of another kind or scope, or opened at another time."""
    known = {(alert.kind, alert.scope, alert.opened_at) for alert in clean}
    return [alert for alert in alerts if (alert.kind, alert.scope, alert.opened_at) not in known]


def between(trace: Trace, begin: float, end: float) -> slice:
    """The rows of a trace from ``begin`` up to but without ``end``, both in UTC seconds."""
    low, high = np.searchsorted(trace.unix, [begin, end], side="left").tolist()
    return slice(low, high)


def same_time(spot: Spot, trace: Trace) -> Spot:
    """The rows of another trace of the chamber at the time of a spot."""
    rows = between(trace, spot.t0, spot.t1 + trace.poll / 2)
    return Spot(trace=trace, begin=rows.start, end=rows.stop)
