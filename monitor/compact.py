"""compact: makes few sorted files of the many small ones that recording leaves, and tidies the archive.

One process at a time has the right to it; what it writes is refused when another was faster. It is never needed:
without it reading becomes slower, and nothing is lost. It steps back for whoever records or looks.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from data_access.compaction import Job
from data_access.compactor import Compactor
from data_access.data_files import Miscounted
from data_access.errors import Fenced, StoreAway
from data_access.lab import Lab
from data_access.leases import Lease

LOOK_SECONDS = 900.0  # between two looks at what is due
AGAIN_SECONDS = 60.0  # after a look that found its stores away, or another compactor at work
BEAT_SECONDS = 1.0
LEASE_SECONDS = 60.0  # nobody waits for the next compactor
TIDY_SECONDS = 86_400.0
NICE = 10  # below all others

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was told to end in the middle of a job; nothing of the job has happened."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What this process has done so far, as its heartbeat tells it."""

    doing: str = "nothing"
    rewrites: int = 0
    rows: int = 0
    last: str | None = None  # what was rewritten last
    last_at: float | None = None
    files: Mapping[str, int] = field(default_factory=dict)  # of every table
    error: str | None = None
    tidied_at: float = 0.0


def run(lab: Lab, stop: threading.Event, clock: Callable[[], float], *, look_seconds: float = LOOK_SECONDS) -> None:
    """Compacts until told to stop; a rewrite that is not finished then is left out."""
    worker = Worker(lab, stop, clock)
    looked_at, pause = clock(), 0.0
    while not stop.is_set():
        if abs(clock() - looked_at) >= pause:  # also when the clock was put back
            pause = look_seconds if worker.look() else min(AGAIN_SECONDS, look_seconds)
            looked_at = clock()
        worker.beat()
        stop.wait(min(BEAT_SECONDS, pause))
    worker.end()


def step_back() -> None:
    """Lets every other process go first."""
    os.nice(NICE)


class Worker:
    """The compactor of a lab, as long as it has the right to be."""

    def __init__(self, lab: Lab, stop: threading.Event, clock: Callable[[], float]) -> None:
        self.lab, self.stop, self.clock = lab, stop, clock
        self.compactor = Compactor(lab.archive, lab.home / "compact")
        self.lease = Lease(lab.live, "compact", LEASE_SECONDS)
        self.token: str | None = None
        self.progress = Progress()
        self._said_at = 0.0

    def look(self) -> bool:
        """Does everything that is due; False when something was in the way, which the heartbeat then says."""
        try:
            self.token = self.lease.hold()
            if self.token is None:
                self._now(doing="waiting: another compactor is at work", error=None)
                return False
            wrong = self._do_all()
            self._tidy()
            self._now(doing="nothing", files=self.compactor.files(), error=wrong)
        except Stopped:
            return True
        except (Fenced, StoreAway) as trouble:
            if str(trouble) != self.progress.error:
                log.warning("%s", trouble)
            self._now(doing="nothing", error=str(trouble))
        return self.progress.error is None

    def beat(self) -> None:
        """Says how compaction stands; without Redis there is nobody to say it to."""
        self._said_at = self.clock()
        try:
            self.lab.live.beat("compact", asdict(self.progress), self._said_at)
        except StoreAway as away:
            log.debug("No heartbeat: %s", away)

    def end(self) -> None:
        """Lets the next compactor begin at once."""
        try:
            self.lease.release()
        except StoreAway as away:  # then the lease ends by itself
            log.debug("The lease is not given back: %s", away)

    def _do_all(self) -> str | None:
        """One job after the other, looking anew each time; says what could not be done."""
        tried = set[tuple[str, str]]()
        wrong: str | None = None
        while job := next((job for job in self.compactor.due(self.clock()) if _key(job) not in tried), None):
            try:
                if not self._do(job):
                    tried.add(_key(job))
            except (Miscounted, StoreAway) as trouble:  # of this job; the others can go on
                tried.add(_key(job))
                wrong = wrong or f"{job.label}: {trouble}"
                if wrong != self.progress.error:
                    log.error("%s: %s", job.label, trouble)
        return wrong

    def _do(self, job: Job) -> bool:
        total = sum(file.rows or 0 for file in job.files)

        def going_on(rows: int) -> None:
            self._go_on(f"{job.label}: {rows} of {total} rows")

        going_on(0)
        began = self.clock()
        done = self.compactor.do(job, began, going_on)
        if done is None:
            return False
        became = (
            f"{done.files_before} files of {done.bytes_before / 1e6:.1f} MB became "
            f"{done.files_after} of {done.bytes_after / 1e6:.1f} MB"
        )
        log.info("%s: %s (%s rows, %.1f s).", job.label, became, done.rows, self.clock() - began)
        self._now(
            rewrites=self.progress.rewrites + 1,
            rows=self.progress.rows + done.rows,
            last=f"{job.label}: {became}",
            last_at=self.clock(),
        )
        return True

    def _tidy(self) -> None:
        """Once a day; when it was last, the last heartbeat of whoever did it says."""
        if not self.progress.tidied_at:
            told = self.lab.live.beats().get("compact", {})
            self._now(tidied_at=float(told.get("tidied_at") or 0.0))
        if abs(self.clock() - self.progress.tidied_at) >= TIDY_SECONDS:
            gone = self.compactor.tidy(lambda _: self._go_on("tidying"))
            log.info("Tidied: %s files that nobody needs any more are deleted.", gone)
            self._now(tidied_at=self.clock())

    def _go_on(self, doing: str) -> None:
        """Between two pieces of a job: whether it may go on. Raises Stopped, Fenced, StoreAway."""
        if self.stop.is_set():
            raise Stopped
        self._now(doing=doing)
        if abs(self.clock() - self._said_at) < BEAT_SECONDS:
            return
        self.beat()
        if self.lease.hold() != self.token:
            raise Fenced("This compactor stood still too long, and its right to compact has passed to another.")

    def _now(self, **changes: object) -> None:
        self.progress = replace(self.progress, **changes)  # type: ignore[arg-type]


def _key(job: Job) -> tuple[str, str]:
    return job.label, job.prefix
