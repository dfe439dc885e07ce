"""The ledger: every alert that is not over by what it is and where, the newest that are, which changed since asked
last, and what is to be told of them. One that has just closed is not over yet: it may open again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cycling.announcing import announced, notice
from cycling.life import told
from cycling.types import Alert, Notice

REMEMBERED = 1000  # closed alerts that can still be commented on


class Ledger:
    """At most one alert of a kind at a scope that is not over."""

    def __init__(self) -> None:
        self._open: dict[str, Alert] = {}  # by id, in order of opening
        self._at: dict[tuple[str, str], str] = {}  # (kind, scope) -> id of the open one
        self._closed: dict[str, Alert] = {}
        self._changed: dict[str, Alert] = {}
        self._notices: list[Notice] = []
        self.revision = 0  # of the open alerts

    def all(self) -> list[Alert]:
        return [*self._open.values(), *self._closed.values()]

    def open(self) -> list[Alert]:
        return list(self._open.values())

    def of_kind(self, kind: str) -> list[Alert]:
        return [alert for alert in self._open.values() if alert.kind == kind]

    def get(self, kind: str, scope: str) -> Alert | None:
        """The open alert of a kind at a scope."""
        return self._open.get(self._at.get((kind, scope), ""))

    def by_id(self, alert_id: str | None) -> Alert | None:
        return self._open.get(alert_id or "") or self._closed.get(alert_id or "")

    def closed_since(self, kinds: Collection[str], at: float) -> list[Alert]:
        """The closed ones of some kinds that ended at or after a time, the newest first."""
        closed = reversed(self._closed.values())
        return [alert for alert in closed if alert.kind in kinds and (alert.closed_at or 0.0) >= at]

    def changed(self) -> list[Alert]:
        """What changed since the last call, as it is now."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    def put(self, alert: Alert, *, before: Alert | None = None, quietly: bool = False) -> None:
        """Note an alert as it is now; ``before`` is the same alert under the kind or scope it had."""
        self.revision += 1
        if before is not None and self._at.get((before.kind, before.scope)) == before.id:
            del self._at[before.kind, before.scope]
        if not alert.ended:
            self._open[alert.id] = alert
            self._at[alert.kind, alert.scope] = alert.id
        else:
            self._open.pop(alert.id, None)
            if self._at.get((alert.kind, alert.scope)) == alert.id:
                del self._at[alert.kind, alert.scope]
            self._closed[alert.id] = alert
            while len(self._closed) > REMEMBERED:
                self._closed.pop(next(iter(self._closed)))
        if not quietly:
            self._changed[alert.id] = alert

    def tell(self, alerts: Sequence[Alert], reason: str, at: float, text: str | None = None) -> None:
        """People are told of some alerts of a kind in one notice: of those that nothing silences."""
        those = [told(alert, at) if announced(alert) else alert.but(tell_at=None) for alert in alerts]
        for alert in those:
            self.put(alert)
        said = notice(those, reason, at, text)
        if said:
            self._notices.append(said)

    def notices(self) -> list[Notice]:
        """What is to be told, since the last call."""
        notices, self._notices = self._notices, []
        return notices
