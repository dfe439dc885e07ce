"""What time alone will do to an alert, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cycling.announcing import next_minute
from cycling.causes import LEFT_BEHIND_SECONDS
from cycling.outages import told_by_cause
from cycling.planned import Planned
from cycling.types import Alert, Severity


def turns(
    alert: Alert, above: Alert | None, escalations: Mapping[str, float], planned: Planned
) -> list[tuple[float, str]]:
    """Moments, in seconds of the watch, and what is due then: a key of the book's ``TURNS``.

    ``above`` is the incident that explains the alert; ``escalations`` are the seconds after which P3 of a kind is P2.
    """
    found = []
    if alert.tell_at is not None:
        found.append((alert.tell_at, "tell"))
    if alert.settle_at is not None:
        found.append((alert.settle_at, "settle"))
    if alert.shelved_until is not None:
        found.append((alert.shelved_until, "unshelve"))
    if alert.suppressed == "maintenance":
        found.append((planned.end(alert), "resume"))
    if alert.burning:
        found += _of_burning(alert, above, escalations)
    return [(when, what) for when, what in found if when < math.inf]


def _of_burning(alert: Alert, above: Alert | None, escalations: Mapping[str, float]) -> list[tuple[float, str]]:
    found = []
    within = above is not None and above.burning
    if alert.severity is Severity.P3 and alert.kind in escalations and alert.suppressed != "incident":
        found.append((next_minute(alert.opened_at + escalations[alert.kind]), "escalate"))
    if "resuming_since" in alert.evidence and alert.members and not within:  # an outage speaks for its cyclers
        found.append((float(alert.evidence["resuming_since"]) + LEFT_BEHIND_SECONDS, "leave"))
    if alert.suppressed == "incident" and not within and not told_by_cause(alert, above):
        since = (above.cleared_at or above.closed_at) if above else None
        found.append(((since or alert.seen_at) + LEFT_BEHIND_SECONDS, "outlast"))
    return found
