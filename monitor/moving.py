"""Moving: one round of recording, from Redis to the archive, and what Redis may forget after it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cycling.types import Rejection
from data_access.archive import Part, Prepared
from data_access.codec import decode_tables
from data_access.errors import Gap, StoreAway
from data_access.lab import Lab
from data_access.streams import Entry

MOST_ROWS = 250_000  # of one commit
MOST_SECONDS = 4.0  # of one flush, so that the heartbeat and the trimming have their turn
OUTPUTS_KEPT = 200  # entries of an output stream that stay after their commit, for readers in between
MEMORY_SHARE = 0.6  # of Redis: above it, what the watcher has not read yet no longer holds up trimming

log = logging.getLogger("monitor.record")


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """What one flush moved."""

    rows: int = 0
    commits: int = 0
    gaps: tuple[Gap, ...] = ()
    full: bool = False  # there is more than one commit takes
    away: tuple[str, ...] = ()  # why some of it could not be read: a node of a cluster is away


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What one commit brings, read and ready to be written."""

    prepared: Prepared
    positions: Mapping[str, int]  # of every cycler, once it is committed
    rows: int
    gaps: tuple[Gap, ...]
    full: bool  # there is more than one commit takes


def flush(
    lab: Lab,
    now: float,
    most_rows: int = MOST_ROWS,
    *,
    most_seconds: float = MOST_SECONDS,
    cyclers: Sequence[str] | None = None,
    outputs: bool = True,
) -> Flushed:
    """Moves readings of some cyclers, else of all, for a few seconds at most; then, with ``outputs``, cycles, alerts
    and the journal in one each. Where a node of a cluster is away, what the others have is moved.

    Who has to catch up reads the next rows while the last ones are written.
    """
    missed = Missed(lab)
    positions = lab.archive.positions(cyclers or lab.topology.cycler_ids)
    gathered = _gather(lab, positions, most_rows, missed)
    rows, commits, gaps, full = 0, 0, list[Gap](), False
    until = time.monotonic() + most_seconds
    with ThreadPoolExecutor(max_workers=1) as ahead:
        while gathered is not None:
            more = gathered.full and time.monotonic() < until
            following = ahead.submit(_gather, lab, gathered.positions, most_rows, missed, gathered) if more else None
            lab.archive.commit(gathered.prepared)
            commits += 1
            rows += gathered.rows
            gaps += [_gap(lab, gap, now) for gap in gathered.gaps]
            full, gathered = gathered.full, following.result() if following else None
    if outputs:
        with missed:
            commits += sum(_move(lab, table) for table in ("cycles", "alerts", "tests", "journal"))
    return Flushed(rows=rows, commits=commits, gaps=tuple(gaps), full=full, away=missed.reasons)


def _gather(
    lab: Lab, positions: Mapping[str, int], most_rows: int, missed: Missed, before: Gathered | None = None
) -> Gathered | None:
    """The entries after the positions, as many as one commit takes; None when there are none. ``before`` is on its
    way into the archive meanwhile."""
    moved: list[tuple[str, int, Future[list[Any]]]] = []
    gaps: list[Gap] = []
    rows, after = 0, dict(positions)
    with ThreadPoolExecutor(max_workers=1) as decoding:  # what one cycler sent, while that of the next is fetched
        for cycler, position in positions.items():
            found: list[Entry] = []
            expected = position + 1
            with missed:
                for entry in lab.live.entries_after(cycler, position):
                    if entry.n != expected:
                        gaps.append(Gap(cycler, expected, entry.n))
                    expected = entry.n + 1
                    found.append(entry)
                    rows += entry.rows
                    if rows >= most_rows:
                        break
            if found:
                after[cycler] = found[-1].n
                tables = decoding.submit(decode_tables, [entry.payload for entry in found])
                moved.append((cycler, position, tables))
            if rows >= most_rows:
                break
    if not moved:
        return None
    parts = [
        Part(cycler=cycler, after=position, upto=after[cycler], readings=tables.result())
        for cycler, position, tables in moved
    ]
    prepared = lab.archive.prepared(parts, before.prepared if before else None)
    return Gathered(prepared=prepared, positions=after, rows=rows, gaps=tuple(gaps), full=rows >= most_rows)


def trim(lab: Lab, now: float, *, cyclers: Sequence[str] | None = None, outputs: bool = True) -> dict[str, int]:
    """Lets Redis forget what is archived, an hour old and read by the watcher; says where the archive stands.

    A watcher that stands still holds up trimming only while Redis has room.
    """
    health = lab.live.ping()
    roomy = not health.max_memory or health.used_memory < MEMORY_SHARE * health.max_memory
    positions = lab.archive.positions(cyclers or lab.topology.cycler_ids)
    missed = Missed(lab)
    with missed:
        watched = lab.live.watch_positions()
    if missed.reasons and roomy:
        return positions  # nobody can say how far the watcher is
    for cycler, position in positions.items():
        upto = min(position, watched.get(cycler, position)) if roomy else position
        if upto:
            with missed:
                lab.live.trim(cycler, upto, now)
    for table in ("cycles", "alerts") if outputs else ():
        done = lab.archive.output_position(table) - OUTPUTS_KEPT
        if done > 0:
            with missed:
                lab.live.trim_outputs(table, done)
    return positions


class Missed:
    """What could not be reached, one thing after the other: on a cluster the next may lie on a node that is there,
    so the reason is kept; a single server that is away is away for everything, so that is raised."""

    def __init__(self, lab: Lab) -> None:
        self._raises = not lab.live.is_cluster
        self._reasons: dict[str, None] = {}

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(self._reasons)

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> bool:
        if self._raises or not isinstance(error, StoreAway):
            return False
        self._reasons[str(error)] = None
        return True


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
