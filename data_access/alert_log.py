"""The whole log of alerts, archive and live together, and how good they were."""

from __future__ import annotations

from cycling.alarm_quality import DAY, Quality, quality
from cycling.alarm_rates import TEN_MINUTES
from cycling.types import Alert
from data_access import fleet
from data_access.lab import Lab

MOST_NOTICES = 1_000_000  # more than a lab keeps


def whole_log(lab: Lab) -> list[Alert]:
    """Every alert there ever was, as it is known now. Raises StoreAway."""
    newest = {alert.id: alert for alert in lab.live.alerts()}
    archived = [alert for alert in lab.archive.alerts() if alert.id not in newest]
    return [*archived, *newest.values()]


def log_between(lab: Lab, start: float, end: float) -> list[Alert]:
    """Every alert that was open at some time from ``start`` to ``end`` (UTC s), as it is known now. Raises StoreAway.

    What the live store has is newer than what is archived.
    """
    newest = {alert.id: alert for alert in lab.live.alerts()}
    older = [alert for alert in lab.archive.alerts(opened_by=end, closed_after=start) if alert.id not in newest]
    return [*older, *newest.values()]


def quality_of(lab: Lab, days: int, now: float) -> Quality:
    """How good the alerts of the last days were, or of the time since the first reading. Raises StoreAway."""
    log = whole_log(lab)
    begun = [first_reading(lab), *(alert.opened_at for alert in log)]  # of a young lab nothing may be archived yet
    first = min((at for at in begun if at is not None), default=now)
    since = min(max(now - days * DAY, first), now - TEN_MINUTES)  # a young lab must not look calm by its age
    return quality(log, lab.live.notices(MOST_NOTICES), since, now)


def first_reading(lab: Lab) -> float | None:
    """When the archive begins, None before its first reading. Raises StoreAway."""
    return min((file.first for file in fleet.plan(lab.archive).files), default=None)
