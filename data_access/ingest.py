"""Ingest: the one way by which readings get into the house, for HTTP and for feeds alike.

Every batch of a cycler goes through one server-side script, so any number of processes may call it at the same
time: it knows readings that are sent twice, gives the next id of the stream and stores, all in one step. When
``ingest`` returns, what it accepted is on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from cycling.readings import Batch
from cycling.topology import Topology
from cycling.types import Rejection
from data_access import tests_now
from data_access.attempt import Attempt, Begun, Past, Rows
from data_access.connection import Part
from data_access.errors import StoreAway
from data_access.tests_now import Known

MOST_ROWS = 10_000  # of one call of the script, which holds up everybody else on the server


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What became of a batch: rows accepted (readings known already count too), and rows refused."""

    accepted: int
    rejected: tuple[Rejection, ...] = ()


class Intake(Part):
    """Takes batches of readings into the streams."""

    def __init__(self, client: Any, where: str, topology: Topology, past: Past) -> None:
        super().__init__(client, where)
        self.topology = topology
        self.past = past
        self.unregistered: Begun = {}  # tests that readings began while the register could not be reached
        self._known: dict[str, Known] = {}

    def take(self, batch: Batch, received: float) -> tuple[list[Rejection], Begun]:
        """Stores the batch; says which rows were refused, and which tests the others began.

        Where the node of a cluster that has some of the cyclers is away, what belongs to the others is stored
        before that is raised; to send the whole batch again is harmless.
        """
        refused: list[Rejection] = []
        begun: Begun = {}
        away: dict[str, StoreAway] = {}
        for cycler, rows in self.by_cycler(batch):
            try:
                for start in range(0, len(rows), MOST_ROWS):
                    some = rows[start : start + MOST_ROWS]
                    said, new = Attempt(self, cycler, batch.take(some), received).run()
                    refused += [replace(rejection, index=int(some[rejection.index])) for rejection in said]
                    begun.update(new)
            except StoreAway as reason:
                if not self.is_cluster:
                    raise
                away[cycler] = reason
        if away:
            self.unregistered.update(begun)
            reasons = " ".join(dict.fromkeys(str(reason) for reason in away.values()))
            raise StoreAway(f"{reasons} Not stored, to be sent again: readings of {', '.join(sorted(away))}.")
        return sorted(refused, key=lambda rejection: rejection.index), begun

    def known(self, cycler: str, *, again: bool = False) -> Known:
        if again or cycler not in self._known:
            self._known[cycler] = tests_now.load(self, cycler)
        return self._known[cycler]

    def remember(self, cycler: str, known: Known) -> None:
        self._known[cycler] = known

    def by_cycler(self, batch: Batch) -> Iterator[tuple[str, Rows]]:
        """The rows of each cycler."""
        channels = pa.array(batch.texts("channel"), pa.string()).dictionary_encode()
        cyclers = [self.topology.place(channel).cycler for channel in channels.dictionary.to_pylist()]
        names = list(dict.fromkeys(cyclers))
        which = np.array([names.index(cycler) for cycler in cyclers])[channels.indices.to_numpy()]
        for place, name in enumerate(names):
            yield name, np.flatnonzero(which == place)
