"""The life of an alert as a table: which state follows when something happens to it.

The states are those of ISA-18.2 and OPC UA Part 9, under plain names. Shelved, suppressed and out of service are no
states of this table: they silence an alert whatever state it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cycling.types import Alert, Severity, Was

MOST_NOTED = 20  # sayings of an alert that are kept; an alert that gets wider all the time forgets its oldest


class State(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"  # found; waits for others of its cause before people are told
    ACTIVE = "active"  # told, nobody has answered
    ACKNOWLEDGED = "acknowledged"
    CLEARING = "clearing"  # the condition has gone; if it comes back at once, it is the same alert
    RETURNED = "returned"  # gone, but nobody has acknowledged it, and it is dangerous enough to wait for that (latched)
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to an alert."""

    TOLD = "told"
    RAISED = "raised"  # the condition is there again
    WORSENED = "worsened"  # a higher severity needs a new acknowledgement
    CLEARED = "cleared"
    SETTLED = "settled"  # it has stayed away for long enough
    LATCHED = "latched"  # the same, for an alert that waits for its acknowledgement
    ACKNOWLEDGED = "acknowledged"


S, E = State, Event
TABLE: Mapping[tuple[State, Event], State] = {
    (S.PENDING, E.TOLD): S.ACTIVE,
    (S.PENDING, E.CLEARED): S.CLEARING,
    (S.PENDING, E.ACKNOWLEDGED): S.ACKNOWLEDGED,
    (S.ACTIVE, E.CLEARED): S.CLEARING,
    (S.ACTIVE, E.ACKNOWLEDGED): S.ACKNOWLEDGED,
    (S.ACKNOWLEDGED, E.WORSENED): S.ACTIVE,
    (S.ACKNOWLEDGED, E.CLEARED): S.CLEARING,
    (S.CLEARING, E.RAISED): S.ACTIVE,
    (S.CLEARING, E.ACKNOWLEDGED): S.CLOSED,  # whoever has seen that it is over wants to hear when it comes back
    (S.CLEARING, E.SETTLED): S.CLOSED,
    (S.CLEARING, E.LATCHED): S.RETURNED,
    (S.RETURNED, E.RAISED): S.ACTIVE,
    (S.RETURNED, E.ACKNOWLEDGED): S.CLOSED,
    (S.RETURNED, E.SETTLED): S.CLOSED,  # it came back as a new alert, which tells of it
}  # whatever else happens leaves the state as it is


def after(state: State, event: Event) -> State:
    """The state that follows."""
    return TABLE.get((state, event), state)


def latched(alert: Alert) -> bool:
    """Whether the alert waits for somebody to acknowledge it, even when its condition has gone. Members do not: their
    incident does."""
    return alert.severity is Severity.P1 and alert.acknowledged_at is None and alert.suppressed != "incident"


def told(alert: Alert, at: float) -> Alert:
    """People were told."""
    return _moved(alert, Event.TOLD).but(announced_at=alert.announced_at or at, tell_at=None)


def cleared(alert: Alert, at: float, settle_at: float) -> Alert:
    """The condition went away ``at``: nothing is wrong any more. It counts as gone once ``settle_at`` is reached
    without it coming back; until then it may open again."""
    if alert.cleared_at is not None:
        return alert
    gone = max(at, alert.opened_at)
    cleared_alert = _moved(alert, Event.CLEARED).but(cleared_at=gone, settle_at=settle_at)
    return cleared_alert if latched(alert) else cleared_alert.but(closed_at=gone)


def raised(alert: Alert) -> Alert:
    """The condition is there again, so soon that it is the same alert, and nobody is told again."""
    if State(alert.state) not in (State.CLEARING, State.RETURNED):
        return alert
    back = _moved(alert, Event.RAISED).but(cleared_at=None, closed_at=None, settle_at=None, raised=alert.raised + 1)
    return back if alert.acknowledged_at is None else _moved(back, Event.ACKNOWLEDGED)


def worsened(alert: Alert, severity: Severity, at: float) -> Alert:
    """Severity only ratchets up while an alert is open; a higher one wants a new acknowledgement."""
    if severity.rank >= alert.severity.rank or not alert.burning:
        return alert
    worse = _moved(alert, Event.WORSENED).but(severity=severity, acknowledged_at=None, acknowledged_by=None)
    return worse.but(was=noted(alert, at))


def noted(alert: Alert, at: float, apart: float = 0.0) -> tuple[Was, ...]:
    """What the alert has said so far, once it says something else from ``at`` on; what it said for less than ``apart``
    seconds is not worth keeping."""
    if alert.was and at - alert.was[-1].until < apart:
        return alert.was
    now = Was(until=at, severity=alert.severity, message=alert.message, action=alert.action)
    return (*alert.was, now)[-MOST_NOTED:]


def settled(alert: Alert, superseded: bool = False) -> Alert:
    """The condition has stayed away: the alert is over, unless it is latched; ``superseded`` by a new one of its kind
    it is over in any case."""
    if latched(alert) and not superseded:
        return _moved(alert, Event.LATCHED).but(settle_at=None)
    ended = _moved(alert, Event.SETTLED)
    return ended.but(settle_at=None, closed_at=alert.cleared_at) if ended.state == State.CLOSED else ended


def acknowledged(alert: Alert, at: float, who: str) -> Alert:
    """Somebody has seen it; the first acknowledgement counts. One that only waited for it is over."""
    if alert.acknowledged_at is not None:
        return alert
    seen = _moved(alert, Event.ACKNOWLEDGED).but(acknowledged_at=at, acknowledged_by=who)
    if seen.state != State.CLOSED or alert.ended:
        return seen
    return seen.but(settle_at=None, closed_at=alert.closed_at or max(at, alert.opened_at))


def _moved(alert: Alert, event: Event) -> Alert:
    return alert.but(state=after(State(alert.state), event).value)
