"""Reminders of open alerts that nobody has acknowledged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cycling.recording import span
from cycling.routing import Routing
from cycling.types import Alert, Notice

FORGET_SECONDS = 86_400.0  # after the last word; the resolving notice of a closed alert has come by then


@dataclass(frozen=True, kw_only=True)
class ToldOf:
    """To whom an alert was announced, and when it was last told of: what follows goes where its beginning went."""

    alert: str
    alerts: tuple[str, ...]  # all that the notice told of
    targets: Mapping[str, float]  # the target, and the UTC second before which it is not told
    at: float
    reminders: int = 0


def reminder(told: ToldOf, alerts: Mapping[str, Alert], routing: Routing, now: float) -> Notice | None:
    """What to tell again now, or None. ``alerts`` are the open ones by id."""
    waiting = [alerts[one] for one in told.alerts if one in alerts and _is_waiting(alerts[one])]
    if not waiting:
        return None
    first = min(waiting, key=lambda alert: (alert.severity.rank, alert.id != told.alert, alert.opened_at))
    every = routing.remind_seconds(first.severity)
    if every <= 0 or now - told.at < every:
        return None
    channels = tuple(dict.fromkeys(channel for alert in waiting for channel in alert.channels))
    since = min(alert.opened_at for alert in waiting)
    state = "Not acknowledged" if all(alert.cleared_at for alert in waiting) else "Still open and not acknowledged"
    action = f" First: {first.action}" if first.action else ""
    return Notice(
        id=f"{told.alert}-reminder-{told.reminders + 1}" + (f"-{first.raised}" if first.raised > 1 else ""),
        sent_at=now,
        alert=first.id,
        severity=first.severity,
        reason="reminder",
        text=f"{state} after {span(now - since)}: {first.message}{action}",
        channel_count=len(channels),
        kind=first.kind,
        scope=first.scope,
        channels=channels,
        alerts=tuple(alert.id for alert in waiting),
        opened_at=since,
    )


def forgotten(told: Iterable[ToldOf], alerts: Mapping[str, Alert], now: float) -> list[str]:
    """Of which nothing more will be said: all their alerts are closed, and were told of long ago."""
    return [
        one.alert
        for one in told
        if now - one.at > FORGET_SECONDS and not any(alert in alerts for alert in (one.alert, *one.alerts))
    ]


def _is_waiting(alert: Alert) -> bool:
    """Whether somebody should act: never what is suppressed (by the incident it is part of, too), shelved or out of
    service."""
    return (
        alert.open
        and alert.acknowledged_at is None
        and alert.suppressed is None
        and alert.shelved_until is None
        and alert.out_of_service_at is None
    )
