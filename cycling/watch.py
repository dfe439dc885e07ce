"""The watch: a fold of batches of readings over what is remembered, with ``now`` as an argument.

Live, replay and tests run this same code. Batches may be cut anywhere; a watch restored from its snapshot goes
on as if nothing had happened.
"""

from __future__ import annotations

import base64
import heapq
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cycling.book import Book
from cycling.causes import LEFT_BEHIND_SECONDS
from cycling.cycle_judge import CycleJudge, Known
from cycling.cycles import RawCycle, finished_cycles, unfinished_cycle
from cycling.detectors import CYCLE, REGISTRY, cycle_detectors, reading_detectors
from cycling.detectors.channel_silent import ChannelSilent
from cycling.detectors.cycler_silent import CyclerSilent
from cycling.detectors.detector_failed import KIND as DETECTOR_FAILED
from cycling.detectors.unparseable import Unparseable
from cycling.fellows import Fellows
from cycling.grading import Grades
from cycling.judge import BEGINS, ENDS, Finding, judge
from cycling.limits import limits_of
from cycling.memory import Memory, Turn
from cycling.newest import Newest
from cycling.order import in_order, merge_order
from cycling.outages import SILENCES, Return
from cycling.readings import Batch
from cycling.recording import KIND as RECORDING
from cycling.recording import Recording
from cycling.rows import Floats, Ints, runs_of
from cycling.sight import sight_of
from cycling.silence import Silence
from cycling.topology import TestFacts, Topology
from cycling.types import Alert, ChannelState, Cycle, Notice, Severity
from cycling.unparseable import Rejects, judged
from cycling.unparseable import Told as Unread

SNAPSHOT = 5  # the form of a snapshot; another form is not read but looked past (see adopt)
CYCLE_KINDS = frozenset(detector.kind for detector in CYCLE)
SPOILING = frozenset({"contact-lost", "frozen"})  # a cycle with one of these inside is faulty

Event = tuple[float, Finding | Return]  # the watch's clock, and what it was


class OtherSnapshot(Exception):
    """A snapshot of another version of Cellwatch: start anew and ``adopt`` the alerts that are open."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a fold has to say: cycles that ended, alerts that changed, whom to tell, channels that moved on."""

    cycles: tuple[Cycle, ...]
    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]
    channels: frozenset[str]


