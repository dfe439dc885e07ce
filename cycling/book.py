"""The book of alerts: which are open, what people said of them, and whom to tell. Deterministic in its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cycling import recording as recordings
from cycling.alerts import alert_id, apply, escalated, notice, unshelved
from cycling.judge import BEGINS, ENDS, Finding
from cycling.recording import Recording
from cycling.silence import Silenced
from cycling.topology import Maintenance, Place
from cycling.types import Alert, Notice, Severity

LEFT_BEHIND_SECONDS = 900.0
REMEMBERED = 1000  # closed alerts that can still be commented on


class Book:
    """Open alerts by (kind, scope), the newest closed ones, and what changed since it was last asked."""

    def __init__(self, maintenance: tuple[Maintenance, ...], place: Callable[[str], Place]) -> None:
        self._maintenance, self._place = maintenance, place
        self._open: dict[tuple[str, str], Alert] = {}
        self._closed: dict[str, Alert] = {}
        self._changed: dict[str, Alert] = {}
        self._notices: list[Notice] = []

    def all(self) -> list[Alert]:
        """Open alerts and the newest closed ones."""
        return [*self._open.values(), *self._closed.values()]

    def open_alerts(self) -> list[Alert]:
        return list(self._open.values())

    def news(self) -> tuple[list[Alert], list[Notice]]:
        """What changed, and what is to be told, since the last call."""
        changed, notices = list(self._changed.values()), self._notices
        self._changed, self._notices = {}, []
        return changed, notices

    def find(self, finding: Finding) -> None:
        """Take in a finding of a reading-level detector."""
        scope = f"channel:{finding.channel}"
        alert = self._open.get((finding.kind, scope))
        if finding.what == ENDS:
            if alert:
                self._close(alert, finding.at)
        elif alert is None and finding.what == BEGINS and finding.words:
            self._begin(
                Alert(
                    id=alert_id(finding.kind, scope, finding.at),
                    kind=finding.kind,
                    severity=finding.severity,
                    scope=scope,
                    channels=(finding.channel,),
                    test=finding.test,
                    opened_at=finding.at,
                    message=f"{finding.channel}: {finding.words.message}",
                    action=finding.words.action,
                    evidence=finding.words.evidence,
                )
            )
        elif alert and finding.words:
            worse = escalated(alert, finding.severity)
            if worse is not alert:
                self._escalate(worse.but(evidence=finding.words.evidence), finding.at)

    def silence(self, silenced: Silenced, test_of: Callable[[str], str | None]) -> None:
        """A channel or a whole cycler fell silent."""
        wait = silenced.at - silenced.last
        incident = None
        if silenced.cycler is not None:
            scope = f"cycler:{silenced.cycler}"
            count = len(silenced.channels)
            incident = Alert(
                id=alert_id("cycler-silent", scope, silenced.at),
                kind="cycler-silent",
                severity=Severity.P3,
                scope=scope,
                channels=silenced.channels,
                test=None,
                opened_at=silenced.at,
                message=f"{silenced.cycler}: none of its {count} channels has sent a reading for {wait:.0f} s.",
                action="Check the cycler's PC and its network, then restart the collector.",
                evidence={"silent_second": wait, "channels": count, "last_arrival": silenced.last},
            )
        members = []
        for channel in silenced.channels:
            scope = f"channel:{channel}"
            known = self._open.get(("channel-silent", scope))
            alert = known or Alert(
                id=alert_id("channel-silent", scope, silenced.at),
                kind="channel-silent",
                severity=Severity.P3,
                scope=scope,
                channels=(channel,),
                test=test_of(channel),
                opened_at=silenced.at,
                message=f"{channel}: no reading for {wait:.0f} s.",
                action="Check this channel on its cycler: has it stopped, or has its logging?",
                evidence={"silent_second": wait, "last_arrival": silenced.last},
            )
            if incident:
                alert = alert.but(incident=incident.id, suppressed="incident")
            members.append(alert.id)
            if known:
                self._put(alert)
            else:
                self._begin(alert)
        if incident:
            self._begin(incident.but(members=tuple(members)))

    def resumed(self, channel: str, at: float) -> None:
        """A silent channel is heard again; its cycler's incident ends with the last of its members."""
        alert = self._open.get(("channel-silent", f"channel:{channel}"))
        if alert is None:
            return
        self._close(alert, at)
        incident = next((a for a in self._open.values() if a.id == alert.incident), None)
        if incident is None:
            return
        away = [a for a in self._open.values() if a.incident == incident.id]
        if not away:
            self._close(incident, at)
        else:
            back = len(incident.members) - len(away)
            evidence = {
                "resuming_since": at,
                **incident.evidence,
                "resumed": back,
                "not_resumed": [a.channels[0] for a in away],
            }
            self._put(incident.but(evidence=evidence))

    def recording(self, recording: Recording, now: float) -> None:
        """Readings cannot leave Redis, or can again; how long there is room is told as it was when it mattered."""
        known = self._open.get((recordings.KIND, recordings.SCOPE))
        found = recordings.alert_of(recording, now, is_open=known is not None)
        if found is None:
            if known:
                self._close(known, now)
        elif known is None:
            self._begin(found)
        elif found.severity.rank < known.severity.rank:
            worse = known.but(severity=found.severity, message=found.message, action=found.action)
            self._escalate(worse.but(evidence=found.evidence), now)

    def due(self, escalate_after: Mapping[str, float]) -> float:
        """When time alone changes something next: a silence worsens, a shelf or an incident ends."""
        times = [math.inf]
        for alert in self._open.values():
            if alert.shelved_until is not None:
                times.append(alert.shelved_until)
            if alert.severity is Severity.P3 and alert.kind in escalate_after:
                times.append(alert.opened_at + escalate_after[alert.kind])
            if "resuming_since" in alert.evidence:
                times.append(alert.evidence["resuming_since"] + LEFT_BEHIND_SECONDS)
        return min(times)

    def tick(self, now: float, escalate_after: Mapping[str, float]) -> None:
        """What time alone changes: shelves that end, silences that last, incidents that end but for a few."""
        for alert in list(self._open.values()):
            current = unshelved(alert, now)
            if current is not alert:
                self._put(current)
            after = escalate_after.get(alert.kind)
            if after is not None and now >= alert.opened_at + after and current.severity is Severity.P3:
                self._escalate(current.but(severity=Severity.P2), alert.opened_at + after)
            left_at = alert.evidence.get("resuming_since", math.inf) + LEFT_BEHIND_SECONDS
            if now >= left_at:
                self._leave_behind(current, left_at)

    def hear(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """What people said: acknowledged, shelved, commented."""
        for entry in entries:
            for alert in self.all():
                said = apply(alert, entry)
                if said is not alert:
                    self._put(said)

    def save(self) -> list[dict[str, Any]]:
        return [alert.to_json() for alert in self.all()]

    def load(self, saved: Iterable[Mapping[str, Any]]) -> None:
        for data in saved:
            alert = Alert.from_json(data)
            if alert.open:
                self._open[alert.kind, alert.scope] = alert
            else:
                self._closed[alert.id] = alert

    def _leave_behind(self, incident: Alert, now: float) -> None:
        """Channels that did not come back with their cycler within 15 minutes are told once, by themselves."""
        for alert in [a for a in self._open.values() if a.incident == incident.id]:
            left = alert.but(suppressed=None)
            self._put(left)
            self._tell(left, "opened", now)
        self._close(incident, now)

    def _begin(self, alert: Alert) -> None:
        planned = alert.severity is not Severity.P1 and any(
            window.start <= alert.opened_at <= window.end and self._inside(alert, window.scope)
            for window in self._maintenance
        )
        alert = alert.but(suppressed="maintenance") if planned else alert
        self._put(alert)
        self._tell(alert, "opened", alert.opened_at)

    def _inside(self, alert: Alert, scope: str) -> bool:
        if scope in ("lab", alert.scope):
            return True
        kind, _, name = scope.partition(":")
        return bool(alert.channels) and all(
            getattr(self._place(channel), kind, None) == name for channel in alert.channels
        )

    def _escalate(self, alert: Alert, at: float) -> None:
        self._put(alert)
        self._tell(alert, "escalated", at)

    def _close(self, alert: Alert, at: float) -> None:
        closed = alert.but(closed_at=max(at, alert.opened_at))
        del self._open[alert.kind, alert.scope]
        self._closed[alert.id] = self._changed[alert.id] = closed
        while len(self._closed) > REMEMBERED:
            self._closed.pop(next(iter(self._closed)))
        self._tell(closed, "resolved", at)

    def _put(self, alert: Alert) -> None:
        if alert.open:
            self._open[alert.kind, alert.scope] = alert
        else:
            self._closed[alert.id] = alert
        self._changed[alert.id] = alert

    def _tell(self, alert: Alert, reason: str, at: float) -> None:
        told = notice(alert, reason, at)
        if told:
            self._notices.append(told)
