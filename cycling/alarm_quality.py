"""How good the alerts themselves are: how many come, in what rush, and which for nothing, from the log of alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cycling.alarm_figures import Figure, figures
from cycling.alarm_rates import TEN_MINUTES, Flood, chatters, floods, most_within, must_have_chattered, per_slice
from cycling.announcing import ANNOUNCED
from cycling.types import Alert, Notice, Severity

DAY, HOUR = 86_400.0, 3600.0
CROWDED_TEN_MINUTES, CROWDED_HOUR = 10, 30
FLEETING_SECONDS = 60.0  # gone before anyone can have looked
STALE_SECONDS = DAY
TOP = 10
ENOUGH_FOR_TOP = 200  # ten sources of fewer alerts have more than 5 % of them even if no two were alike
ENOUGH_FOR_MIX = 20


@dataclass(frozen=True, kw_only=True)
class Source:
    """What keeps coming: a kind of alert at one place, how often, and which part that is of all."""

    kind: str
    scope: str
    alerts: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Day:
    """24 hours counted from the begin: the alerts that came, and those that were open for more than a day."""

    since: float
    until: float
    alerts: int
    stale: int


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Everything there is to tell of a stretch of time; ``alerts`` are those that people were told of."""

    since: float
    until: float
    alerts: int
    figures: tuple[Figure, ...]
    days: tuple[Day, ...]
    floods: tuple[Flood, ...]
    top: tuple[Source, ...]
    chattering: tuple[Source, ...]
    fleeting: tuple[Source, ...]
    stale: tuple[str, ...]  # ids
    severities: Mapping[str, int]
    suppressed: Mapping[str, int]  # why it was not announced -> how many
    notices: Mapping[str, int]  # reason -> how many messages
    unacknowledged: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, under the names of the API."""
        return asdict(self) | {"figures": [figure.to_json() for figure in self.figures]}


def announced_at(alert: Alert) -> float | None:
    """When people were told, None when they were not. What is older than this field was told as it opened."""
    if alert.announced_at is not None:
        return alert.announced_at
    return alert.opened_at if not alert.suppressed and alert.severity in ANNOUNCED else None


def quality(alerts: Iterable[Alert], notices: Iterable[Notice], since: float, until: float) -> Quality:
    """How good the alerts of [since, until) were, as it is known at ``until``."""
    log = sorted((alert for alert in alerts if alert.opened_at < until), key=lambda alert: (alert.opened_at, alert.id))
    told = {alert.id: at for alert in log if (at := announced_at(alert)) is not None and at < until}
    heard = [alert for alert in log if alert.id in told]
    came = [alert for alert in heard if told[alert.id] >= since]
    times = sorted(told[alert.id] for alert in came)
    days, rushes = _days(heard, times, since, until), floods(times, until)
    top, chattering = _sources(came, of=len(came)), _chattering(came, until)
    noisy = {(source.kind, source.scope) for source in chattering}
    fleeting = _sources([a for a in came if _is_fleeting(a) and (a.kind, a.scope) not in noisy], of=len(came))
    stale = tuple(a.id for a in heard if _stands(a, until) and until - a.opened_at > STALE_SECONDS)
    waits = [max(0.0, a.acknowledged_at - told[a.id]) for a in came if a.acknowledged_at is not None]
    severities = {severity.value: sum(a.severity is severity for a in came) for severity in Severity}
    values = {
        **_rates(times, days, since, until),
        "in-flood": sum(flood.until - flood.since for flood in rushes) / (until - since),
        "top-ten": sum(s.share for s in top[:TOP]) if len(came) >= ENOUGH_FOR_TOP else None,
        "chattering": len(chattering),
        "fleeting": sum(source.alerts for source in fleeting),
        "stale": len(stale),
        "stale-worst-day": max(day.stale for day in days),
        "standing": sum(_stands(alert, until) for alert in heard),
        "shelved": sum(_is_shelved(alert, until) for alert in log),
        "out-of-service": sum(_is_out_of_service(alert, until) for alert in log),
        "danger": severities["P1"] / len(came) if len(came) >= ENOUGH_FOR_MIX else None,
        "call": severities["P2"] / len(came) if len(came) >= ENOUGH_FOR_MIX else None,
        "acknowledged-half": float(np.quantile(waits, 0.5)) if waits else None,
        "acknowledged-most": float(np.quantile(waits, 0.95)) if waits else None,
    }
    return Quality(
        since=since,
        until=until,
        alerts=len(came),
        figures=figures(values),
        days=days,
        floods=tuple(rushes),
        top=top[:TOP],
        chattering=chattering,
        fleeting=fleeting,
        stale=stale,
        severities=severities,
        suppressed=Counter(a.suppressed for a in log if a.suppressed and since <= a.opened_at),
        notices=Counter(notice.reason for notice in notices if since <= notice.sent_at < until),
        unacknowledged=sum(alert.acknowledged_at is None for alert in came),
    )


def _rates(times: Sequence[float], days: Sequence[Day], since: float, until: float) -> dict[str, float]:
    each = len(times) / (until - since)
    return {
        "a-day": each * DAY,
        "worst-day": max(day.alerts for day in days),
        "ten-minutes": each * TEN_MINUTES,
        "worst-ten-minutes": most_within(times, TEN_MINUTES),
        "crowded-ten-minutes": float(np.mean(per_slice(times, since, until, TEN_MINUTES) > CROWDED_TEN_MINUTES)),
        "crowded-hours": float(np.mean(per_slice(times, since, until, HOUR) > CROWDED_HOUR)),
    }


def _days(heard: Sequence[Alert], times: Sequence[float], since: float, until: float) -> tuple[Day, ...]:
    counts = per_slice(times, since, until, DAY)
    begins = [since + DAY * place for place in range(len(counts))]
    return tuple(
        Day(since=begin, until=min(begin + DAY, until), alerts=int(count), stale=_stale_on(heard, begin, until))
        for begin, count in zip(begins, counts, strict=True)
    )


def _stale_on(heard: Sequence[Alert], begin: float, until: float) -> int:
    """How many were, at some moment of the day, open for more than 24 h."""
    end = min(begin + DAY, until)
    return sum(
        alert.opened_at + STALE_SECONDS < min(end, _end(alert, until)) and _end(alert, until) > begin for alert in heard
    )


def _end(alert: Alert, until: float) -> float:
    return until if alert.closed_at is None else min(alert.closed_at, until)


def _is_open(alert: Alert, at: float) -> bool:
    return alert.closed_at is None or alert.closed_at > at


def _is_shelved(alert: Alert, at: float) -> bool:
    return _is_open(alert, at) and alert.shelved_until is not None and alert.shelved_until > at


def _is_out_of_service(alert: Alert, at: float) -> bool:
    return _is_open(alert, at) and alert.out_of_service_at is not None and alert.out_of_service_at <= at


def _stands(alert: Alert, at: float) -> bool:
    """Whether it is open and nobody put it aside."""
    return _is_open(alert, at) and not _is_shelved(alert, at) and not _is_out_of_service(alert, at)


def _is_fleeting(alert: Alert) -> bool:
    ends = [end for end in (alert.cleared_at, alert.closed_at) if end is not None]
    return bool(ends) and alert.raised == 1 and min(ends) - alert.opened_at < FLEETING_SECONDS


def _chattering(came: Sequence[Alert], until: float) -> tuple[Source, ...]:
    """The sources that came three times in a minute, alert by alert or within one; busiest first."""
    begun: dict[tuple[str, str], list[float]] = {}
    found = set()
    for alert in came:
        key = (alert.kind, alert.scope)
        begun.setdefault(key, []).append(alert.opened_at)
        if must_have_chattered(alert.raised, _end(alert, until) - alert.opened_at):
            found.add(key)
    found |= {key for key, times in begun.items() if chatters(times)}
    return tuple(source for source in _sources(came, of=len(came)) if (source.kind, source.scope) in found)


def _sources(alerts: Sequence[Alert], of: int) -> tuple[Source, ...]:
    """Where they came from, the busiest first, with their part of so many."""
    counted = Counter((alert.kind, alert.scope) for alert in alerts)
    busiest = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Source(kind=kind, scope=scope, alerts=n, share=n / of) for (kind, scope), n in busiest)
