"""The life of alerts: opened by a finding, changed by people, closed when the reason has gone.

Everything here is a pure function of the alert, what happened and when; the same functions serve the watching
process, the replay and the pages.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from cycling.life import acknowledged
from cycling.types import Alert, Comment


def alert_id(kind: str, scope: str, opened_at: float) -> str:
    """The same finding gets the same id in every replay and after every restart."""
    key = f"{kind}|{scope}|{opened_at:.3f}".encode()
    return hashlib.blake2b(key, digest_size=8).hexdigest()


def worst(alerts: Iterable[Alert]) -> str:
    """The most severe of the alerts, or "" when there are none."""
    return min((alert.severity.value for alert in alerts), default="")


def apply(alert: Alert, entry: Mapping[str, Any]) -> Alert:
    """The alert after what a person said of it; other kinds of journal entries leave it as it is.

    An entry is ``{"kind": acknowledge | shelve | unshelve | out-of-service | return-to-service | comment, "alert": id,
    "who", "at", …}``.
    """
    if entry.get("alert") != alert.id:
        return alert
    at, who = float(entry["at"]), str(entry["who"])
    match entry["kind"]:
        case "acknowledge":
            return acknowledged(alert, at, who)
        case "shelve":
            return shelved(alert, at + 60 * float(entry["minutes"]))
        case "unshelve":
            return unshelved(alert, math.inf)
        case "out-of-service":
            return alert.but(out_of_service_at=alert.out_of_service_at or at)
        case "return-to-service":
            return alert.but(out_of_service_at=None)
        case "comment":
            comment = Comment(at=at, who=who, text=str(entry["text"]))
            known = comment in alert.comments  # an entry may be applied again after a restart
            return alert if known else alert.but(comments=(*alert.comments, comment))
    return alert


def released(alert: Alert, now: float) -> Alert:
    """What silenced it is over; a shelf may still stand."""
    on_shelf = alert.shelved_until is not None and alert.shelved_until > now
    return alert.but(suppressed="shelved" if on_shelf else None)


def shelved(alert: Alert, until: float) -> Alert:
    """Nobody is told of it until then."""
    return alert.but(shelved_until=until, suppressed=alert.suppressed or "shelved")


def unshelved(alert: Alert, now: float) -> Alert:
    """A shelf ends by itself."""
    if alert.shelved_until is None or alert.shelved_until > now:
        return alert
    return alert.but(shelved_until=None, suppressed=None if alert.suppressed == "shelved" else alert.suppressed)
