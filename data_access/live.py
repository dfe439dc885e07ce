"""The live store: everything in Redis, behind one object. The chapters are its parent classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from cycling.alerts import apply
from cycling.identity import CurrentTest
from cycling.readings import Batch
from cycling.topology import Topology
from cycling.types import Alert
from data_access.attempt import Past
from data_access.connection import at_redis, text
from data_access.errors import StoreAway
from data_access.ingest import Ingested, Intake
from data_access.outbox import Beats, Health, Outbox
from data_access.quarantine import Quarantine
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


class Live(Streams, Quarantine, Watched, Outbox, Beats):
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
        if begun and self.register is not None:
            self.register.began(begun)
        return Ingested(accepted=len(batch) - len(rejected), rejected=rejected)

    @at_redis
    def current_tests(self, cycler: str) -> dict[str, CurrentTest]:
        """What runs on every channel of a cycler."""
        return dict(load(self.client, cycler).tests)

    def alerts(self, *, open_only: bool = False, since: float | None = None, channel: str | None = None) -> list[Alert]:
        """Open alerts and those closed in the last days, newest first; what people just said is in them."""
        entries = self._unheard()
        found = []
        for alert in self.watched_alerts():
            for entry in entries:
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

    @at_redis
    def _health(self) -> Health:
        memory = self.client.info("memory")
        told = self.client.config_get("appendonly", "appendfsync")
        said = {text(name): text(value) for name, value in told.items()}
        durable = said.get("appendonly") == "yes" and said.get("appendfsync") == "always"
        detail = f"Redis at {self.where} answers"
        if not durable:
            detail += (
                f", but may forget what it acknowledged (appendonly {said.get('appendonly', 'unknown')}, "
                f"appendfsync {said.get('appendfsync', 'unknown')}): set appendonly yes, appendfsync always"
            )
        return Health(
            ok=True,
            detail=detail + ".",
            durable=durable,
            used_memory=int(memory["used_memory"]),
            max_memory=int(memory["maxmemory"]),
        )

    def _unheard(self) -> list[dict[str, Any]]:
        """What people said that the watcher has not applied yet."""
        if self.sayings is None:
            return []
        return self.sayings.entries(after=str(self.watch_positions().get("journal", "0")))


def _sent(batch: Batch, raw: Sequence[Any] | None, row: int) -> Any:
    """A row as it was sent, else as it was understood."""
    if raw is not None and row < len(raw):
        return raw[row]
    cells = {name: values[row] for name, values in batch.columns.items()}
    return {name: value for name, value in cells.items() if value is not None and value == value}
