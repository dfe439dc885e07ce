"""The feeder: how a feed that runs in a process of its own hands readings in.

It validates, keeps what cannot be stored while Redis is away, and sends it later in the order it came. Ingest
knows readings it has seen, so sending again after a doubtful answer is harmless.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cycling.readings import Array, Batch
from cycling.types import Rejection
from cycling.validation import validate
from data_access.errors import StoreAway
from data_access.live import Live

SPOOL_ROWS = 500_000  # about 8 minutes of 1000 channels at 1 Hz
PAUSE_SECONDS = 0.5  # between two tries while Redis is away

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of the rows of one call, as far as it is known: ``waiting`` rows are in the spool."""

    accepted: int
    rejected: tuple[Rejection, ...]
    waiting: int


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    batch: Batch
    received: float
    index: Sequence[int]
    rejected: tuple[Rejection, ...]
    rows: Mapping[str, Any]


class Feeder:
    """Sends the readings of one source. Not for several threads at once."""

    def __init__(
        self,
        live: Live,
        source: str,
        *,
        clock: Callable[[], float] = time.time,
        spool_rows: int = SPOOL_ROWS,
    ) -> None:
        self.live, self.source, self.clock, self.spool_rows = live, source, clock, spool_rows
        self.dropped = 0  # rows that did not fit into the spool any more
        self._spool: deque[_Waiting] = deque()
        self._waiting = 0
        self._next_try = 0.0

    @property
    def waiting(self) -> int:
        """Rows in the spool."""
        return self._waiting

    def send(self, readings: Batch | Mapping[str, Sequence[Any] | Array]) -> Sent:
        """Takes rows, stores what is waiting and them, or keeps them while Redis is away."""
        columns = readings.columns if isinstance(readings, Batch) else readings
        received = self.clock()
        checked = validate(columns, received=received)
        one = _Waiting(
            batch=checked.batch,
            received=received,
            index=checked.index.tolist(),
            rejected=checked.rejected,
            rows=columns,
        )
        self._keep(one)
        accepted, refused = 0, list(checked.rejected)
        for done, told in self._drain():
            accepted += told[0]
            refused += told[1] if done is one else ()
        rejected = tuple(sorted(refused, key=lambda rejection: rejection.index))
        return Sent(accepted=accepted, rejected=rejected, waiting=self._waiting)

    def flush(self) -> int:
        """Tries to store what is waiting; says how many rows still wait."""
        self._next_try = 0.0
        for _ in self._drain():
            pass
        return self._waiting

    def _keep(self, one: _Waiting) -> None:
        self._spool.append(one)
        self._waiting += len(one.batch)
        while self._waiting > self.spool_rows and len(self._spool) > 1:
            oldest = self._spool.popleft()
            self._waiting -= len(oldest.batch)
            self.dropped += len(oldest.batch)
            log.error(
                "Feed %s: Redis is away and the spool of %d rows is full; %d rows are lost so far.",
                self.source,
                self.spool_rows,
                self.dropped,
            )

    def _drain(self) -> list[tuple[_Waiting, tuple[int, tuple[Rejection, ...]]]]:
        """Stores what is waiting, oldest first, until the spool is empty or Redis does not answer."""
        done: list[tuple[_Waiting, tuple[int, tuple[Rejection, ...]]]] = []
        if time.monotonic() < self._next_try:
            return done
        while self._spool:
            one = self._spool[0]
            try:
                done.append((one, self._store(one)))
            except StoreAway as away:
                if not self._next_try:
                    log.warning("Feed %s keeps its readings: %s", self.source, away)
                self._next_try = time.monotonic() + PAUSE_SECONDS
                return done
            self._spool.popleft()
            self._waiting -= len(one.batch)
        self._next_try = 0.0
        return done

    def _store(self, one: _Waiting) -> tuple[int, tuple[Rejection, ...]]:
        told = self.live.ingest(one.batch, received=one.received, source=self.source, index=one.index)
        if one.rejected:
            rows = {rejection.index: _row(one.rows, rejection.index) for rejection in one.rejected}
            self.live.quarantine(self.source, one.received, one.rejected, rows)
        return told.accepted, told.rejected


def _row(columns: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {name: values[index] for name, values in columns.items()}
