"""What people are told, and when: alerts of one kind that come together are one notice, the worst five by name.

A notice waits a moment for siblings, because the rest of a burst is on its way: at most 1.5 s, and danger a third of
a second. Silence waits longer (its alerts carry their own time), for most silences are short restarts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cycling.scope_words import place
from cycling.types import Alert, Notice, Severity

ANNOUNCED = (Severity.P1, Severity.P2, Severity.P3)  # P4 is for the log only
QUIET_SECONDS, MOST_SECONDS = 0.25, 1.5  # without a sibling; in all
DANGER_QUIET_SECONDS, DANGER_MOST_SECONDS = 0.1, 0.3
NAMED = 5
LONGEST = 1500  # characters of a text


def tell_at(first: float, last: float, severity: Severity) -> float:
    """When a group is told whose alerts were seen from ``first`` to ``last``."""
    danger = severity is Severity.P1
    quiet, most = (DANGER_QUIET_SECONDS, DANGER_MOST_SECONDS) if danger else (QUIET_SECONDS, MOST_SECONDS)
    return min(first + most, last + quiet)


def next_minute(at: float) -> float:
    """When what nobody waits for is told: many that get worse, or well, shortly after one another are one notice."""
    return math.ceil(at / 60.0) * 60.0


def announced(alert: Alert) -> bool:
    """Whether people are told of an alert as it is now."""
    return alert.suppressed is None and alert.out_of_service_at is None and alert.severity in ANNOUNCED


def worst_first(alerts: Iterable[Alert]) -> list[Alert]:
    def need(alert: Alert) -> tuple[int, float, float, str]:
        return (alert.severity.rank, -_excess(alert), alert.opened_at, alert.scope)

    return sorted(alerts, key=need)


def notice(alerts: Sequence[Alert], reason: str, at: float, text: str | None = None) -> Notice | None:
    """One notice of one or several alerts of a kind, or None where nobody is to be told of any of them."""
    told = worst_first(alert for alert in alerts if announced(alert))
    if not told:
        return None
    first = told[0]
    channels = tuple(dict.fromkeys(channel for alert in told for channel in alert.channels))
    return Notice(
        id=f"{first.id}-{reason}-{first.severity.value}" + (f"-{first.raised}" if first.raised > 1 else ""),
        sent_at=at,
        alert=first.id,
        severity=first.severity,
        reason=reason,
        text=(text or _text(told, reason))[:LONGEST],
        channel_count=len(channels),
        kind=first.kind,
        scope=first.scope if len(told) == 1 else "lab",
        channels=channels,
        alerts=tuple(alert.id for alert in told),
        opened_at=min(alert.opened_at for alert in told),
    )


def where(alert: Alert) -> str:
    """What an alert is about, by name: its channel, or the part of the lab."""
    kind, _, name = alert.scope.partition(":")
    return name if kind == "batch" and name else place(alert.scope)


def named(channels: Sequence[str]) -> str:
    """The first five by name, and how many more there are."""
    more = len(channels) - NAMED
    return ", ".join(channels[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _text(told: Sequence[Alert], reason: str) -> str:
    first = told[0]
    word = "Resolved: " if reason == "resolved" else ""
    action = f" First: {first.action}" if first.action and reason != "resolved" else ""
    if len(told) == 1:
        return f"{word}{first.message}{action}"
    names = named([where(alert) for alert in told])
    kind = first.kind.replace("-", " ")
    return f"{word}{len(told)} × {kind}: {names}. The worst: {first.message}{action}"


def _excess(alert: Alert) -> float:
    value = alert.evidence.get("excess", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
