"""From finished cycles to findings: every new cycle is judged once, in the order in which cycles became known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cycling.detectors.base import CycleDetector, Verdict
from cycling.histories import Histories, Record
from cycling.history import KINDS
from cycling.judge import BEGINS, ENDS, SEVERITIES, WORSENS, Finding, failure
from cycling.topology import TestFacts
from cycling.types import Cycle


@dataclass(frozen=True, kw_only=True)
class Known:
    """What became known at one row of one channel: a cycle is over (told with those that it changed), or, without
    cycles, the whole test is. Sorted by ``order`` they stand as they would however the rows were cut. ``unsure`` are
    the Ah by which charge and discharge of the newest of the cycles may be wrong (0 where the cycler counts them)."""

    order: tuple[float, int, int]  # clock, place of the channel, which of several there
    at: float  # UTC seconds
    channel: str
    test: str
    cycles: tuple[Cycle, ...] = ()
    unsure: tuple[float, float] = (0.0, 0.0)


@dataclass
class _Wide:
    """An open alert about several channels: how severe, and whose."""

    rank: int
    channels: tuple[str, ...]


class CycleJudge:
    """Histories of all tests and what is open of them."""

    def __init__(
        self,
        detectors: Sequence[CycleDetector],
        facts_of: Callable[[str], TestFacts | None],
        cycler_of: Callable[[str], str],
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self._detectors, self._facts_of, self._cycler_of = detectors, facts_of, cycler_of
        kept = saved or {"tests": {}, "wide": {}}
        self._histories = Histories(kept["tests"])
        self._histories.refresh(facts_of, cycler_of)
        self._wide = {key: _Wide(open_["rank"], tuple(open_["channels"])) for key, open_ in kept["wide"].items()}

    def save(self) -> dict[str, Any]:
        wide = {key: {"rank": open_.rank, "channels": list(open_.channels)} for key, open_ in self._wide.items()}
        return {"tests": self._histories.save(), "wide": wide}

    def adopt(self, kind: str, rank: int, scope: str, channels: Sequence[str], test: str | None) -> None:
        """Take over an open alert that an earlier watch left."""
        if not scope.startswith("channel:"):
            self._wide[f"{kind}|{scope}"] = _Wide(rank, tuple(channels))
        elif test is not None:
            self._histories.of(test, channels[0]).open[kind] = rank

    def judge(self, known: Iterable[Known]) -> list[tuple[float, Finding]]:
        """Findings of all that became known since the last call, each with the watch's clock then."""
        found: list[tuple[float, Finding]] = []
        for one in sorted(known, key=lambda one: one.order):
            found += [(one.order[0], finding) for finding in (self._finished(one) if one.cycles else self._over(one))]
        return found

    def _finished(self, known: Known) -> list[Finding]:
        newest = max(known.cycles, key=lambda cycle: cycle.cycle_count)
        for cycle in known.cycles:
            facts = self._facts_of(cycle.test) or TestFacts(test=cycle.test)
            unsure = known.unsure if cycle is newest else (0.0, 0.0)
            self._histories.add(cycle, facts, self._cycler_of(cycle.channel), unsure)
        record = self._histories.of(newest.test, newest.channel)
        if newest.cycle_count <= record.judged or newest.kind not in KINDS or record.view is None:
            return []
        record.judged = newest.cycle_count
        peers = self._histories.peers(newest.test)
        found: list[Finding] = []
        for detector in self._detectors:
            try:
                verdict = detector.check(record.view, peers)
                finding = self._finding(detector, verdict, record, known)
            except Exception as error:  # noqa: BLE001 - the guard: one broken detector must not blind the others
                finding = failure(detector.kind, error, at=known.at, channel=known.channel, test=known.test)
            found += [finding] if finding else []
        return found

    def _finding(self, detector: CycleDetector, verdict: Verdict, record: Record, known: Known) -> Finding | None:
        rank = verdict.rank or detector.severity.rank
        key = f"{detector.kind}|{verdict.scope}"
        if verdict.scope is None:
            was = record.open.get(detector.kind, 0)
            what = _turn(verdict, was, rank, wider=False)
            _set(record.open, detector.kind, what, rank)
        else:
            open_ = self._wide.get(key, _Wide(0, ()))
            was = open_.rank
            channels = tuple(sorted({*open_.channels, *verdict.channels}))
            what = _turn(verdict, was, rank, wider=channels != open_.channels)
            rank = min(rank, was or rank)
            _set(self._wide, key, what, _Wide(rank, channels))
        if what is None:
            return None
        rank = was if what == ENDS else rank
        return Finding(
            at=known.at,
            what=what,
            kind=detector.kind,
            severity=SEVERITIES[rank],
            channel=known.channel,
            test=known.test,
            words=None if what == ENDS else verdict.words,
            scope=verdict.scope,
            channels=channels if verdict.scope else (),
        )

    def _over(self, known: Known) -> list[Finding]:
        """Where a new test begins on a channel, what was open of the one before is over."""
        record = self._histories.known(known.test)
        if record is None:
            return []
        kinds, record.open = list(record.open.items()), {}
        return [
            Finding(
                at=known.at, what=ENDS, kind=kind, severity=SEVERITIES[rank], channel=known.channel, test=known.test
            )
            for kind, rank in kinds
        ]


def _turn(verdict: Verdict, rank_open: int, rank: int, wider: bool) -> str | None:
    """Does it begin, worsen or end? ``rank_open`` is 0 while nothing is open."""
    if verdict.on and not rank_open:
        return BEGINS
    if verdict.on and (rank < rank_open or wider):
        return WORSENS
    return ENDS if verdict.off and rank_open else None


def _set(open_: dict[str, Any], key: str, what: str | None, value: Any) -> None:
    if what == ENDS:
        del open_[key]
    elif what is not None:
        open_[key] = value
