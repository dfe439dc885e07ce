"""The course of silences: who fell silent with whom, who comes back how, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cycling import outages
from cycling.announcing import announced, next_minute
from cycling.causes import Begin
from cycling.incidents import Nodes
from cycling.ledger import Ledger
from cycling.life import State, cleared, noted, settled, told, worsened
from cycling.outages import Return
from cycling.silence import Silenced
from cycling.types import Alert, Severity


class Silences:
    """Silences in a ledger; ``begin`` opens an alert, ``escalating`` are the kinds that last until they are P2."""

    def __init__(self, ledger: Ledger, nodes: Nodes, begin: Begin, escalating: Mapping[str, float]) -> None:
        self._ledger, self._nodes, self._begin, self._escalating = ledger, nodes, begin, escalating

    def fell(self, silenced: Silenced, test_of: Callable[[str], str | None]) -> None:
        """A channel or a whole cycler fell silent."""
        incident = None if silenced.cycler is None else outages.cycler_silent(silenced)
        members = []
        for channel in silenced.channels:
            known = self._of(channel)
            alert = known or outages.channel_silent(silenced, channel, test_of(channel))
            if incident:
                alert = alert.but(incident=incident.id, suppressed="incident", tell_at=None)
            members.append(alert.id)
            if known:
                self._ledger.put(alert)
            else:
                self._begin(alert, silenced.at)
        if incident:
            self._begin(incident.but(members=tuple(members)), silenced.at)
            self._gather_outage(incident.id)

    def came_back(self, back: Return) -> None:
        """A silent channel is heard again; the incident of its cycler, and the outage, end with the last member."""
        alert = self._of(back.channel)
        if alert is None:
            return
        untold = alert.announced_at is None
        over = cleared(alert, back.at, back.at if untold else next_minute(back.at)).but(tell_at=None)
        self._ledger.put(settled(over) if untold else over)
        incident = self._ledger.by_id(alert.incident)
        while incident is not None:
            above = self._ledger.by_id(incident.incident)
            away = [channel for channel in incident.channels if self._of(channel)]
            later = outages.came_back(incident, back, away)
            if not incident.burning:  # it was told how that went, but for those who were left behind
                later = later.but(message=outages.summary(later), action=outages.advice(later))
            self._ledger.put(later)
            if not away and incident.burning:
                self._finish_silence(later, back.at)
            incident = above

    def _of(self, channel: str) -> Alert | None:
        """The alert of a channel that is silent now."""
        found = self._ledger.get(outages.CHANNEL, f"channel:{channel}")
        return found if found is not None and found.burning else None

    def _gather_outage(self, cycler_id: str) -> None:
        """Cyclers that fell silent together are one outage."""
        mine = self._ledger.by_id(cycler_id)
        if mine is None or mine.suppressed not in (None, "incident") or mine.incident is not None:
            return
        others = [
            alert
            for alert in self._ledger.of_kind(outages.CYCLER)
            if alert.burning and "resuming_since" not in alert.evidence and outages.belongs(mine, alert)
        ]
        above = next((a for a in map(self._ledger.by_id, [o.incident for o in others]) if a and a.burning), None)
        if len(others) < 2:
            return
        places = {channel: self._nodes.place(channel) for alert in others for channel in alert.channels}
        found = outages.outage(others, places)
        members = tuple(dict.fromkeys([*(a.id for a in others), *(m for a in others for m in a.members)]))
        if above is None:
            self._begin(found.but(members=members), mine.seen_at)
            above = self._ledger.by_id(found.id)
        else:
            grown = above.but(members=members, channels=found.channels, message=found.message, evidence=found.evidence)
            grown = grown.but(was=noted(above, mine.seen_at))
            self._ledger.put(grown.but(scope=found.scope), before=above)
        for alert in others:
            if above is not None and alert.incident is None:
                self._ledger.put(
                    alert.but(incident=above.id, suppressed="incident", tell_at=None, state=State.ACTIVE.value)
                )

    def _finish_silence(self, incident: Alert, at: float) -> None:
        """Everybody is back. Who was cut off for a moment only, and lost nothing, is nobody's business."""
        over = outages.understood(incident)
        over = over.but(was=noted(over, at))
        untold = over.announced_at is None and over.suppressed is None
        if untold and over.kind == outages.NETWORK and outages.harmless(over):
            over = over.but(severity=Severity.P4)
        over = over.but(message=outages.summary(over), action=outages.advice(over), tell_at=None)
        if untold and over.kind in (outages.POWER, outages.NETWORK) and over.severity is not Severity.P4:
            over = told(over, at)
        ended = settled(cleared(over, at, at))
        self._ledger.put(ended, before=incident)
        if ended.announced_at is not None:
            first = f" First: {ended.action}" if ended.action else ""
            self._ledger.tell([ended], "opened" if untold else "resolved", at, f"{ended.message}{first}")

    def leave(self, incident: Alert, now: float) -> None:
        """Who is not back 15 minutes after the first are is told in one further notice; that is how it went."""
        inner = [a for a in self._ledger.open() if a.incident == incident.id and a.members]
        ids = {incident.id, *(alert.id for alert in inner)}
        away = [a for a in self._ledger.open() if a.incident in ids and a.kind == outages.CHANNEL and a.burning]
        for alert in away if announced(incident) else ():
            worse = worsened(alert, Severity.P2, now) if alert.kind in self._escalating else alert
            self._ledger.put(told(worse.but(suppressed=None), now))
        for one in inner:
            self._ledger.put(settled(cleared(one, now, now)))
        over = outages.understood(incident)
        reason = "opened" if over.announced_at is None else "resolved"
        over = over.but(was=noted(over, now), message=outages.summary(over), action=outages.advice(over))
        ended = settled(cleared(over.but(tell_at=None), float(over.evidence["resuming_since"]), now))
        self._ledger.put(ended, before=incident)
        first = f" First: {ended.action}" if ended.action else ""
        self._ledger.tell([ended], reason, now, f"{ended.message}{first}")

    def danger(self, alert: Alert, at: float) -> list[Alert]:
        """The power cuts that a chamber which has left its limits makes dangerous."""
        cuts = [cut for cut in self._ledger.of_kind(outages.POWER) if set(alert.channels) & set(cut.channels)]
        return [worse for cut in cuts if (worse := worsened(cut, Severity.P1, at)) is not cut]
