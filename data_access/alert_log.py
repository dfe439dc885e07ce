"""The whole log of alerts, archive and live together, and how good they were."""

from __future__ import annotations

from cycling.alarm_quality import DAY, Quality, quality
from cycling.alarm_rates import TEN_MINUTES
from cycling.alert_search import Asked, Surroundings, search
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


def page_of_log(
    lab: Lab, since: float | None, asked: Asked, around: Surroundings, skip: int, limit: int | None
) -> tuple[list[Alert], int]:
    """Of all alerts that fit, newest first, those of one page, and how many older ones fit besides. Raises StoreAway.

    Where the archive can tell by itself what fits, it is asked for no more than the page needs.
    """
    channel = asked.channel or None
    newer = search(lab.live.alerts(since=since, channel=channel), asked, around)
    known = {alert.id for alert in lab.live.alerts()}
    like = {name: [value] for name, value in (("kind", asked.kind), ("severity", asked.severity)) if value}
    if limit is not None and not (asked.find or asked.cycler or asked.chamber or asked.batch or asked.owner):
        ids = [found for found in lab.archive.alert_ids(since, channel, like) if found[1] not in known]
        places = sorted([*ids, *((alert.opened_at, alert.id) for alert in newer)], key=lambda one: (-one[0], one[1]))
        wanted = [name for _, name in places[skip : skip + limit]]
        by_id = {alert.id: alert for alert in newer}
        older = [name for name in wanted if name not in by_id]
        by_id |= {alert.id: alert for alert in (lab.archive.alerts(like={"id": older}) if older else ())}
        return [by_id[name] for name in wanted if name in by_id], max(len(places) - skip - limit, 0)
    told = lab.archive.alerts(since=since, channel=channel, like=like, words=asked.find)
    older_ones = search((alert for alert in told if alert.id not in known), asked, around)
    found = sorted([*older_ones, *newer], key=lambda alert: (-alert.opened_at, alert.id))[skip:]
    shown = found[:limit]
    return shown, len(found) - len(shown)


def quality_of(lab: Lab, days: int, now: float) -> Quality:
    """How good the alerts of the last days were, or of the time since the first reading. Raises StoreAway."""
    log = log_between(lab, now - days * DAY, now)
    begun = [first_reading(lab), *(alert.opened_at for alert in log)]  # of a young lab nothing may be archived yet
    first = min((at for at in begun if at is not None), default=now)
    since = min(max(now - days * DAY, first), now - TEN_MINUTES)  # a young lab must not look calm by its age
    return quality(log, lab.live.notices(MOST_NOTICES), since, now)


def first_reading(lab: Lab) -> float | None:
    """When the archive begins, None before its first reading. Raises StoreAway."""
    return min((file.first for file in fleet.plan(lab.archive).files), default=None)
