"""The life of alerts: opened by a finding, changed by people, closed when the reason has gone.

Everything here is a pure function of the alert, what happened and when; the same functions serve the watching
process, the replay and the pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from cycling.types import Alert, Comment, Notice, Severity

ANNOUNCED = (Severity.P1, Severity.P2, Severity.P3)  # P4 is for the log only


def alert_id(kind: str, scope: str, opened_at: float) -> str:
    """The same finding gets the same id in every replay and after every restart."""
    key = f"{kind}|{scope}|{opened_at:.3f}".encode()
    return hashlib.blake2b(key, digest_size=8).hexdigest()


def worst(alerts: Iterable[Alert]) -> str:
    """The most severe of the alerts, or "" when there are none."""
    return min((alert.severity.value for alert in alerts), default="")


def escalated(alert: Alert, severity: Severity) -> Alert:
    """Severity only ratchets up while an alert is open."""
    return alert.but(severity=severity) if severity.rank < alert.severity.rank else alert


def apply(alert: Alert, entry: Mapping[str, Any]) -> Alert:
    """The alert after what a person said of it; other kinds of journal entries leave it as it is.

    An entry is ``{"kind": acknowledge | shelve | comment, "alert": id, "who", "at", …}``.
    """
    if entry.get("alert") != alert.id:
        return alert
    at, who = float(entry["at"]), str(entry["who"])
    match entry["kind"]:
        case "acknowledge" if alert.acknowledged_at is None:
            return alert.but(acknowledged_at=at, acknowledged_by=who)
        case "shelve":
            until = at + 60 * float(entry["minutes"])
            return alert.but(shelved_until=until, suppressed=alert.suppressed or "shelved")
        case "comment":
            comment = Comment(at=at, who=who, text=str(entry["text"]))
            known = comment in alert.comments  # an entry may be applied again after a restart
            return alert if known else alert.but(comments=(*alert.comments, comment))
    return alert


def unshelved(alert: Alert, now: float) -> Alert:
    """A shelf ends by itself."""
    if alert.shelved_until is None or alert.shelved_until > now:
        return alert
    return alert.but(shelved_until=None, suppressed=None if alert.suppressed == "shelved" else alert.suppressed)


def notice(alert: Alert, reason: str, at: float) -> Notice | None:
    """What to tell of an alert for one of the reasons, or None where nobody is to be told."""
    if alert.suppressed or alert.severity not in ANNOUNCED:
        return None
    word = "Resolved: " if reason == "resolved" else ""
    action = f" First: {alert.action}" if alert.action and reason != "resolved" else ""
    return Notice(
        id=f"{alert.id}-{reason}-{alert.severity.value}",
        sent_at=at,
        alert=alert.id,
        severity=alert.severity,
        reason=reason,
        text=f"{word}{alert.message}{action}"[:1500],
        channel_count=len(alert.channels),
    )