class Watch:
    """The state of the fold. ``facts`` maps a test to its metadata and may be changed between folds."""

    def __init__(
        self,
        topology: Topology,
        detectors: Mapping[str, Mapping[str, Any]] | None = None,
        facts: Mapping[str, TestFacts] | None = None,
    ) -> None:
        settings = detectors or {}
        self.topology = topology
        self.facts: dict[str, TestFacts] = {fact.test: fact for fact in topology.tests} | dict(facts or {})
        self.now = -np.inf
        self.heard_since = -np.inf  # nothing could arrive before: the lab itself was off
        self.heard_cyclers: dict[str, float] = {}  # the same for single cyclers, whose store was away
        self._reading = reading_detectors(settings)
        self._cycle = cycle_detectors(settings)
        self._channel = ChannelSilent(**settings.get(ChannelSilent.kind, {}))
        self._cycler = CyclerSilent(**settings.get(CyclerSilent.kind, {}))
        escalations = {limits.kind: limits.escalate_seconds for limits in (self._channel, self._cycler)}
        self._unparseable = Unparseable(**settings.get(Unparseable.kind, {}))
        self._unread: list[Unread] = []
        self._settings = settings
        self._remember(Memory())
        self._grades, self._newest = Grades(), Newest()
        self._judge_cycles = self._cycle_judge()
        self._book = Book(
            topology.maintenance, topology.place, escalations, lambda *asked: self._newest.reports(*asked)
        )
        self._spoiled: dict[str, list[list[float]]] = {}  # channel -> [from, to] of what makes cycles faulty
        self._moved: set[str] = set()

    def fold(self, batch: Batch, now: float) -> Told:
        """Take in readings that arrived up to ``now`` (UTC seconds); timers due before a row fire before it."""
        cycles: list[Cycle] = []
        if len(batch):
            clock = batch.numbers("arrival_time_second")
            clock = np.where(np.isnan(clock), batch.numbers("unix_time_second"), clock)
            place = self._memory.places(batch.texts("channel").tolist())
            order, clock = merge_order(clock, place, self._memory)
            clock = np.maximum(clock, self.now)
            batch, place = batch.take(order), place[order]
            timers = self._timers(place, clock)
            self._fellows.expect(float(clock[0]))
            begin = 0
            while begin < len(batch):
                heapq.heappush(timers, min(self._book.due(), self._fellows.due()))
                due = max(heapq.heappop(timers), self.now)
                end = int(np.searchsorted(clock, due, side="right"))
                if end > begin:
                    cycles += self._pass(batch.take(slice(begin, end)), place[begin:end], clock[begin:end])
                    self.now = max(self.now, float(clock[end - 1]))
                    heapq.heappush(timers, due)  # what the rows brought may be due before
                    begin = end
                else:
                    heapq.heappush(timers, self._tick(due))
            now = max(now, float(clock[-1]))
        self._tick(max(now, self.now))
        alerts, notices = self._book.news()
        moved, self._moved = frozenset(self._moved), set()
        touched = frozenset(channel for alert in alerts for channel in alert.channels)
        return Told(cycles=tuple(cycles), alerts=tuple(alerts), notices=tuple(notices), channels=moved | touched)

    def hear(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Take in what people said of alerts; the next fold tells the changed alerts."""
        self._book.hear(entries)

    def heed(self, recording: Recording, now: float) -> None:
        """Take in how recording stands; the next fold tells the changed alert."""
        self._book.recording(recording, now)

    def heed_rejects(self, counts: Sequence[Rejects], now: float) -> None:
        """Take in what could not be read lately; the next fold tells the changed alerts."""
        found, self._unread = judged(counts, now, self._unread, self._unparseable)
        for finding in found:
            self._book.find(finding, now)

    def due(self) -> float:
        """When time alone brings something to tell, of alerts that wait for others of their cause (UTC seconds)."""
        return self._book.due()

    def finish(self) -> list[Cycle]:
        """The cycles that every channel is still in, as far as they got (the end of a replay)."""
        return self._ended(self._memory.channels)

    def states(self, channels: Iterable[str] | None = None) -> list[ChannelState]:
        """The newest that is known of the channels, of all by default."""
        cadence = self._silence.cadence()
        names = self._memory.channels if channels is None else channels
        by_channel: dict[str, list[Alert]] = {}
        for alert in self._book.open_alerts():
            for channel in alert.channels:
                by_channel.setdefault(channel, []).append(alert)
        return [
            self._newest.state(
                name,
                self.topology.place(name),
                cadence=float(cadence[self._memory.index[name]]),
                health=self._grades.state_of_health(self._newest.test(name)),
                alerts=by_channel.get(name, []),
            )
            for name in names
            if name in self._newest
        ]

    def alerts(self) -> list[Alert]:
        """Open alerts and the newest closed ones."""
        return self._book.all()

    def save(self) -> bytes:
        """A snapshot from which ``restore`` goes on."""
        memory = {name: base64.b64encode(data).decode() for name, data in self._memory.save().items()}
        state = {
            "form": SNAPSHOT,
            "now": None if self.now == -np.inf else self.now,
            "memory": memory,
            "grades": self._grades.save(),
            "cycles": self._judge_cycles.save(),
            "book": self._book.save(),
            "newest": self._newest.save(),
            "fellows": self._fellows.save(),
            "unread": [[one.scope, one.severity.value] for one in self._unread],
            "spoiled": self._spoiled,
        }
        return json.dumps(state).encode()

    def restore(self, saved: bytes) -> None:
        """Go on from a snapshot; raises OtherSnapshot for one this version does not know."""
        state = json.loads(saved)
        if state.get("form") != SNAPSHOT:
            raise OtherSnapshot(f"The snapshot has form {state.get('form')}, this version reads form {SNAPSHOT}.")
        self.now = -np.inf if state["now"] is None else state["now"]
        self._remember(Memory.restore({name: base64.b64decode(data) for name, data in state["memory"].items()}))
        self._grades = Grades(state["grades"])
        self._judge_cycles = self._cycle_judge(state.get("cycles"))
        self._book.load(state["book"], self.now)
        self._newest = Newest(state["newest"])
        self._fellows.load(state.get("fellows", {}))
        self._unread = [Unread(scope=scope, severity=Severity(word)) for scope, word in state.get("unread", [])]
        self._spoiled = state["spoiled"]

    def adopt(self, alerts: Iterable[Alert]) -> None:
        """Take over alerts that an earlier watch left, so that they keep their ids and can end."""
        kinds = {*REGISTRY, *SILENCES, DETECTOR_FAILED, RECORDING}
        known = [alert for alert in alerts if alert.kind in kinds]
        newest_last = sorted(known, key=lambda alert: (alert.closed_at or alert.opened_at, alert.id))
        self._book.load([alert.to_json() for alert in newest_last])
        for alert in [alert for alert in known if alert.burning and not alert.members]:
            place = self._memory.places(alert.channels)
            if alert.kind in CYCLE_KINDS:
                self._judge_cycles.adopt(alert.kind, alert.severity.rank, alert.scope, alert.channels, alert.test)
            elif alert.kind == ChannelSilent.kind:
                self._memory.array("silence.silent", 0.0)[place] = 1.0
            elif alert.kind == Unparseable.kind:
                self._unread.append(Unread(scope=alert.scope, severity=alert.severity))
            elif not self._fellows.adopt(alert) and len(place) == 1:
                self._memory.array(f"judge.{alert.kind}.rank", 0.0)[place] = alert.severity.rank
                self._memory.test[int(place[0])] = alert.test

    def _cycle_judge(self, saved: Mapping[str, Any] | None = None) -> CycleJudge:
        return CycleJudge(self._cycle, self.facts.get, lambda channel: self.topology.place(channel).cycler, saved)

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        self._silence = Silence(memory, self.topology, self._channel, self._cycler)
        self._fellows = Fellows(memory, self.topology, self.facts, self._settings)

    def _timers(self, place: Ints, clock: Floats) -> list[float]:
        """Clocks at which some channel will have been quiet for the shortest silence there is."""
        wait = self._silence.shortest_of(len(self._memory.index))
        by_channel = np.argsort(place, kind="stable")
        channel, at = place[by_channel], clock[by_channel]
        starts = np.append(True, np.diff(channel) != 0)
        before = np.append(np.nan, at[:-1])
        before[starts] = self._memory.array("silence.last", np.nan)[channel[starts]]
        absent = np.setdiff1d(np.arange(len(self._memory.index)), channel)
        held = self._memory.array("silence.last", np.nan)[absent]
        ends = np.append(np.diff(channel) != 0, True)
        long = at - before > wait[channel]
        back = at[long] + LEFT_BEHIND_SECONDS  # by then all of its cycler should be
        due = np.concatenate(
            [before[long] + wait[channel[long]], back, at[ends] + wait[channel[ends]], held + wait[absent]]
        )
        timers: list[float] = np.unique(due[(due >= self.now) & (due < clock[-1])]).tolist()
        heapq.heapify(timers)
        return timers

    def _tick(self, now: float) -> float:
        """Fire what is due; returns when the next timer that is counting down is due."""
        self.now = max(self.now, now)
        found, upcoming = self._silence.tick(self.now, self.heard_since, self.heard_cyclers)
        if found:
            self._book.watched(self._memory.channels)
        for silenced in found:
            self._book.silence(silenced, self._newest.test)
        for finding in self._fellows.look(self.now):
            self._book.find(finding, self.now)
        self._book.tick(self.now)
        return upcoming

    def _pass(self, batch: Batch, place: Ints, clock: Floats) -> list[Cycle]:
        """Fold rows between two timers; where a channel changes its test, in one turn per test."""
        order = np.argsort(place, kind="stable")
        batch, place, clock = batch.take(order), place[order], clock[order]
        back = self._silence.arrived(place, clock)
        events: list[Event] = []
        for row in np.searchsorted(place, back).tolist():
            returned = self._newest.back(batch, row, float(clock[row]), self.topology.time_factor)
            events.append((float(clock[row]), returned))
        runs = runs_of(place)
        new = in_order(self._memory, runs, place[runs.starts], batch)
        batch, place, clock = batch.take(new), place[new], clock[new]
        known: list[Known] = []
        while len(batch):
            tests = batch.texts("test")
            by_test = runs_of(place, tests)
            first_of_channel = np.append(True, np.diff(place[by_test.starts]) != 0)
            turn_rows = first_of_channel[by_test.of_row]
            known += self._turn(batch.take(turn_rows), place[turn_rows], clock[turn_rows], events)
            batch, place, clock = batch.take(~turn_rows), place[~turn_rows], clock[~turn_rows]
        self._note([*events, *self._judge_cycles.judge(known)])
        return list({(cycle.test, cycle.cycle_count): cycle for one in known for cycle in one.cycles}.values())

    def _note(self, events: list[Event]) -> None:
        """What a pass brought goes into the book in the order of the clock, and what time does in between."""
        if events:
            self._book.watched(self._memory.channels)
        for clock, event in sorted(events, key=lambda event: event[0]):
            self._book.tick(math.nextafter(clock, -math.inf))
            if isinstance(event, Return):
                self._book.resumed(event)
            else:
                self._book.find(event, clock)

    def _turn(self, batch: Batch, place: Ints, clock: Floats, events: list[Event]) -> list[Known]:
        runs = runs_of(place)
        names = batch.texts("channel")[runs.starts].tolist()
        tests = [test or f"{name}-001" for test, name in zip(batch.texts("test")[runs.starts], names, strict=True)]
        turn = Turn(self._memory, runs, names, tests)
        changed = [
            run
            for run, (before, goes_on) in enumerate(zip(turn.before, turn.continues, strict=True))
            if before is not None and not goes_on
        ]
        known: list[Known] = []
        for run in changed:
            row, before = int(runs.starts[run]), turn.before[run] or ""
            raw = unfinished_cycle(self._memory, names[run])
            known += self._graded([raw] if raw else [], [(float(clock[row]), int(turn.place[run]), -2)])
            at = float(batch.numbers("unix_time_second")[row])
            order = (float(clock[row]), int(turn.place[run]), -1)
            known.append(Known(order=order, at=at, channel=names[run], test=before))
        limits = limits_of(self.topology, self.facts.get, names, tests, runs.of_row, batch.numbers("unix_time_second"))
        sight = sight_of(turn, batch, limits, self.topology.time_factor)
        found = judge(turn, sight, self._reading)
        for finding in sorted(found, key=lambda f: (clock[f.row], f.row, f.what != ENDS, f.kind)):
            events.append((float(clock[finding.row]), finding))
            self._spoil(finding)
        self._fellows.see(turn, sight, clock)
        raws = finished_cycles(turn, sight)
        finished = sight.rows.finished[runs.ends]
        self._newest.note(turn, sight, batch, clock)
        turn.close()
        ended = self._memory.array("silence.ended", 0.0)
        newly = finished & (ended[turn.place] == 0)
        ended[turn.place] = finished
        known += self._graded(raws, [(float(clock[raw.row]), int(place[raw.row]), raw.cycle_count) for raw in raws])
        for run in np.flatnonzero(newly).tolist():
            rows = slice(int(runs.starts[run]), int(runs.ends[run]) + 1)
            row = rows.start + int(np.argmax(sight.rows.finished[rows]))
            raw = unfinished_cycle(self._memory, names[run])
            if raw:
                at_end = replace(raw, end=float(sight.rows.unix[row]))
                known += self._graded([at_end], [(float(clock[row]), int(turn.place[run]), raw.cycle_count)])
        self._moved.update(names)
        return known

    def _graded(self, raws: Sequence[RawCycle], orders: Sequence[tuple[float, int, int]]) -> list[Known]:
        """Cycles that are over, each with those that it changed, graded one after the other."""
        known = []
        for raw, order in zip(raws, orders, strict=False):
            told = self._grades.grade([raw], self.facts.get, self._faulty)
            unsure = raw.sums["charging_unsure"], raw.sums["discharging_unsure"]
            one = Known(order=order, at=raw.end, channel=raw.channel, test=raw.test, cycles=tuple(told), unsure=unsure)
            known.append(one)
        return known

    def _ended(self, channels: Iterable[str]) -> list[Cycle]:
        raws = [unfinished_cycle(self._memory, channel) for channel in channels]
        return self._grades.grade([raw for raw in raws if raw], self.facts.get, self._faulty)

    def _spoil(self, finding: Finding) -> None:
        if finding.kind not in SPOILING:
            return
        spans = self._spoiled.setdefault(finding.channel, [])
        if finding.what == BEGINS:
            spans.append([finding.at, float("inf")])
        elif finding.what == ENDS and spans and spans[-1][1] == float("inf"):
            spans[-1][1] = finding.at
        del spans[:-8]

    def _faulty(self, raw: RawCycle) -> bool:
        return any(begin <= raw.end and end >= raw.start for begin, end in self._spoiled.get(raw.channel, []))
