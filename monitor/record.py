"""record: moves what came in from Redis to the archive, exactly once, and lets Redis forget it after an hour.

It has no memory of its own. Where a stream stands is written in the table by the same commit as the rows, so
this process may be killed at any moment, started twice, or find its stores away; it goes on where the table is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cycling.types import Rejection
from data_access.archive import Part
from data_access.codec import decode_table
from data_access.errors import Fenced, Gap, StoreAway
from data_access.lab import Lab
from data_access.streams import Entry

FLUSH_SECONDS = 60.0  # readers join what is not committed yet; every commit is a file more
MOST_ROWS = 250_000  # of one commit
BEAT_SECONDS = 1.0
LONGEST_PAUSE = 15.0  # between two tries while a store is away
TIDY_SECONDS = 600.0
OUTPUTS_KEPT = 200  # entries of an output stream that stay after their commit, for readers in between
MEMORY_SHARE = 0.6  # of Redis: above it, what the watcher has not read yet no longer holds up trimming

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """What one flush moved."""

    rows: int = 0
    commits: int = 0
    gaps: tuple[Gap, ...] = ()
    full: bool = False  # there is more than one commit takes


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What this process has done so far, as its heartbeat tells it."""

    rows: int = 0
    commits: int = 0
    last_commit_at: float | None = None
    gaps: tuple[str, ...] = ()
    error: str | None = None
    failures: int = 0  # in a row
    positions: Mapping[str, int] = field(default_factory=dict)  # in the archive, after the last round
    tidied_at: float = 0.0


def run(lab: Lab, stop: threading.Event, clock: Callable[[], float], *, flush_seconds: float = FLUSH_SECONDS) -> None:
    """Records until told to stop; what has come in by then is committed before it returns."""
    progress, due = Progress(), clock()
    while not stop.is_set():
        if clock() >= due:
            progress, full = step(lab, progress, clock())
            pause = 0.0 if full else flush_seconds
            if progress.failures:
                pause = min(2.0 ** (progress.failures - 1), LONGEST_PAUSE)
            due = clock() + pause
        beat(lab, progress, clock())
        stop.wait(max(min(BEAT_SECONDS, due - clock()), 0.0))
    full = True
    while full:
        progress, full = step(lab, progress, clock())
    beat(lab, progress, clock())


def step(lab: Lab, progress: Progress, now: float) -> tuple[Progress, bool]:
    """One round: flush, trim, and now and then tidy. Says what is known then, and whether more is waiting.

    A store that is away is no reason to die: nothing is lost meanwhile, and the heartbeat says what is wrong.
    """
    try:
        if progress.tidied_at == 0.0:
            give_back(lab)
        flushed = flush(lab, now)
        positions = trim(lab, now)
        if now - progress.tidied_at > TIDY_SECONDS:
            lab.live.forget_alerts(now)
            lab.live.forget_notices(now)
            progress = replace(progress, tidied_at=now)
    except Fenced as fenced:
        log.warning("Another recorder works on the same archive: %s", fenced)
        return replace(progress, error=str(fenced), failures=0), False
    except StoreAway as away:
        if str(away) != progress.error:
            log.error("%s", away)
        return replace(progress, error=str(away), failures=progress.failures + 1), False
    if progress.error:
        log.warning("The stores answer again.")
    progress = replace(
        progress,
        rows=progress.rows + flushed.rows,
        commits=progress.commits + flushed.commits,
        last_commit_at=now if flushed.commits else progress.last_commit_at,
        gaps=(*progress.gaps, *(str(gap) for gap in flushed.gaps))[-20:],
        positions=positions,
        error=None,
        failures=0,
    )
    return progress, flushed.full


def flush(lab: Lab, now: float, most_rows: int = MOST_ROWS) -> Flushed:
    """Moves readings in one commit, then cycles, alerts and the journal in one each."""
    parts: list[Part] = []
    gaps: list[Gap] = []
    rows = 0
    for cycler, position in lab.archive.positions(lab.topology.cycler_ids).items():
        found: list[Entry] = []
        expected = position + 1
        for entry in lab.live.entries_after(cycler, position):
            if entry.n != expected:
                gaps.append(_gap(lab, Gap(cycler, expected, entry.n), now))
            expected = entry.n + 1
            found.append(entry)
            rows += entry.rows
            if rows >= most_rows:
                break
        if found:
            tables = [decode_table(entry.payload) for entry in found]
            parts.append(Part(cycler=cycler, after=position, upto=found[-1].n, readings=tables))
        if rows >= most_rows:
            break
    if parts:
        lab.archive.append_readings(parts)
    commits = bool(parts) + sum(_move(lab, table) for table in ("cycles", "alerts", "tests", "journal"))
    return Flushed(rows=rows, commits=commits, gaps=tuple(gaps), full=rows >= most_rows)


