"""The watcher of one part of the lab: readings from the streams through the fold; cycles, alerts, notices and frames
back to Redis.

The snapshot of the fold is stored together with the stream positions it stands at. A watcher that is killed goes
on from there: it folds the same readings again, finds the same alerts under the same ids, and tells nothing twice.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cycling.frames import Teller
from cycling.lab_facts import lab_facts, merged_facts
from cycling.readings import concat
from cycling.recording import told_by
from cycling.topology import TestFacts
from cycling.types import Alert, Cycle, Notice
from cycling.watch import Told, Watch
from data_access.lab import Gap, Lab, Published, StoreAway
from monitor.backlog import Backlog, Turn
from monitor.parts import WHOLE, Share, whole_lab
from monitor.recall import recall
from monitor.unread import Unread

STATES_SECONDS = 1.0  # between two rounds of everything; what readings move is shown with every look
FULL_FRAME_SECONDS = 5.0  # a viewer that comes between gets the last full frame and the frames after it
SNAPSHOT_SECONDS = 10.0
RECORDING_SECONDS = 5.0
MOST_UNREAD = 2000  # rejected rows read at a time; of a flood the newest will do
UNREAD_SECONDS = 3600.0  # as the detector has it by default
LAST_DAY = 86_400.0
MOST_CLOSED = 200  # closed alerts in a full frame

log = logging.getLogger("cellwatch.watch")
FACTS = {field.name for field in fields(TestFacts)} - {"extra"}


class Watcher:
    """The fold of one part of the lab beside its stores: where it stands in the streams, and what is found but not
    yet published."""

    def __init__(
        self,
        lab: Lab,
        detectors: Mapping[str, Mapping[str, Any]],
        now: float,
        *,
        demo: bool,
        share: Share = WHOLE,
        token: str = "",
    ) -> None:
        self.lab, self.demo, self.share, self.token = lab, demo, share, token
        for facts in lab.topology.tests:
            lab.tests.state(facts, who="lab.toml", at=now, source="lab.toml")
        self.labels: dict[str, dict[str, Any]] = {}  # test -> what its tile says of it
        self.watch = Watch(lab.topology, detectors)
        self.positions, self.journal = recall(lab, self.watch, share)
        for told in lab.tests.all():
            self._learn(told)
        self.watch.heard_since = lab.live.up_since(now)
        self._began_at = now
        self._cycles: list[Cycle] = []
        self._alerts: dict[str, Alert] = {}
        self._notices: list[Notice] = []
        self._moved: set[str] = set()
        self._teller = self._begin_to_tell()
        self._published_at = self._saved_at = self._full_at = self._heeded_at = 0.0
        self._gaps: list[str] = []
        self._away: dict[str, str] = {}  # cycler -> why its stream cannot be read
        self._caught_up = False
        self._backlog = Backlog()
        self._unread = Unread(float(detectors.get("unparseable", {}).get("window_seconds", UNREAD_SECONDS)))
        self._quarantined = lab.live.quarantine_count()

    def look(self, now: float) -> None:
        """Fold what has come in and tell it. While there is more to catch up with, time stands at the data."""
        # What people said of an alert counts once the alert is known: after a restart the fold finds it again first.
        said = self._caught_up and self._hear()
        turn = self._read(now)
        behind = turn.behind
        self._caught_up = self._caught_up or not behind
        batch = concat(batch for _cycler, _n, batch in turn.entries)
        for test in dict.fromkeys(batch.texts("test").tolist()) if len(batch) else ():
            if test not in self.watch.facts:
                self._learn(self.lab.tests.get(test) or {"test": test})
        arrived = float(batch.numbers("arrival_time_second").max()) if len(batch) else now
        self._unread.took(batch, now)
        self._heed_recording(now)
        self._take(self.watch.fold(batch, arrived if behind else max(now, arrived)))
        for cycler, n, _batch in turn.entries:
            self.positions[cycler] = max(n, self.positions[cycler])
        if self._alerts or said or abs(now - self._published_at) >= STATES_SECONDS:  # it may be set back
            self._publish(now, save=said or abs(now - self._saved_at) >= SNAPSHOT_SECONDS)
            lag = max(now - arrived, 0.0) if behind else 0.0
            told = {"lag_second": lag, "gaps": self._gaps, "readings_at": arrived, "away": self._trouble()}
            self.lab.live.beat("watch", told, now, self.share.name)
        elif self._moved and not behind and self._full_at:
            self._show(now)

    def put_away(self, now: float) -> None:
        """The last act: publish what is left, with a snapshot."""
        self._publish(now, save=True)

    def _read(self, now: float) -> Turn:
        """What has come in and is folded next. Nobody is blamed for the silence of a cycler whose node of a cluster is
        away."""
        away: dict[str, StoreAway] = {}
        try:
            found = self.lab.live.read(self.positions, block_ms=0, most=self._backlog.most, away=away)
        except Gap as gap:
            self._step_over(gap)
            found = []
        self.watch.heard_cyclers |= dict.fromkeys(away, now)
        before, self._away = self._away, {cycler: str(reason) for cycler, reason in away.items()}
        if self._away.keys() - before.keys():
            log.warning("%s The watch of %s waits.", self._trouble(), ", ".join(self._away))
        return self._backlog.turn(found)

    def _trouble(self) -> str | None:
        """Why some cyclers cannot be watched now."""
        return " ".join(dict.fromkeys(self._away.values())) or None

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

    def _heed_recording(self, now: float) -> None:
        """How recording stands is the whole lab's business, so one watcher looks after it, now and then."""
        if whole_lab(self.share) and abs(now - self._heeded_at) >= RECORDING_SECONDS:
            self._heeded_at = now
            beat = self.lab.live.beats().get("record")
            if beat is not None:
                back = self.watch.heard_since
                self.watch.heed(told_by(beat, now, max(self._began_at, back), back), now)
            self._heed_rejects(now)

    def _heed_rejects(self, now: float) -> None:
        """What went to quarantine since the last time: of the whole lab, as recording is."""
        count = self.lab.live.quarantine_count()
        fresh = count - self._quarantined
        if fresh > 0:
            newest = self.lab.live.quarantined(min(fresh, MOST_UNREAD))
            self._unread.rejected(reversed(newest))
        self._quarantined = count
        self.watch.heed_rejects(self._unread.counts(now), now)

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
        own = lab_facts(self.lab.topology, states, now, demo=self.demo)
        alone = self.share.of == 1
        facts = own if alone else merged_facts(own, self.lab.live.facts_of_others(self.share.name))
        # Viewers may know nothing yet of what this watcher goes on from, so the first frame tells all of it.
        first = self._full_at == 0.0
        news = {alert.id: alert for alert in self.watch.alerts() if first and alert.open} | self._alerts
        self._tell(
            Published(
                now=now,
                part=self.share.name,
                token=self.token,
                facts=None if alone else {name: own[name] for name in ("chambers", "cyclers", "counts")},
                states=states,
                frame=self._teller.changes(now, states, news.values(), self.labels, facts, self._setpoints(now)),
                full_frame=self._full_frame(now),
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

    def _show(self, now: float) -> None:
        """What readings moved, at once; everything else can wait for the next round."""
        states = self.watch.states(self._moved)
        frame = self._teller.changes(now, states, (), self.labels, None, self._setpoints(now))
        self._tell(Published(now=now, part=self.share.name, token=self.token, frame=frame))
        self._moved = set()

    def _tell(self, told: Published) -> None:
        """Publishes. Where nobody knows whether it was heard, everything is told again under a new run."""
        try:
            self.lab.live.publish(told)
        except BaseException:
            self._teller, self._full_at = self._begin_to_tell(), 0.0
            raise

    def _begin_to_tell(self) -> Teller:
        part = "" if self.share.of == 1 else self.share.name
        return Teller(uuid.uuid4().hex[:8], part, self.lab.topology.time_factor)

    def _setpoints(self, now: float) -> dict[str, float]:
        return {chamber.id: chamber.setpoint_at(now) for chamber in self.lab.topology.chambers}

    def _full_frame(self, now: float) -> bytes:
        """Everything a wall needs to begin with, now and then; b"" where the last one will do."""
        if 0.0 <= now - self._full_at < FULL_FRAME_SECONDS:
            return b""
        self._full_at = now
        every = self.watch.alerts()
        closed = [alert for alert in every if not alert.open and (alert.closed_at or 0.0) > now - LAST_DAY]
        shown = [alert for alert in every if alert.open] + closed[-MOST_CLOSED:]
        return self._teller.everything(now, shown)
