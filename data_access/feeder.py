"""The feeder: how a feed that runs in a process of its own hands readings in.

It validates, keeps what cannot be stored while Redis is away, and sends it later in the order it came. Ingest
knows readings it has seen, so sending again after a doubtful answer is harmless. On a cluster every cycler has a
lane of its own, so that what waits for one node holds up nothing that belongs to another.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cycling.readings import Array, Batch
from cycling.types import Rejection
from cycling.validation import Validated, validate
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
    call: int
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
        self._spool: dict[str, deque[_Waiting]] = {}  # by lane
        self._next_try: dict[str, float] = {}
        self._waiting = self._calls = 0

    @property
    def waiting(self) -> int:
        """Rows in the spool."""
        return self._waiting

    def send(self, readings: Batch | Mapping[str, Sequence[Any] | Array]) -> Sent:
        """Takes rows, stores what is waiting and them, or keeps them while Redis is away."""
        columns = readings.columns if isinstance(readings, Batch) else readings
        received = self.clock()
        checked = validate(columns, received=received)
        self._calls += 1
        self._keep(checked, received, columns)
        accepted, refused = 0, list(checked.rejected)
        for done, told in self._drain():
            accepted += told[0]
            refused += told[1] if done.call == self._calls else ()
        rejected = tuple(sorted(refused, key=lambda rejection: rejection.index))
        return Sent(accepted=accepted, rejected=rejected, waiting=self._waiting)

    def flush(self) -> int:
        """Tries to store what is waiting; says how many rows still wait."""
        self._next_try = {}
        for _ in self._drain():
            pass
        return self._waiting

    def _keep(self, checked: Validated, received: float, columns: Mapping[str, Any]) -> None:
        lanes = self.live.lanes(checked.batch)
        if checked.rejected:
            lanes.setdefault("", np.array([], dtype=np.int64))
        for lane, rows in lanes.items():
            one = _Waiting(
                call=self._calls,
                batch=checked.batch.take(rows),
                received=received,
                index=checked.index[rows].tolist(),
                rejected=checked.rejected if lane == "" else (),
                rows=columns,
            )
            self._spool.setdefault(lane, deque()).append(one)
            self._waiting += len(one.batch)
        while self._waiting > self.spool_rows and sum(map(len, self._spool.values())) > 1:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        lane = min((lane for lane, spool in self._spool.items() if spool), key=lambda lane: self._spool[lane][0].call)
        oldest = self._spool[lane].popleft()
        self._waiting -= len(oldest.batch)
        self.dropped += len(oldest.batch)
        log.error(
            "Feed %s: Redis is away and the spool of %d rows is full; %d rows are lost so far.",
            self.source,
            self.spool_rows,
            self.dropped,
        )

    def _drain(self) -> list[tuple[_Waiting, tuple[int, tuple[Rejection, ...]]]]:
        """Stores what is waiting, oldest first, until each lane is empty or its server does not answer."""
        done: list[tuple[_Waiting, tuple[int, tuple[Rejection, ...]]]] = []
        for lane, spool in self._spool.items():
            if time.monotonic() < self._next_try.get(lane, 0.0):
                continue
            try:
                while spool:
                    done.append((spool[0], self._store(spool[0])))
                    self._waiting -= len(spool.popleft().batch)
            except StoreAway as away:
                if lane not in self._next_try:
                    log.warning("Feed %s keeps its readings: %s", self.source, away)
                self._next_try[lane] = time.monotonic() + PAUSE_SECONDS
            else:
                self._next_try.pop(lane, None)
        return done

    def _store(self, one: _Waiting) -> tuple[int, tuple[Rejection, ...]]:
        told = self.live.ingest(one.batch, received=one.received, source=self.source, index=one.index)
        if one.rejected:
            rows = {rejection.index: _row(one.rows, rejection.index) for rejection in one.rejected}
            self.live.quarantine(self.source, one.received, one.rejected, rows)
        return told.accepted, told.rejected


def _row(columns: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {name: values[index] for name, values in columns.items()}
