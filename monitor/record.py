"""record: moves what came in from Redis to the archive, exactly once, and lets Redis forget it after an hour.

It has no memory of its own. Where a stream stands is written in the table by the same commit as the rows, so
this process may be killed at any moment, started twice, or find its stores away; it goes on where the table is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from data_access.errors import Fenced, StoreAway
from data_access.lab import Lab
from monitor.filling import Filling, room
from monitor.moving import flush, trim
from monitor.parts import WHOLE, Parts, Share, whole_lab

FLUSH_SECONDS = 60.0  # readers join what is not committed yet; every commit is a file more
BEAT_SECONDS = 1.0
LONGEST_PAUSE = 15.0  # between two tries while a store is away
TIDY_SECONDS = 600.0

WHOLE_LAB: tuple[Share, ...] = (WHOLE,)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What this process has done so far, as its heartbeat tells it."""

    rows: int = 0
    commits: int = 0
    last_commit_at: float | None = None
    gaps: tuple[str, ...] = ()
    error: str | None = None
    since: float | None = None  # UTC seconds; when the error began
    filling: Filling = field(default_factory=Filling)
    away: str | None = None  # the node of a cluster that does not answer; the others are recorded
    failures: int = 0  # in a row
    positions: Mapping[str, int] = field(default_factory=dict)  # in the archive, after the last round
    tidied_at: float = 0.0


def run(
    lab: Lab,
    stop: threading.Event,
    clock: Callable[[], float],
    *,
    flush_seconds: float = FLUSH_SECONDS,
    recorders: int = 1,
) -> None:
    """Records until told to stop; what has come in by then is committed before it returns.

    One of several ``recorders`` records the parts of the lab whose leases it has. The leases only spread the work:
    that nothing is committed twice is for the table to see, so a recorder that has lost its lease does no harm.
    """
    parts = Parts(lab, "record", recorders).start() if recorders > 1 else None
    progress, due, shares = Progress(), 0.0, WHOLE_LAB
    while not stop.is_set():
        before, shares = shares, WHOLE_LAB if parts is None else tuple(parts.held)
        if time.monotonic() >= due or shares != before:  # a clock that is set back must not put off what is due
            progress, full = step(lab, progress, clock(), shares)
            pause = 0.0 if full else flush_seconds
            if progress.failures:
                pause = min(2.0 ** (progress.failures - 1), LONGEST_PAUSE)
            due = time.monotonic() + pause
        beat(lab, progress, clock(), shares)
        stop.wait(max(min(BEAT_SECONDS, due - time.monotonic()), 0.0))
        if parts is not None and parts.surplus is not None:
            parts.give_back(parts.surplus)
    full = True
    while full:
        progress, full = step(lab, progress, clock(), shares)
    beat(lab, progress, clock(), shares)
    if parts is not None:
        parts.close()


def step(lab: Lab, progress: Progress, now: float, shares: Sequence[Share] = WHOLE_LAB) -> tuple[Progress, bool]:
    """One round: flush, trim, and now and then tidy. Says what is known then, and whether more is waiting.

    A store that is away is no reason to die: nothing is lost meanwhile, and the heartbeat says what is wrong.
    """
    if not shares:
        return progress, False
    cyclers, first = cyclers_of(lab, shares), any(whole_lab(share) for share in shares)
    health = lab.live.ping()
    if health.ok:
        progress = replace(progress, filling=progress.filling.seen(now, health.used_memory, health.max_memory))
    try:
        if first and progress.tidied_at == 0.0:
            give_back(lab)
        flushed = flush(lab, now, cyclers=cyclers, outputs=first)
        positions = trim(lab, now, cyclers=cyclers, outputs=first)
        if first and now - progress.tidied_at > TIDY_SECONDS:
            lab.live.forget_alerts(now)
            lab.live.forget_notices(now)
            progress = replace(progress, tidied_at=now)
    except Fenced as fenced:
        log.warning("Another recorder works on the same archive: %s", fenced)
        return replace(_held_up(progress, str(fenced), now), failures=0), False
    except StoreAway as away:
        if str(away) != progress.error:
            log.error("%s", away)
        return replace(_held_up(progress, str(away), now), failures=progress.failures + 1), False
    missing = " ".join(flushed.away) or None
    if missing not in (None, progress.away):
        log.error("%s", missing)
    if (progress.error or progress.away) and missing is None:
        log.warning("The stores answer again.")
    progress = replace(
        progress,
        rows=progress.rows + flushed.rows,
        commits=progress.commits + flushed.commits,
        last_commit_at=now if flushed.commits else progress.last_commit_at,
        gaps=(*progress.gaps, *(str(gap) for gap in flushed.gaps))[-20:],
        positions=positions,
        error=None,
        since=None,
        away=missing,
        failures=0,
    )
    return progress, flushed.full


def _held_up(progress: Progress, why: str, now: float) -> Progress:
    """From the first failure on Redis lets nothing go, so from then on it shows how fast it fills."""
    begins = progress.since is None
    filling = progress.filling.anew() if begins else progress.filling
    return replace(progress, error=why, since=now if begins else progress.since, filling=filling)


def give_back(lab: Lab) -> None:
    """What an emptied Redis has forgotten and the archive still knows."""
    lab.tests.give_back(lab.archive.rows("tests"))
    lab.live.give_back_alerts(alert for alert in lab.archive.alerts() if alert.open)


def cyclers_of(lab: Lab, shares: Sequence[Share]) -> tuple[str, ...]:
    """The cyclers of some parts of the lab."""
    every = lab.topology.cycler_ids
    return tuple(cycler for share in shares for cycler in share.cyclers(every))


def beat(lab: Lab, progress: Progress, now: float, shares: Sequence[Share] = WHOLE_LAB) -> None:
    """Says how recording stands, for every part of the lab; without Redis there is nobody to say it to."""
    told = {
        "rows": progress.rows,
        "commits": progress.commits,
        "last_commit_at": progress.last_commit_at,
        "gaps": list(progress.gaps),
        "error": progress.error,
        "since": progress.since,
        "away": progress.away,
        **room(progress.filling, lab.archive.url),
    }
    try:
        for share in shares:
            lag = _lag(lab, progress.positions, share)
            lab.live.beat("record", {**told, "lag_entries": lag}, now, share.name)
    except StoreAway as away:
        log.debug("No heartbeat: %s", away)


def _lag(lab: Lab, positions: Mapping[str, int], share: Share) -> int | None:
    """How many entries of a part are not archived yet; unknown until the archive has answered once."""
    if not positions:
        return None
    lasts = lab.live.lasts(share.cyclers(lab.topology.cycler_ids))
    return sum(max(last - positions.get(cycler, last), 0) for cycler, last in lasts.items())
