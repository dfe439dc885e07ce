"""The live store: everything in Redis, behind one object. The chapters are its parent classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from cycling.alerts import apply
from cycling.identity import CurrentTest
from cycling.readings import Batch
from cycling.topology import Topology
from cycling.types import Alert
from data_access.attempt import Begun, Past, Rows
from data_access.connection import at_redis, text
from data_access.deliveries import Deliveries
from data_access.errors import StoreAway
from data_access.ingest import Ingested, Intake
from data_access.outbox import Beats, Health, Outbox
from data_access.quarantine import Quarantine
from data_access.snapshots import Snapshots
from data_access.streams import Streams
from data_access.tests_now import load
from data_access.watched import Outputs, Published, Watched

__all__ = ["Health", "Ingested", "Live", "Published"]


class Sayings(Protocol):
    """What the live store asks of the journal."""

    def entries(self, after: str = "0") -> list[dict[str, Any]]:
        """What people said after an entry."""


class Register(Protocol):
    """What the live store tells the register of tests."""

    def began(self, tests: Mapping[str, Mapping[str, str]]) -> None:
        """Readings name or begin these tests; with the channel and, where it is said, the cell of each."""


class Live(Streams, Quarantine, Watched, Snapshots, Outbox, Deliveries, Beats):
    """Readings as they come, and what the watcher makes of them."""

    def __init__(self, client: Any, where: str, topology: Topology, past: Past, outputs: Outputs) -> None:
        super().__init__(client, where)
        self.outputs = outputs
        self.intake = Intake(client, where, topology, past)
        self.sayings: Sayings | None = None  # the journal and the register of tests stand on this store,
        self.register: Register | None = None  # and so can be handed to it only afterwards

    @at_redis
    def ingest(
        self,
        batch: Batch,
        *,
        received: float,
        source: str,
        raw: Sequence[Any] | None = None,
        index: Sequence[int] | None = None,
    ) -> Ingested:
        """Stores readings of any channels durably, each once; says what became of them.

        ``raw`` holds the rows of the batch as they were sent. ``index`` says which row of the input each row
        of the batch was; rejections are told under that number.
        """
        if not len(batch):
            return Ingested(accepted=0)
        refused, begun = self.intake.take(batch, received)
        rejected = tuple(
            rejection if index is None else replace(rejection, index=int(index[rejection.index]))
            for rejection in refused
        )
        if refused:
            told = zip(refused, rejected, strict=True)
            rows = {new.index: _sent(batch, raw, old.index) for old, new in told}
            self.quarantine(source, received, rejected, rows)
        self._tell_begun(begun)
        return Ingested(accepted=len(batch) - len(rejected), rejected=rejected)

    def lanes(self, batch: Batch) -> dict[str, Rows]:
        """The rows of a batch in pieces that can be away one by one: of a cluster those of each cycler, else all."""
        if not self.is_cluster:
            return {"": np.arange(len(batch))}
        return dict(self.intake.by_cycler(batch)) if len(batch) else {}

    def _tell_begun(self, begun: Begun) -> None:
        """Registers tests that readings began. The readings are stored by now, so a register on a node of a cluster
        that is away does not refuse them: it is told with the next ones."""
        kept, self.intake.unregistered = self.intake.unregistered, {}
        told = {**kept, **begun}
        if not told or self.register is None:
            return
        try:
            self.register.began(told)
        except StoreAway:
            if not self.is_cluster:
                raise
            self.intake.unregistered.update(told)

    @at_redis
    def current_tests(self, cycler: str) -> dict[str, CurrentTest]:
        """What runs on every channel of a cycler."""
        return dict(load(self, cycler).tests)

    def alerts(self, *, open_only: bool = False, since: float | None = None, channel: str | None = None) -> list[Alert]:
        """Open alerts and those closed in the last days, newest first; what people just said is in them."""
        heard = self.heard()
        unheard = [] if self.sayings is None else self.sayings.entries(after=str(heard.first))
        found = []
        for alert in self.watched_alerts():
            for entry in unheard:
                if int(entry["id"]) > heard.of(self._cycler_of(alert)):
                    alert = apply(alert, entry)
            wanted = (
                (alert.open or not open_only)
                and (since is None or alert.opened_at >= since or (alert.closed_at or 0.0) >= since)
                and (channel is None or channel in alert.channels)
            )
            if wanted:
                found.append(alert)
        return sorted(found, key=lambda alert: (-alert.opened_at, alert.id))

    def ping(self) -> Health:
        """Whether Redis answers, and whether it keeps what it acknowledges."""
        try:
            return self._health()
        except StoreAway as away:
            return Health(ok=False, detail=str(away), durable=False, used_memory=0, max_memory=0)

    def _health(self) -> Health:
        """How every server is; of a cluster the worst node counts."""
        found, away = [], []
        for where, client in self.servers():
            try:
                with self.reaching(where):
                    found.append(_one_server(where, client))
            except StoreAway as reason:
                away.append(str(reason))
        if not found:
            raise StoreAway(" ".join(away))
        if self.is_cluster and (missing := self.client.missing_slots()):
            away.append(f"No node of the cluster has the slots {missing}.")
        fullest = max(found, key=lambda one: one.used_memory / one.max_memory if one.max_memory else 0.0)
        return replace(
            fullest,
            detail=" ".join([*away, *(one.detail for one in found)]),
            durable=all(one.durable for one in found),
            whole=not away,
        )

    def _cycler_of(self, alert: Alert) -> str:
        """The cycler whose watcher keeps the alert."""
        kind, _, name = alert.scope.partition(":")
        return name if kind == "cycler" or not alert.channels else self.intake.topology.place(alert.channels[0]).cycler


def _one_server(where: str, client: Any) -> Health:
    memory = client.info("memory")
    told = client.config_get("appendonly", "appendfsync", "cluster-enabled", "cluster-require-full-coverage")
    said = {text(name): text(value) for name, value in told.items()}
    durable = said.get("appendonly") == "yes" and said.get("appendfsync") == "always"
    detail = f"Redis at {where} answers"
    if not durable:
        detail += (
            f", but may forget what it acknowledged (appendonly {said.get('appendonly', 'unknown')}, "
            f"appendfsync {said.get('appendfsync', 'unknown')}): set appendonly yes, appendfsync always"
        )
    if said.get("cluster-enabled") == "yes" and said.get("cluster-require-full-coverage") == "yes":
        detail += ", but stops when another node does: set cluster-require-full-coverage no"
    return Health(
        ok=True,
        detail=detail + ".",
        durable=durable,
        used_memory=int(memory["used_memory"]),
        max_memory=int(memory["maxmemory"]),
    )


def _sent(batch: Batch, raw: Sequence[Any] | None, row: int) -> Any:
    """A row as it was sent, else as it was understood."""
    if raw is not None and row < len(raw):
        return raw[row]
    cells = {name: values[row] for name, values in batch.columns.items()}
    return {name: value for name, value in cells.items() if value is not None and value == value}