def trim(lab: Lab, now: float) -> dict[str, int]:
    """Lets Redis forget what is archived, an hour old and read by the watcher; says where the archive stands.

    A watcher that stands still holds up trimming only while Redis has room.
    """
    health = lab.live.ping()
    watched: dict[str, Any] = lab.live.watch_positions()
    roomy = not health.max_memory or health.used_memory < MEMORY_SHARE * health.max_memory
    positions = lab.archive.positions(lab.topology.cycler_ids)
    for cycler, position in positions.items():
        upto = min(position, int(watched.get(cycler, position))) if roomy else position
        if upto:
            lab.live.trim(cycler, upto, now)
    for table in ("cycles", "alerts"):
        done = lab.archive.output_position(table) - OUTPUTS_KEPT
        if done > 0:
            lab.live.trim_outputs(table, done)
    return positions


def give_back(lab: Lab) -> None:
    """What an emptied Redis has forgotten and the archive still knows."""
    lab.tests.give_back(lab.archive.rows("tests"))
    lab.live.give_back_alerts(alert for alert in lab.archive.alerts() if alert.open)


def beat(lab: Lab, progress: Progress, now: float) -> None:
    """Says how recording stands; without Redis there is nobody to say it to."""
    try:
        lag = _lag(lab, progress.positions)
        lab.live.beat(
            "record",
            {
                "rows": progress.rows,
                "commits": progress.commits,
                "last_commit_at": progress.last_commit_at,
                "lag_entries": lag,
                "gaps": list(progress.gaps),
                "error": progress.error,
            },
            now,
        )
    except StoreAway as away:
        log.debug("No heartbeat: %s", away)


def _lag(lab: Lab, positions: Mapping[str, int]) -> int | None:
    """How many entries are not archived yet; unknown until the archive has answered once."""
    if not positions:
        return None
    lasts = lab.live.lasts(lab.topology.cycler_ids)
    return sum(max(last - positions[cycler], 0) for cycler, last in lasts.items())


def _move(lab: Lab, table: str) -> int:
    """Commits what is new for one of the small tables; says how many commits that took."""
    stream = "journal" if table in ("tests", "journal") else table
    position = lab.archive.output_position(table, stream)
    if stream == "journal":
        found = [(n, [{**entry, "id": n}]) for n, entry in lab.journal.since(position, most=5000)]
    else:
        found = lab.live.outputs_after(table, position)
    if not found:
        return 0
    upto, rows = found[-1][0], [row for _, some in found for row in some]
    match table:
        case "cycles":
            lab.archive.merge_cycles(rows, position, upto)
        case "alerts":
            lab.archive.merge_alerts(rows, position, upto)
        case "journal":
            lab.archive.append_journal([_split(row) for row in rows], position, upto)
        case "tests":
            lab.archive.merge_tests(list(_stated(lab, rows)), position, upto)
    return 1


def _split(entry: dict[str, Any]) -> dict[str, Any]:
    """A journal entry as a row: what every entry has, and the rest as data."""
    common = {name: entry[name] for name in ("id", "at", "kind", "who")}
    return {**common, "data": {name: value for name, value in entry.items() if name not in common}}


def _stated(lab: Lab, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The metadata, as it is now, of every test the entries speak of."""
    for test in dict.fromkeys(entry["test"] for entry in entries if entry["kind"] == "test"):
        if facts := lab.tests.get(test):
            columns = lab.archive.columns("tests")
            extra = {name: value for name, value in facts.items() if name not in columns}
            yield {**{name: value for name, value in facts.items() if name in columns}, "extra": extra}


def _gap(lab: Lab, gap: Gap, now: float) -> Gap:
    """A hole in a stream is told where people look, and recording goes on behind it."""
    log.error("%s", gap)
    column, value = f"rd:{{{gap.cycler}}}", f"{gap.expected}…{gap.found - 1}"
    lab.live.quarantine("record", now, [Rejection(index=0, column=column, value=value, reason=str(gap))])
    return gap
