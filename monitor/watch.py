"""watch: readings from the streams through the fold; cycles, alerts, notices and frames back to Redis.

The snapshot of the fold is stored together with the stream positions it stands at. A watcher that is killed goes
on from there: it folds the same readings again, finds the same alerts under the same ids, and tells nothing twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from cycling.frames import frame, lab_facts
from cycling.readings import concat
from cycling.topology import TestFacts
from cycling.types import Alert, ChannelState, Cycle, Notice
from cycling.watch import OtherSnapshot, Told, Watch
from data_access.lab import Gap, Lab, Published, StoreAway

LOOK_SECONDS = 0.2  # how often the streams are read; a fold of many small batches costs more than one of all
FRAME_SECONDS = 1.0
FULL_FRAME_SECONDS = 5.0  # a viewer that comes between gets the last full frame and the frames after it
SNAPSHOT_SECONDS = 10.0
AT_ONCE = 500  # stream entries per cycler and look
LAST_DAY = 86_400.0
MOST_CLOSED = 200  # closed alerts in a full frame

log = logging.getLogger("cellwatch.watch")
FACTS = {field.name for field in fields(TestFacts)} - {"extra"}


def run(
    lab: Lab,
    detectors: Mapping[str, Mapping[str, Any]],
    stop: threading.Event,
    clock: Callable[[], float],
    *,
    demo: bool = False,
) -> None:
    """Watch until told to stop; a store that is away is waited for, and nothing found is lost meanwhile."""
    watcher: Watcher | None = None
    while not stop.is_set():
        try:
            if watcher is None:
                watcher = Watcher(lab, detectors, clock(), demo=demo)
            watcher.look(clock())
        except StoreAway as away:
            log.warning("%s The watch waits; readings stay in their streams.", away)
            stop.wait(1.0)
        stop.wait(LOOK_SECONDS)
    if watcher is not None:
        try:
            watcher.put_away(clock())
        except StoreAway as away:
            log.warning("%s The watch goes on from its last snapshot next time.", away)


class Watcher:
    """The fold beside its stores: where it stands in the streams, and what is found but not yet published."""

    def __init__(self, lab: Lab, detectors: Mapping[str, Mapping[str, Any]], now: float, *, demo: bool) -> None:
        self.lab, self.demo = lab, demo
        for facts in lab.topology.tests:
            lab.tests.state(facts, who="lab.toml", at=now, source="lab.toml")
        self.labels: dict[str, dict[str, Any]] = {}  # test -> what its tile says of it
        self.watch = Watch(lab.topology, detectors)
        saved = lab.live.load_watch()
        positions: dict[str, Any] = {}
        if saved is not None:
            try:
                self.watch.restore(saved[0])
                positions = saved[1]
            except OtherSnapshot as other:
                log.warning("%s It looks anew at what Redis still has.", other)
        if not positions:
            self.watch.adopt(lab.live.alerts())
        self.journal = int(positions.pop("journal", 0))
        self.positions = {
            cycler: int(positions.get(cycler, lab.live.beginning(cycler))) for cycler in lab.topology.cycler_ids
        }
        for told in lab.tests.all():
            self._learn(told)
        self.watch.heard_since = lab.live.up_since(now)
        self._cycles: list[Cycle] = []
        self._alerts: dict[str, Alert] = {}
        self._notices: list[Notice] = []
        self._moved: set[str] = set()
        self._published_at = self._saved_at = self._full_at = 0.0
        self._gaps: list[str] = []
        self._caught_up = False

    def look(self, now: float) -> None:
        """Fold what has come in and tell it. While there is more to catch up with, time stands at the data."""
        # What people said of an alert counts once the alert is known: after a restart the fold finds it again first.
        said = self._caught_up and self._hear()
        try:
            found = self.lab.live.read(self.positions, block_ms=0, most=AT_ONCE)
        except Gap as gap:
            self._step_over(gap)
            found = []
        behind = len(found) >= AT_ONCE
        self._caught_up = self._caught_up or not behind
        batch = concat(batch for _cycler, _n, batch in found)
        for test in dict.fromkeys(batch.texts("test").tolist()) if len(batch) else ():
            if test not in self.watch.facts:
                self._learn(self.lab.tests.get(test) or {"test": test})
        arrived = float(batch.numbers("arrival_time_second").max()) if len(batch) else now
        self._take(self.watch.fold(batch, arrived if behind else max(now, arrived)))
        for cycler, n, _batch in found:
            self.positions[cycler] = max(n, self.positions[cycler])
        if self._alerts or said or now - self._published_at >= FRAME_SECONDS:
            self._publish(now, save=said or now - self._saved_at >= SNAPSHOT_SECONDS)
            lag = max(now - arrived, 0.0) if behind else 0.0
            self.lab.live.beat("watch", {"lag_second": lag, "gaps": self._gaps, "readings_at": arrived}, now)

    def put_away(self, now: float) -> None:
        """The last act: publish what is left, with a snapshot."""
        self._publish(now, save=True)

    def _hear(self) -> bool:
        """Journal entries since the last look: metadata of tests, and what people said of alerts."""
        entries = self.lab.journal.since(self.journal)
        if not entries:
            return False
        self.journal = entries[-1][0]
        for _n, entry in entries:
            if entry["kind"] == "test":
                self._learn(self.lab.tests.get(entry["test"]) or {"test": entry["test"]})
        self.watch.hear([entry for _n, entry in entries])
        return True

    def _learn(self, told: Mapping[str, Any]) -> None:
        """Metadata of a test, as the fold and the tiles need it."""
        known = {name: value for name, value in told.items() if name in FACTS and value is not None}
        self.watch.facts[told["test"]] = TestFacts(**known)
        self.labels[told["test"]] = {name: told.get(name) for name in ("cell", "batch")}

    def _step_over(self, gap: Gap) -> None:
        """Readings that are gone from Redis cannot be watched any more; they are in the archive."""
        log.error("%s The watch goes on after the gap.", gap)
        self._gaps = [*self._gaps[-9:], str(gap)]
        self.positions[gap.cycler] = self.lab.live.beginning(gap.cycler)

    def _take(self, told: Told) -> None:
        self._cycles += told.cycles
        self._alerts |= {alert.id: alert for alert in told.alerts}
        self._notices += told.notices
        self._moved |= told.channels

    def _publish(self, now: float, *, save: bool) -> None:
        states = self.watch.states()
        facts = lab_facts(self.lab.topology, states, now, demo=self.demo)
        moved = [state for state in states if state.channel in self._moved]
        self.lab.live.publish(
            Published(
                now=now,
                states=states,
                frame=frame(
                    now=now,
                    full=False,
                    states=moved,
                    alerts=self._alerts.values(),
                    lab=facts,
                    facts=self.labels,
                ),
                full_frame=self._full_frame(now, states, facts),
                alerts=list(self._alerts.values()),
                cycles=self._cycles,
                notices=self._notices,
                snapshot=self.watch.save() if save else b"",
                positions={**self.positions, "journal": self.journal} if save else None,
            )
        )
        self._cycles, self._alerts, self._notices, self._moved = [], {}, [], set()
        self._published_at = now
        if save:
            self._saved_at = now

    def _full_frame(self, now: float, states: list[ChannelState], facts: Mapping[str, Any]) -> bytes:
        """Everything a wall needs to begin with, now and then; b"" where the last one will do."""
        if now - self._full_at < FULL_FRAME_SECONDS:
            return b""
        self._full_at = now
        every = self.watch.alerts()
        closed = [alert for alert in every if not alert.open and (alert.closed_at or 0.0) > now - LAST_DAY]
        shown = [alert for alert in every if alert.open] + closed[-MOST_CLOSED:]
        return frame(now=now, full=True, states=states, alerts=shown, lab=facts, facts=self.labels)
