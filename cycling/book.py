"""The book of alerts: which are open, what happens to them, and whom to tell when. Deterministic in its inputs.

What comes in: findings of detectors, channels that fall silent and come back, what people say, and time. What goes
out: changed alerts and notices. Times called ``clock`` and ``now`` are those of the watch (arrival); an alert carries
in itself when it is due for something, so a book that was saved and loaded goes on as if nothing had happened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cycling import recording as recordings
from cycling.alerts import apply, released, shelved, unshelved
from cycling.announcing import announced, next_minute, tell_at
from cycling.causes import LEFT_BEHIND_SECONDS, Causes, explanatory
from cycling.found import alert_found, as_found_now
from cycling.incidents import CHAMBER, Nodes, shows, symptom_of
from cycling.judge import BEGINS, ENDS, WORSENS, Finding
from cycling.ledger import Ledger
from cycling.life import State, cleared, latched, noted, raised, settled, worsened
from cycling.outages import SILENCES, Return
from cycling.planned import Planned
from cycling.recording import Recording
from cycling.silence import Silenced
from cycling.silences import Silences
from cycling.topology import Maintenance, Place
from cycling.turns import turns
from cycling.types import Alert, Notice, Severity

SETTLE_SECONDS = 60.0  # a condition that comes back within is the same alert; doubled each time it came lately
MOST_SETTLE_SECONDS, LATELY_SECONDS = 1800.0, 3600.0
WIDER_SECONDS = 60.0  # what gets wider all the time is noted once in so long
SAME_DANGER_SECONDS = 600.0  # danger that nobody has acknowledged yet and that comes back within is no news
CHATTERING = 3  # such returns within a minute
CHATTER_SECONDS, CHATTER_SHELF_SECONDS = 60.0, 3600.0
ALONE_SECONDS = 600.0  # a vote that no other channel joins is a matter of the channel itself


class Book:
    """Everything that is known of alerts, and what changed since it was last asked."""

    def __init__(
        self,
        maintenance: tuple[Maintenance, ...],
        place: Callable[[str], Place],
        escalations: Mapping[str, float] | None = None,
        reports: Callable[[str, str], bool] = lambda _channel, _column: True,
    ) -> None:
        """``escalations``: seconds after which P3 of a kind is P2. ``reports``: whether a channel has a column."""
        self._escalations = dict(escalations or {})
        nodes = Nodes(place, reports)
        self._nodes, self._ledger, self._planned = nodes, Ledger(), Planned(maintenance, place)
        self._causes = Causes(self._ledger, nodes, self._begin, self._worsen)
        self._silences = Silences(self._ledger, nodes, self._begin, self._escalations)
        self._now = -math.inf  # nothing is done before it, however late it is said
        self._due, self._due_of = math.inf, -1  # when time changes something next, and of which revision that is

    def all(self) -> list[Alert]:
        """Open alerts and the newest closed ones."""
        return self._ledger.all()

    def open_alerts(self) -> list[Alert]:
        return [alert for alert in self._ledger.open() if alert.open]

    def news(self) -> tuple[list[Alert], list[Notice]]:
        """What changed, and what is to be told, since the last call."""
        return self._ledger.changed(), self._ledger.notices()

    def watched(self, channels: Iterable[str]) -> None:
        """Channels that report, so that they count where a part of them is asked for."""
        self._nodes.see(channels)

    def find(self, finding: Finding, clock: float) -> None:
        """Take in a finding of a detector."""
        scope = finding.scope or f"channel:{finding.channel}"
        alert = self._ledger.get(finding.kind, scope)
        if finding.what == ENDS:
            if alert:
                self._clear(alert, finding.at, clock)
            return
        if alert and finding.what == BEGINS and self._is_another(alert, finding):
            self._ledger.put(settled(alert, superseded=True))
            alert = None
        if finding.words is None:
            return
        if alert is None:
            if finding.what == BEGINS:
                self._begin(alert_found(finding, scope, clock), clock)
            return
        if alert.cleared_at is not None and finding.what == BEGINS:
            alert = self._come_back(alert, clock)
        worse = worsened(alert, finding.severity, finding.at)
        if worse is not alert:
            self._worsen(as_found_now(worse, finding), finding.at)
        elif finding.what == WORSENS and alert.burning:  # wider, not worse: no news, but said as it is now
            self._ledger.put(as_found_now(alert.but(was=noted(alert, finding.at, WIDER_SECONDS)), finding))

    def silence(self, silenced: Silenced, test_of: Callable[[str], str | None]) -> None:
        """A channel or a whole cycler fell silent."""
        self._silences.fell(silenced, test_of)

    def resumed(self, back: Return) -> None:
        """A silent channel is heard again."""
        self._silences.came_back(back)

    def recording(self, recording: Recording, now: float) -> None:
        """Readings cannot leave Redis, or can again; how long there is room is told as it was when it mattered."""
        known = self._ledger.get(recordings.KIND, recordings.SCOPE)
        found = recordings.alert_of(recording, now, is_open=known is not None)
        if found is None:
            if known:
                self._close(known, now)
        elif known is None:
            self._begin(found.but(seen_at=now, tell_at=tell_at(now, now, found.severity)), now)
        elif found.severity.rank < known.severity.rank:
            worse = worsened(known, found.severity, now).but(message=found.message, action=found.action)
            self._worsen(worse.but(evidence=found.evidence), now)

    def hear(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """What people said: acknowledged, shelved, out of service, commented."""
        for entry in entries:
            alert = self._ledger.by_id(entry.get("alert"))
            if alert is not None:
                said = apply(alert, entry)
                if said is not alert:
                    heard = announced(said) and not announced(alert)
                    self._ledger.put(self._to_be_told(said, float(entry["at"])) if heard else said)
                if entry["kind"] == "acknowledge":  # who has seen an incident has seen what it explains
                    for member in self._ledger.open() if alert.members else ():
                        if member.incident == alert.id and member.suppressed == "incident":
                            self._ledger.put(apply(member, {**entry, "alert": member.id}))

    def due(self) -> float:
        """When time alone changes something next."""
        if self._due_of != self._ledger.revision:
            when = (when for alert in self._ledger.open() for when, _ in self._turns(alert))
            self._due, self._due_of = min(when, default=math.inf), self._ledger.revision
        return self._due

    def tick(self, now: float) -> None:
        """What time alone changes, in its order: people are told, alerts settle, shelves end, silences last."""
        while (first := self.due()) <= now:
            due = [(what, alert) for alert in self._ledger.open() for when, what in self._turns(alert) if when == first]
            for what in TURNS:
                concerned = [alert for does, alert in due if does == what]
                if concerned:
                    TURNS[what](self, concerned, max(first, self._now))
        self._now = max(self._now, now)

    def save(self) -> list[dict[str, Any]]:
        return [alert.to_json() for alert in self.all()]

    def load(self, saved: Iterable[Mapping[str, Any]], now: float = -math.inf) -> None:
        self._now = now
        for alert in map(Alert.from_json, saved):
            lost = alert.suppressed == "shelved" and alert.shelved_until is None  # nobody knows until when
            self._ledger.put(alert.but(suppressed=None) if lost else alert, quietly=True)

    def _turns(self, alert: Alert) -> list[tuple[float, str]]:
        return turns(alert, self._ledger.by_id(alert.incident), self._escalations, self._planned)

    # What begins, ends, worsens.

    def _begin(self, alert: Alert, clock: float) -> None:
        """A new alert: silenced by planned work or by its cause, else told after a moment."""
        if alert.severity is not Severity.P1 and self._planned.covers(alert):
            alert = alert.but(suppressed="maintenance")
        elif alert.suppressed is None:
            cause = self._causes.of(alert)
            if cause is not None and self._absorbs(cause, alert):
                alert = alert.but(suppressed="incident", incident=cause.id)
                self._join(alert, cause, clock)
        if explanatory(alert) and alert.suppressed is None:
            alert = self._causes.absorb(alert)
        symptom = symptom_of(alert.kind)
        if symptom is not None and symptom.waits_seconds and alert.tell_at is not None:
            alert = alert.but(tell_at=max(alert.tell_at, clock + symptom.waits_seconds))
        votes = self._causes.votes(alert)
        if votes and alert.suppressed is None:
            alert = alert.but(suppressed="design", tell_at=clock + ALONE_SECONDS)
        if alert.suppressed not in (None, "design") or alert.severity is Severity.P4:
            alert = alert.but(tell_at=None)
        if alert.tell_at is not None and alert.suppressed is None:
            alert = alert.but(state=State.PENDING.value)
        self._ledger.put(alert)
        if votes:
            self._causes.gather(alert.kind, clock)
        self._endanger(alert, clock)

    def _absorbs(self, cause: Alert, alert: Alert) -> bool:
        """Danger is a member of danger of the same kind, or of the same cell, only."""
        return alert.severity is not Severity.P1 or cause.kind == alert.kind or self._causes.explains(cause, alert)

    def _join(self, alert: Alert, cause: Alert, clock: float) -> None:
        """One more member of an incident; it may show that the incident is worse than it was."""
        joined = cause.but(members=(*cause.members, alert.id))
        worse = worsened(joined, alert.severity, clock) if shows(alert, cause) else joined
        if worse.severity is cause.severity:
            self._ledger.put(joined)
        else:
            self._worsen(self._causes.reworded(worse, alert), clock)

    def _come_back(self, alert: Alert, clock: float) -> Alert:
        """The condition is back within a minute: the same alert. Too often is chatter, and nobody wants to hear it.
        Danger of which people were told that it is over is told again."""
        back = raised(alert)
        if alert.state == State.RETURNED and announced(back):
            back = back.but(state=State.PENDING.value, tell_at=tell_at(clock, clock, back.severity))
        times = [*(t for t in alert.evidence.get("raised_at", ()) if clock - t < CHATTER_SECONDS), clock]
        back = back.but(evidence={**back.evidence, "raised_at": times})
        if len(times) >= CHATTERING and back.severity is not Severity.P1 and back.suppressed is None:
            text = f"{back.message} It came and went {len(times)} times within a minute and is shelved for an hour."
            self._ledger.tell([back], "reminder", clock, text)
            back = shelved(self._ledger.by_id(back.id) or back, clock + CHATTER_SHELF_SECONDS)
        self._ledger.put(back)
        return back

    def _clear(self, alert: Alert, at: float, clock: float) -> None:
        settles = self._settle_seconds(alert)
        if explanatory(alert) and alert.members:  # what it explained has a while to end as well
            settles = max(settles, LEFT_BEHIND_SECONDS)
        gone = cleared(alert, at, next_minute(clock + settles))
        if gone is alert:
            return
        self._ledger.put(gone)
        incident = self._ledger.by_id(alert.incident)
        if (
            incident
            and incident.kind not in SILENCES
            and not explanatory(incident)
            and self._causes.member_cleared(incident, clock)
        ):
            self._clear(incident, at, clock)

    def _is_another(self, alert: Alert, finding: Finding) -> bool:
        """Whether what begins is told anew, although an alert of it still waits to be acknowledged."""
        gone_for = finding.at - (alert.cleared_at or finding.at)
        return alert.state == State.RETURNED and gone_for > max(SAME_DANGER_SECONDS, self._settle_seconds(alert))

    def _settle_seconds(self, alert: Alert) -> float:
        """How long a condition must stay away: what comes and goes has to stay away for longer each time."""
        before = self._ledger.closed_since({alert.kind}, alert.opened_at - LATELY_SECONDS)
        times = alert.raised - 1 + sum(1 + one.raised // 2 for one in before if one.scope == alert.scope)
        least = SAME_DANGER_SECONDS if latched(alert) else SETTLE_SECONDS  # until then nobody is told that it is over
        return float(max(least, min(SETTLE_SECONDS * 2.0 ** min(times, 10), MOST_SETTLE_SECONDS)))

    def _worsen(self, alert: Alert, at: float) -> None:
        """More severe: told at once, unless it still waits to be told at all."""
        incident = self._ledger.by_id(alert.incident)
        symptom = symptom_of(alert.kind)
        vote = symptom is not None and symptom.design and incident is not None and incident.kind == alert.kind
        absorbed = vote or (incident is not None and self._causes.explains(incident, alert))
        if alert.severity is Severity.P1 and alert.suppressed != "design" and not absorbed:
            alert = alert.but(suppressed=None, shelved_until=None)  # nothing silences danger
        if not announced(alert) and not alert.incident:
            alert = alert.but(announced_at=None)  # nobody knows how bad it is: to be told when it is silenced no more
        self._ledger.put(alert)
        self._endanger(alert, at)
        if incident and alert.suppressed == "incident" and incident.kind == alert.kind:
            worse = worsened(incident, alert.severity, at)
            if worse is not incident:
                self._worsen(self._causes.reworded(worse, alert), at)
        if alert.state == State.PENDING:
            self._ledger.put(
                alert.but(tell_at=min(alert.tell_at or math.inf, tell_at(alert.seen_at, at, alert.severity)))
            )
        else:
            self._ledger.tell([alert], "escalated", at)

    def _endanger(self, alert: Alert, at: float) -> None:
        """A chamber beyond its limits makes the power cut that did it dangerous."""
        if alert.kind == CHAMBER and alert.severity is Severity.P1:
            for cut in self._silences.danger(alert, at):
                self._worsen(cut, at)

    def _close(self, alert: Alert, at: float) -> None:
        """Over without waiting: a silence ends with a reading."""
        self._ledger.put(cleared(alert, at, at))
        self._settle([self._ledger.by_id(alert.id) or alert], at)

    # What time does.

    def _tell_waiting(self, waiting: list[Alert], now: float) -> None:
        """Tell what still waits, one notice for each kind; first look whether something wider explains it."""
        for kind in dict.fromkeys(alert.kind for alert in waiting):
            if kind not in SILENCES:
                self._count_votes(kind, now)
                if self._more_may_come(kind, now):
                    continue
                self._causes.gather(kind, now)
            due = self._due_of_kind(kind, now)
            if kind in SILENCES:  # what is over, or on its way back, is told when it is clear how it went
                for alert in [alert for alert in due if not _lasts(alert)]:
                    self._ledger.put(alert.but(tell_at=None))
                due = [alert for alert in due if _lasts(alert)]
            self._ledger.tell(due, "opened", now)

    def _due_of_kind(self, kind: str, now: float) -> list[Alert]:
        return [a for a in self._ledger.of_kind(kind) if a.tell_at is not None and a.tell_at <= now]

    def _count_votes(self, kind: str, now: float) -> None:
        """A vote that nobody joined is told by itself, unless it is gone; what is silenced otherwise is not told."""
        if any(alert.suppressed == "design" for alert in self._due_of_kind(kind, now)):
            self._causes.gather(kind, now)
        for alert in self._due_of_kind(kind, now):
            if alert.suppressed == "design" and alert.burning:
                self._ledger.put(_alone(alert).but(state=State.PENDING.value, tell_at=now))
            elif not announced(alert):
                self._ledger.put(alert.but(tell_at=None))

    def _more_may_come(self, kind: str, now: float) -> bool:
        """Whether the last of a kind came so shortly ago that others are on their way; then all wait a little more."""
        group = [a for a in self._ledger.of_kind(kind) if a.tell_at is not None and announced(a)]
        if not group:
            return False
        first, last = min(alert.seen_at for alert in group), max(alert.seen_at for alert in group)
        when = min(tell_at(first, last, alert.severity) for alert in group)
        symptom = symptom_of(kind)
        if symptom is not None and symptom.waits_seconds:
            when = first + symptom.waits_seconds
        if when <= now:
            when = now
        for alert in group:
            if alert.tell_at != when:
                self._ledger.put(alert.but(tell_at=when))
        return when > now

    def _settle(self, alerts: list[Alert], now: float) -> None:
        over = [settled(alert) for alert in alerts]
        for alert in over:
            self._ledger.put(alert)
            for left in self._causes.release(alert):
                self._ledger.put(self._to_be_told(left, now))
        for kind, told_at in dict.fromkeys((alert.kind, alert.announced_at) for alert in over):
            if told_at is not None:  # those who were told of them together are told of their end together
                ended = [alert for alert in over if (alert.kind, alert.announced_at) == (kind, told_at)]
                self._ledger.tell(ended, "resolved", now)

    def _unshelve(self, alerts: list[Alert], now: float) -> None:
        for alert in alerts:
            self._ledger.put(self._to_be_told(unshelved(alert, now), now))

    def _resume_after_work(self, alerts: list[Alert], now: float) -> None:
        """Planned work is over: what still burns is told."""
        for alert in alerts:
            self._ledger.put(self._to_be_told(released(alert, now), now))

    def _outlast(self, alerts: list[Alert], now: float) -> None:
        """What explained them has been over for a while, and they still burn: told, like new ones."""
        for alert in alerts:
            planned = self._planned.covers(alert) and self._planned.end(alert) > now
            left = alert.but(suppressed="maintenance") if planned else self._to_be_told(released(alert, now), now)
            self._ledger.put(left)

    def _escalate(self, alerts: list[Alert], now: float) -> None:
        worse = [worsened(alert, Severity.P2, now) for alert in alerts]
        for kind in dict.fromkeys(alert.kind for alert in worse):
            mine = [alert for alert in worse if alert.kind == kind]
            for alert in mine:
                self._ledger.put(alert)
            self._ledger.tell([alert for alert in mine if alert.state != State.PENDING], "escalated", now)

    def _leave_behind(self, incidents: list[Alert], now: float) -> None:
        """Incidents that cleared a while ago end, and what still burns is told."""
        for incident in incidents:
            course = self._silences if incident.kind in SILENCES else self._causes
            course.leave(incident, now)

    def _to_be_told(self, alert: Alert, now: float) -> Alert:
        """What was silenced until now and still burns is told like a new alert."""
        if alert.burning and alert.announced_at is None and announced(alert):
            return alert.but(tell_at=now, state=State.PENDING.value)
        return alert


TURNS: Mapping[str, Callable[[Book, list[Alert], float], None]] = {
    "unshelve": Book._unshelve,
    "resume": Book._resume_after_work,
    "escalate": Book._escalate,
    "tell": Book._tell_waiting,
    "settle": Book._settle,
    "leave": Book._leave_behind,
    "outlast": Book._outlast,
}


def _lasts(alert: Alert) -> bool:
    return alert.burning and "resuming_since" not in alert.evidence


def _alone(alert: Alert) -> Alert:
    """A vote that nobody joined: this sensor disagrees with all others of its chamber."""
    return alert.but(
        suppressed=None,
        severity=Severity.P3,
        action="Its chamber's other channels read otherwise: check this channel's ambient sensor.",
    )
