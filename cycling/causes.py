"""Causes: what explains several alerts at once becomes an incident, and they become its members.

Members keep their own history but are not announced. Danger to a cell is never absorbed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cycling.alerts import alert_id
from cycling.announcing import announced, named
from cycling.incidents import EXPLAINS, ROOTS, Nodes, causes, shows, symptom_of
from cycling.ledger import Ledger
from cycling.life import State, cleared, raised, settled, told, worsened
from cycling.outages import SILENCES
from cycling.scope_words import place
from cycling.types import Alert, Severity

LEFT_BEHIND_SECONDS = 900.0  # after an incident clears, what still burns is told


def explanatory(alert: Alert) -> bool:
    """Whether it is a single alert that may be the cause of others, and ends by its own detector."""
    return alert.kind in EXPLAINS and alert.scope.startswith("channel:")


Begin = Callable[[Alert, float], None]
Worsen = Callable[[Alert, float], None]


class Causes:
    """Finds causes in a ledger; ``begin`` opens an incident, ``worsen`` notes one that became more severe."""

    def __init__(self, ledger: Ledger, nodes: Nodes, begin: Begin, worsen: Worsen) -> None:
        self._ledger, self._nodes, self._begin, self._worsen = ledger, nodes, begin, worsen

    def explains(self, cause: Alert, alert: Alert) -> bool:
        """Whether a single alert is the cause of another one on its channels. Danger is absorbed by danger only."""
        return (
            alert.kind in EXPLAINS.get(cause.kind, frozenset())
            and set(alert.channels) <= set(cause.channels)
            and (alert.severity is not Severity.P1 or cause.severity is Severity.P1)
        )

    def absorb(self, cause: Alert) -> Alert:
        """A cause that is found after its consequences: they become its members, told or not."""
        found = [
            alert
            for alert in self._ledger.open()
            if alert.burning
            and alert.suppressed is None
            and alert.incident is None
            and not alert.members
            and self.explains(cause, alert)
        ]
        for alert in found:
            state = State.ACTIVE.value if alert.state == State.PENDING else alert.state
            self._ledger.put(alert.but(suppressed="incident", incident=cause.id, tell_at=None, state=state))
        return cause.but(members=(*cause.members, *(alert.id for alert in found)))

    def release(self, cause: Alert) -> list[Alert]:
        """Members of a single alert that still burn when it is over: from now on they speak for themselves."""
        if not explanatory(cause):
            return []
        left = [alert for alert in self._ledger.open() if alert.incident == cause.id and alert.burning]
        return [alert.but(suppressed=None, incident=None) for alert in left if alert.suppressed == "incident"]

    def of(self, alert: Alert) -> Alert | None:
        """What explains the alert: a single alert that is there, an incident of which it is a consequence or a further
        member, or a silence that has just ended."""
        for kind in [kind for kind, follows in EXPLAINS.items() if alert.kind in follows]:
            for cause in self._ledger.of_kind(kind):
                if cause.id != alert.id and cause.burning and self.explains(cause, alert):
                    return cause
        if alert.kind in SILENCES or not alert.channels:
            return None
        lately = alert.opened_at - LEFT_BEHIND_SECONDS
        for incident in [*self._ledger.open(), *self._ledger.closed_since(SILENCES, lately)]:
            if not incident.members or incident.id == alert.id:
                continue
            ended_lately = incident.kind in SILENCES and (incident.cleared_at or 0.0) >= lately
            consequences = ROOTS.get(incident.kind, frozenset())
            explains = consequences is None or alert.kind in consequences or shows(alert, incident)
            if not incident.burning and self.votes(alert):
                continue  # as one alert of what they vote for it may still be a consequence, not each by itself
            if explains and (incident.burning or ended_lately) and set(alert.channels) <= set(incident.channels):
                return incident
        return None

    def votes(self, alert: Alert) -> bool:
        """Whether it is one channel's voice in what concerns all of a chamber."""
        symptom = symptom_of(alert.kind)
        if symptom is None or not symptom.design or alert.members or not alert.scope.startswith("channel:"):
            return False
        return bool(self._nodes.touched(alert.channels, symptom.nodes[0]))

    def gather(self, kind: str, now: float) -> None:
        """Look whether alerts of one symptom that began together have one cause, and open it as an incident."""
        symptom = symptom_of(kind)
        if symptom is None:
            return
        free = [
            alert
            for alert in self._ledger.open()
            if alert.kind in symptom.kinds
            and alert.burning
            and alert.incident is None
            and (not alert.members or explanatory(alert))
            and alert.suppressed in (None, "design")
            and now - alert.seen_at <= symptom.within_seconds
        ]
        single = sorted((alert for alert in free if len(alert.channels) == 1), key=lambda alert: alert.channels)
        alarming = dict.fromkeys(alert.channels[0] for alert in single)
        for node, explained in causes(symptom, list(alarming), self._nodes):
            self._explain([a for a in single if a.channels[0] in explained], node.scope, symptom.becomes, now)

    def _explain(self, members: Sequence[Alert], scope: str, becomes: str | None, now: float) -> None:
        kinds = [alert.kind for alert in members]
        kind = becomes or max(sorted(set(kinds)), key=kinds.count)
        first = min(members, key=lambda alert: (alert.opened_at, alert.scope))
        worst = min((alert.severity for alert in members), key=lambda severity: severity.rank)
        known = self._ledger.get(kind, scope)
        if known is not None:
            joined = self._grown(known, members, now)
            self._ledger.put(joined)
        else:
            channels = tuple(sorted({channel for alert in members for channel in alert.channels}))
            node = self._nodes.of_scope(scope)
            concerned = tuple(sorted(node.channels)) if node.kind == "chamber" else channels
            incident = Alert(
                id=alert_id(kind, scope, first.opened_at),
                kind=kind,
                severity=worst,
                scope=scope,
                channels=concerned,
                test=None,
                opened_at=first.opened_at,
                seen_at=now,
                tell_at=now,
                message=_together(kind, scope, concerned, first),
                action=first.action,
                evidence={**first.evidence, "channels": len(concerned)},
                members=tuple(alert.id for alert in members),
            )
            joined = incident
            self._begin(incident, now)
        for alert in members:
            self._ledger.put(
                alert.but(incident=joined.id, suppressed="incident", tell_at=None, state=State.ACTIVE.value)
            )
        worse = worsened(joined, worst, now)
        if known is not None and worse is not joined:
            self._worsen(worse.but(message=f"{worse.message} {first.message}"), now)

    def _grown(self, known: Alert, members: Sequence[Alert], now: float) -> Alert:
        """An incident with more members; one that was clearing is there again."""
        back = known
        if not known.burning:
            back = raised(known)
            back = back.but(evidence={name: said for name, said in back.evidence.items() if name != "resuming_since"})
            if known.state == State.RETURNED and announced(back):  # people were told that it is over
                back = back.but(state=State.PENDING.value, tell_at=now)
        return back.but(
            members=(*known.members, *(alert.id for alert in members)),
            channels=tuple(dict.fromkeys([*known.channels, *(c for alert in members for c in alert.channels)])),
        )

    def reworded(self, incident: Alert, member: Alert) -> Alert:
        """An incident that got worse because a member did, in that member's words."""
        count = {"channels": len(incident.channels)}
        message = _together(incident.kind, incident.scope, incident.channels, member)
        return incident.but(message=message, action=member.action, evidence={**member.evidence, **count})

    def member_cleared(self, incident: Alert, clock: float) -> bool:
        """Whether the last member of an incident is well. When most are, it clears, and the rest have a while."""
        burning = self._left(incident)
        if 0 < 2 * len(burning) < len(incident.members) and "resuming_since" not in incident.evidence:
            self._ledger.put(incident.but(evidence={**incident.evidence, "resuming_since": clock}))
        return not burning

    def _left(self, incident: Alert) -> list[Alert]:
        """The members that still show what the incident is; what follows from it is no sign that it lasts."""
        mine = (alert for alert in self._ledger.open() if alert.incident == incident.id and alert.burning)
        return [alert for alert in mine if shows(alert, incident)]

    def leave(self, incident: Alert, now: float) -> None:
        """What still burns a while after an incident cleared is told in one further notice of it."""
        left = self._left(incident)
        if left and announced(incident):
            for alert in left:
                self._ledger.put(told(alert.but(suppressed=None), now))
            names = named([alert.channels[0] for alert in left])
            text = f"{incident.message} It is over for most, but not for {names}."
            self._ledger.tell([incident], "reminder", now, text)
        over = self._ledger.by_id(incident.id) or incident
        self._ledger.put(settled(cleared(over, float(over.evidence["resuming_since"]), now)))


def _together(kind: str, scope: str, channels: Sequence[str], first: Alert) -> str:
    """What an incident says: where, how many, and the first of them in its own words."""
    where = "the whole lab" if scope == "lab" else place(scope)
    where = (
        where if where == scope.partition(":")[2] else where[0].upper() + where[1:]
    )  # a name stays as the lab has it
    count = f"{len(channels)} channels" if len(channels) > 1 else "1 channel"
    symptom = symptom_of(kind)
    if symptom and symptom.design:  # what a channel says of its chamber is true of the chamber
        return f"{where}: {first.message.partition(': ')[2]} {count} {'are' if len(channels) > 1 else 'is'} in it."
    return f"{where}: {kind.replace('-', ' ')} on {count} at once ({named(channels)}). {first.message}"
