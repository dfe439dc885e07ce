"""What was known at a moment that has gone: alerts and channels as they were then, from what is known today.

Pure functions; data_access.as_it_was reads what they are given. Of an alert only the newest record is kept, but
that says what it was before it got worse; its members are those that there were by then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from cycling.alerts import apply, unshelved, worst
from cycling.context import CHARGE, DIRECTION_OF_STEP, DISCHARGE, REST
from cycling.life import State
from cycling.newest import phase_of
from cycling.silence import INTERVALS, USUAL_CADENCE
from cycling.topology import Place
from cycling.types import Alert, ChannelState

DAY = 86_400.0  # a full frame also has the alerts that closed within it
SAID = ("shelve", "unshelve", "out-of-service", "return-to-service")  # what only the journal has the times of
SEEN = "acknowledge"  # the alert forgets it when it gets worse
FEW = 3  # intervals that are needed to learn a cadence
NO_CURRENT = 0.01  # of the largest current: less is rest


def alerts_then(alerts: Iterable[Alert], entries: Iterable[Mapping[str, Any]], then: float) -> list[Alert]:
    """The alerts that were open at ``then`` or had closed in the day before, each as it was.

    ``entries``: the journal in its order. An alert is there from ``opened_at`` on, also when it was found a little
    later.
    """
    known = {alert.id: alert for alert in alerts if alert.opened_at <= then}
    said: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        if entry["kind"] in (SEEN, *SAID) and float(entry["at"]) <= then and entry.get("alert") in known:
            said.setdefault(str(entry["alert"]), []).append(entry)
    found = [_then(alert, said.get(alert.id, ()), known, then) for alert in known.values()]
    return [alert for alert in found if alert.closed_at is None or alert.closed_at > then - DAY]


def _then(alert: Alert, said: Iterable[Mapping[str, Any]], known: Mapping[str, Alert], then: float) -> Alert:
    def by_then(at: float | None) -> float | None:
        return at if at is not None and at <= then else None

    explained = alert.suppressed == "incident" and (alert.incident is None or alert.incident in known)
    kept = alert.suppressed if alert.suppressed in ("maintenance", "design") or explained else None
    seen = by_then(alert.acknowledged_at)
    said_then = next((was for was in alert.was if was.until > then), alert)
    was = alert.but(
        severity=said_then.severity,
        message=said_then.message,
        action=said_then.action,
        was=tuple(one for one in alert.was if one.until <= then),
        closed_at=by_then(alert.closed_at),
        cleared_at=by_then(alert.cleared_at),
        announced_at=by_then(alert.announced_at),
        acknowledged_at=seen,
        acknowledged_by=None if seen is None else alert.acknowledged_by,
        settle_at=None,
        tell_at=None,
        shelved_until=None,
        out_of_service_at=None,
        suppressed=kept,
        incident=alert.incident if alert.incident in known else None,
        members=tuple(member for member in alert.members if member in known),
        comments=tuple(comment for comment in alert.comments if comment.at <= then),
    )
    since = _worsened_at(alert, then)
    for entry in said:
        if entry["kind"] != SEEN or float(entry["at"]) >= since:
            was = apply(was, entry)
    return unshelved(was.but(state=_state(was)), then)


def _worsened_at(alert: Alert, then: float) -> float:
    """When its severity last rose by then: what was acknowledged before wants it again."""
    severities = [*(was.severity for was in alert.was), alert.severity]
    rises = (was.until for was, after in zip(alert.was, severities[1:], strict=True) if was.severity is not after)
    return max((at for at in rises if at <= then), default=-math.inf)


def _state(alert: Alert) -> str:
    if alert.closed_at is not None:
        return State.CLOSED.value
    if alert.cleared_at is not None:
        return State.RETURNED.value
    return (State.ACTIVE if alert.acknowledged_at is None else State.ACKNOWLEDGED).value


def by_channel(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """The open alerts of every channel."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        for channel in alert.channels if alert.open else ():
            found.setdefault(channel, []).append(alert)
    return found


def state_then(
    row: Mapping[str, Any],
    place: Place,
    *,
    cadence: float,
    largest_ampere: float,
    cycle_count: int | None,
    health: float | None,
    alerts: Sequence[Alert],
) -> ChannelState:
    """A channel as its newest reading showed it. ``row`` has the columns of a reading, missing ones None;
    ``largest_ampere`` is the largest current of its last day, against which a small one is a rest."""
    arrival = row.get("arrival_time_second")
    return ChannelState(
        channel=place.channel,
        cycler=place.cycler,
        chamber=place.chamber,
        phase=phase_of(_direction(row, largest_ampere), row.get("channel_status")),
        unix_time_second=row["unix_time_second"],
        arrival_time_second=row["unix_time_second"] if arrival is None else arrival,
        cadence_second=cadence,
        latest=row,
        test=row.get("test"),
        cycle_count=cycle_count,
        state_of_health=health,
        alerts=len(alerts),
        severity=worst(alerts),
        source=place.source,
    )


def cadence_of(place: Place, arrivals: Iterable[float], otherwise: float | None) -> float:
    """How often a channel reports, in s: as lab.toml says, else the median of its newest intervals."""
    if place.poll_seconds is not None:
        return place.poll_seconds
    times = sorted(set(arrivals))[-INTERVALS - 1 :]
    if len(times) > FEW:
        return median(after - before for before, after in pairwise(times))
    return USUAL_CADENCE if otherwise is None else otherwise


def _direction(row: Mapping[str, Any], largest_ampere: float) -> float:
    declared = DIRECTION_OF_STEP.get(row.get("step_type") or "")
    if declared is not None:
        return declared
    current = row.get("current_ampere")
    if current is None or not abs(current) > NO_CURRENT * largest_ampere:  # NaN is no current either
        return REST
    return CHARGE if current > 0 else DISCHARGE
