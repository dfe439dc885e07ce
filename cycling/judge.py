"""From row-by-row conditions to findings: how long must a condition hold, and when is it over?

For each detector and channel: it begins once ``on`` held for enough readings and seconds, and ends once ``off``
held for enough readings. What happens between is carried in the memory, so cuts into batches do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from cycling.detectors.base import Check, ReadingDetector, Words
from cycling.detectors.detector_failed import KIND as DETECTOR_FAILED
from cycling.memory import Turn
from cycling.rows import Bools, Floats
from cycling.sight import Sight
from cycling.types import Severity

BEGINS, WORSENS, ENDS = "begins", "worsens", "ends"
SEVERITIES = {severity.rank: severity for severity in Severity}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one detector found on one channel at one row, or at the end of a cycle (row -1).

    ``scope`` and ``channels`` are given where it is about more than this channel: one alert of that scope, which a
    later finding of the same scope may widen to more channels (worsens with the same severity)."""

    at: float  # UTC seconds of the reading
    what: str  # begins | worsens | ends
    kind: str
    severity: Severity
    channel: str
    test: str
    words: Words | None = None
    scope: str | None = None  # wider than the channel, where it is
    channels: tuple[str, ...] = ()  # all that it is about; empty: the channel
    row: int = field(default=-1, compare=False)


def judge(turn: Turn, sight: Sight, detectors: Sequence[ReadingDetector]) -> list[Finding]:
    """All findings of one pass, in order of rows within a channel. A detector that crashes is a finding itself;
    the others go on."""
    found: list[Finding] = []
    for detector in detectors:
        try:
            check = detector.check(sight)
            found += _findings(turn, sight, detector, check)
        except Exception as error:  # noqa: BLE001 - the guard: one broken detector must not blind the others
            found += _failed(sight, detector, error)
    found += _ended_tests(turn, sight, detectors)
    return found


def _findings(turn: Turn, sight: Sight, detector: ReadingDetector, check: Check) -> list[Finding]:
    runs, name = turn.runs, f"judge.{detector.kind}"
    held = runs.count(check.on, turn.carry(f"{name}.on", 0.0))
    count = held
    if check.counted is not None:
        count = runs.tally(check.on, check.counted, turn.carry(f"{name}.counted", 0.0))
        turn.keep(f"{name}.counted", count)
    began = runs.last_where(check.on & (held == 1), sight.rows.elapsed, turn.carry(f"{name}.since", np.nan))
    quiet = runs.count(check.off, turn.carry(f"{name}.off", 0.0))
    turn.keep(f"{name}.on", held)
    turn.keep(f"{name}.since", began)
    turn.keep(f"{name}.off", quiet)
    rank = turn.carry(f"{name}.rank", 0.0)  # 0 while closed, else the rank of the open finding's severity
    if not (rank.any() or check.on.any()):
        turn.keep_runs(f"{name}.rank", rank)
        return []
    fires = (count >= detector.samples) & (sight.rows.elapsed - began >= detector.delay_seconds) & check.on
    clears = quiet >= detector.clear_samples
    ranks = np.full(runs.length, float(detector.severity.rank)) if check.rank is None else check.rank
    found = []
    open_rank = rank[runs.of_row]
    matters = (fires & ((open_rank == 0) | (ranks < open_rank))) | (clears & (open_rank > 0))
    for run in np.unique(runs.of_row[matters]).tolist() if matters.any() else ():
        rows = slice(int(runs.starts[run]), int(runs.ends[run]) + 1)
        for row, what, severity in _walk(fires[rows], clears[rows], ranks[rows], rank, run):
            found.append(_finding(sight, detector, run, rows.start + row, what, severity))
    turn.keep_runs(f"{name}.rank", rank)
    return found


def _walk(fires: Bools, clears: Bools, ranks: Floats, rank: Floats, run: int) -> Iterator[tuple[int, str, Severity]]:
    """The turns of one run: where it begins, worsens and ends. ``rank`` holds, per run, what stands open."""
    for row in np.flatnonzero(fires | clears).tolist():
        if fires[row] and rank[run] == 0:
            rank[run] = ranks[row]
            yield row, BEGINS, SEVERITIES[int(ranks[row])]
        elif clears[row] and rank[run] > 0:
            rank[run] = 0
            yield row, ENDS, SEVERITIES[int(ranks[row])]
        elif fires[row] and ranks[row] < rank[run]:
            rank[run] = ranks[row]
            yield row, WORSENS, SEVERITIES[int(ranks[row])]


def _finding(sight: Sight, detector: ReadingDetector, run: int, row: int, what: str, severity: Severity) -> Finding:
    return Finding(
        at=float(sight.rows.unix[row]),
        what=what,
        kind=detector.kind,
        severity=severity,
        channel=sight.rows.channel[run],
        test=sight.rows.test[run],
        words=None if what == ENDS else detector.words(sight, row),
        row=row,
    )


def _failed(sight: Sight, detector: ReadingDetector, error: Exception) -> list[Finding]:
    runs, rows = sight.rows.runs, sight.rows
    return [
        failure(detector.kind, error, at=float(rows.unix[start]), channel=channel, test=test, row=int(start))
        for start, channel, test in zip(runs.starts, rows.channel, rows.test, strict=True)
    ]


def failure(kind: str, error: Exception, *, at: float, channel: str, test: str, row: int = -1) -> Finding:
    """A detector that crashed, as a finding."""
    reason = f"{type(error).__name__}: {error}"
    words = Words(
        message=f"The detector {kind} failed on this channel ({reason}); it does not watch it now.",
        action="Tell whoever maintains Cellwatch; the other detectors go on.",
        evidence={"detector": kind, "error": reason},
    )
    return Finding(
        at=at,
        what=BEGINS,
        kind=DETECTOR_FAILED,
        severity=Severity.P3,
        channel=channel,
        test=test,
        words=words,
        row=row,
    )


def _ended_tests(turn: Turn, sight: Sight, detectors: Sequence[ReadingDetector]) -> list[Finding]:
    """Where a new test begins on a channel, what was open of the one before is over."""
    found: list[Finding] = []
    kinds = [*((detector.kind, detector.severity) for detector in detectors), (DETECTOR_FAILED, Severity.P3)]
    for run, (channel, before) in enumerate(zip(turn.channels, turn.before, strict=True)):
        if before is None or turn.continues[run]:
            continue
        row = int(turn.runs.starts[run])
        found += [
            Finding(
                at=float(sight.rows.unix[row]),
                what=ENDS,
                kind=kind,
                severity=severity,
                channel=channel,
                test=before,
                row=row,
            )
            for kind, severity in kinds
        ]
    return found
