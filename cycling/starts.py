"""Who was put in and never started? A channel with a test of its own and no current yet, beside fellows that run:
those of its batch, or where it has none, of its cycler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cycling.detectors.base import Words
from cycling.detectors.never_started import NeverStarted
from cycling.judge import BEGINS, ENDS, WORSENS, Finding
from cycling.median import median_of
from cycling.memory import Memory, Turn
from cycling.rows import Floats
from cycling.topology import TestFacts, Topology
from cycling.types import Severity

AGAIN = 3600.0  # s until what is idle, or told, is looked at again …
SELDOM = 21_600.0  # … and what was never heard: every look cuts a replay in two
STILL_HEARD = 7200.0  # s; a fellow that has not been heard for longer says nothing of now


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A channel as it stands: hours of readings (None: never heard), and its largest current in A."""

    channel: str
    test: str
    batch: str | None
    cycler: str
    nominal: float
    seconds: float
    ampere: float
    heard: bool
    recent: bool
    unix: float


class Starts:
    """Which channels were told as never started."""

    def __init__(
        self, memory: Memory, topology: Topology, facts: Mapping[str, TestFacts], limits: NeverStarted
    ) -> None:
        self.memory, self.topology, self.facts, self.limits = memory, topology, facts, limits
        self._open: dict[str, list[Any]] = {}  # channel -> [test, rank]
        self._due = np.inf  # s of arrival
        self._begun = False

    def expect(self, clock: float) -> None:
        """Rows are about to come from this time of arrival on."""
        if not self._begun and self.limits.enabled:
            self._begun, self._due = True, clock + self._scaled(self.limits.delay_seconds) + 0.5

    def see(self, turn: Turn, clock: Floats) -> None:
        """A test that begins is looked at once it should have current."""
        if self.limits.enabled and not turn.continues.all():
            began = clock[turn.runs.starts[~turn.continues]]
            self._due = min(self._due, float(began.min()) + self._scaled(self.limits.delay_seconds) + 0.5)

    def due(self) -> float:
        return self._due

    def look(self, now: float) -> list[Finding]:
        """Judge every channel that has a test, and end what is over."""
        if now < self._due:
            return []
        standings = list(self._standings(now))
        idle: dict[str, tuple[Standing, list[Standing]]] = {}
        groups: dict[str, list[Standing]] = {}
        for one in standings:
            groups.setdefault(_group(one), []).append(one)
        for members in groups.values():
            running = [one for one in members if one.recent and self._ran(one, members)]
            for one in members:
                fellows = [other for other in members if other is not one and other.heard]
                enough = len(running) >= max(1.0, self.limits.running_fraction * len(fellows))
                if enough and not self._ran(one, running) and (one.recent or not one.heard):
                    idle[one.channel] = one, running
        found = [*self._ended(standings), *self._told(idle)]
        self._due = self._next(standings, idle, now)
        return found

    def adopt(self, channel: str, test: str, rank: int) -> None:
        """One that an earlier watch left open."""
        self._open[channel] = [test, rank]

    def save(self) -> dict[str, Any]:
        return {"open": self._open, "due": None if self._due == np.inf else self._due, "begun": self._begun}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._open = dict(saved.get("open", {}))
        self._due = np.inf if saved.get("due") is None else saved["due"]
        self._begun = bool(saved.get("begun", False))

    def _next(self, standings: list[Standing], idle: Mapping[str, object], now: float) -> float:
        """When to look again: soon while something is idle or told, else when the youngest test is old enough."""
        delay = self.limits.delay_seconds
        young = [delay - one.seconds for one in standings if one.heard and one.seconds < delay and one.recent]
        waits = [max(min(young), 60.0)] if young else []
        heard = {one.channel for one in standings if one.heard}
        if heard & (idle.keys() | self._open.keys()) or any(one.ampere == 0.0 and one.recent for one in standings):
            waits.append(AGAIN)
        elif len(heard) < len(standings):
            waits.append(SELDOM)
        return now + self._scaled(min(waits)) if waits else np.inf

    def _scaled(self, seconds: float) -> float:
        """Seconds of data time as seconds of arrival."""
        return seconds / self.topology.time_factor

    def _standings(self, now: float) -> Iterator[Standing]:
        """Every channel with a test that somebody told something of."""
        of_channel = {fact.channel: fact for fact in self.facts.values() if fact.channel}
        scale, elapsed = self.memory.array("scale", 0.0), self.memory.array("elapsed", 0.0)
        last, unix = self.memory.array("silence.last", np.nan), self.memory.array("unix", np.nan)
        for channel, place in self.memory.index.items():
            fact = self.facts.get(self.memory.test[place] or "")
            if fact is None or not (fact.channel or fact.batch or fact.cell):
                continue
            yield self._standing(
                channel,
                fact,
                seconds=float(elapsed[place]),
                ampere=float(scale[place]),
                heard=True,
                recent=bool(now - last[place] <= STILL_HEARD),
                unix=float(unix[place]),
            )
        for channel, fact in of_channel.items():
            if channel not in self.memory.index and channel in self.topology.places:
                yield self._standing(channel, fact, seconds=0.0, ampere=0.0, heard=False, recent=False, unix=now)

    def _standing(self, channel: str, fact: TestFacts, **known: Any) -> Standing:
        nominal = np.nan if fact.nominal_capacity_ah is None else fact.nominal_capacity_ah
        place = self.topology.place(channel)
        return Standing(
            channel=channel, test=fact.test, batch=fact.batch, cycler=place.cycler, nominal=nominal, **known
        )

    def _ran(self, one: Standing, fellows: list[Standing]) -> bool:
        """Whether current ever flowed; without a capacity, against what its fellows have."""
        usual = float(median_of([other.ampere for other in fellows])) if fellows else 0.0
        least = self.limits.least_fraction * (usual if np.isnan(one.nominal) else one.nominal)
        return one.ampere > max(least, 1e-9)

    def _told(self, idle: Mapping[str, tuple[Standing, list[Standing]]]) -> Iterator[Finding]:
        for channel, (one, running) in idle.items():
            waited = one.seconds if one.heard else max(fellow.seconds for fellow in running)
            rank = 2 if one.heard and waited >= self.limits.escalate_seconds else 3
            known = self._open.get(channel)
            if waited < self.limits.delay_seconds or (known and known[1] <= rank):
                continue
            self._open[channel] = [one.test, rank]
            words = _words(one, waited, len(running))
            # As it was due by the data's time, whenever somebody looks.
            over = waited - (self.limits.escalate_seconds if rank == 2 else self.limits.delay_seconds)
            newest = one.unix if one.heard else max(fellow.unix for fellow in running)
            at = round(newest - self._scaled(over), 3)
            yield self._finding(WORSENS if known else BEGINS, at, channel, one.test, rank, words)

    def _ended(self, standings: list[Standing]) -> Iterator[Finding]:
        """Over when current flowed, or another test is on the channel."""
        by_channel = {one.channel: one for one in standings}
        for channel, (test, rank) in list(self._open.items()):
            one = by_channel.get(channel)
            fellows = [other for other in standings if one and _group(other) == _group(one)]
            if one is None or one.test != test or self._ran(one, fellows):
                del self._open[channel]
                yield self._finding(ENDS, one.unix if one else 0.0, channel, test, rank, None)

    def _finding(self, what: str, at: float, channel: str, test: str, rank: int, words: Words | None) -> Finding:
        severity = Severity.P2 if rank == 2 else Severity.P3
        return Finding(
            at=at, what=what, kind=self.limits.kind, severity=severity, channel=channel, test=test, words=words
        )


def _group(one: Standing) -> str:
    return f"batch:{one.batch}" if one.batch else f"cycler:{one.cycler}"


def _words(one: Standing, waited: float, running: int) -> Words:
    said = (
        f"no current in {waited / 3600:.1f} h of readings"
        if one.heard
        else f"no reading at all, {waited / 3600:.1f} h after the first of its fellows"
    )
    where = f"batch {one.batch}" if one.batch else f"cycler {one.cycler}"
    return Words(
        message=f"Never started: {said}, while {running} others of {where} run.",
        action="Start the test on the cycler, or look for its alarm there.",
        evidence={"waited_second": waited, "fellows_running": running, "largest_ampere": one.ampere},
    )
