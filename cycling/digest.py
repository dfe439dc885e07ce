"""The morning digest: what happened since the last one, in a chat-sized text; nothing when nothing happened. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from cycling.recording import span
from cycling.routing import DAYS, Routing
from cycling.scope_words import place
from cycling.telling import WORST
from cycling.types import Alert, Notice, Severity

DAY = 86_400.0
WEEK = 7 * DAY
CHATTERS = 3  # comings of one alert since the last digest
STALE_SECONDS = DAY
STOPPED = ("contact-lost", "never-started", "stalled", "channel-silent", "cycler-silent", "power-outage")
MOST_SAID = 1300  # leaves room for the link


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What a digest is about: the lab, or the tests of one person."""

    whose: str = ""  # the name of the person, "" for the lab
    concerns: Callable[[Alert], bool] = field(default=lambda alert: True)


def due_day(routing: Routing, zone: ZoneInfo, last: tuple[str, float] | None, now: float) -> date | None:
    """The local day whose digest is due at ``now``; None when it was made, or is not due. ``last`` is the day of
    the last digest and when it was made."""
    local = datetime.fromtimestamp(now, zone)
    day = local.date()
    if DAYS[day.weekday()] not in routing.digest_days:
        return None
    if local.time() < routing.digest_at or (last is not None and last[0] >= day.isoformat()):
        return None
    return day


def digest(
    day: date,
    alerts: Iterable[Alert],
    since: float,
    now: float,
    lines: Lines | None = None,
    free_at: Mapping[str, float] | None = None,
) -> Notice | None:
    """The digest of a day: what the alerts of the lab say since the last one. ``free_at`` says of channels when
    their test is expected to end (UTC seconds), where that is known."""
    about = lines or Lines()
    told = [alert for alert in alerts if alert.suppressed is None and alert.incident is None and about.concerns(alert)]
    new = [alert for alert in told if alert.opened_at >= since and alert.severity is not Severity.P4]
    of_kind = {kind: [alert for alert in told if alert.kind == kind and alert.opened_at >= since] for kind in KINDS}
    happened = [_new(new), *(_listed(words, of_kind[kind]) for kind, words in KINDS.items())]
    if not any(happened):
        return None
    chattering = [alert for alert in told if alert.raised >= CHATTERS and _lately(alert, since)]
    parts = [
        *happened,
        _listed("Stopped now", [alert for alert in told if alert.open and alert.kind in STOPPED]),
        _frees(free_at or {}, now),
        _listed("Chattering", chattering, kinds=True),
        _listed("Open for more than a day", _stale(told, now), kinds=True),
    ]
    whose = f" for {about.whose}" if about.whose else ""
    head = f"Digest{whose}, the last {span(now - since)}:"
    text = "\n".join([head, *(part for part in parts if part)])
    channels = tuple(dict.fromkeys(channel for alert in _by_severity(new) for channel in alert.channels))
    return Notice(
        id=f"digest-{day.isoformat()}{f'-{about.whose}' if about.whose else ''}",
        sent_at=now,
        alert="",
        severity=Severity.P3,
        reason="digest",
        text=text if len(text) <= MOST_SAID else text[: MOST_SAID - 1].rstrip() + "…",
        channel_count=len(channels),
        channels=channels,
        alerts=tuple(alert.id for alert in new),
    )


KINDS: Mapping[str, str] = {
    "end-of-life": "Past end of life",
    "knee": "Knee seen",
    "finished": "Finished, channel free",
    "forecast-moved": "Forecast moved",
}


def _new(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return ""
    counts = {severity: sum(alert.severity is severity for alert in alerts) for severity in Severity}
    told = ", ".join(f"{count} {severity.value}" for severity, count in counts.items() if count)
    first = [f"- {alert.severity.value} {_short(alert.message)}" for alert in _by_severity(alerts)[:WORST]]
    more = len(alerts) - len(first)
    return "\n".join([f"New alerts: {told}.", *first, *([f"- and {more} more"] if more > 0 else [])])


def _listed(words: str, alerts: Sequence[Alert], *, kinds: bool = False) -> str:
    channels = dict[str, None]()
    for alert in _by_severity(alerts):
        kind = f" ({alert.kind})" if kinds else ""
        names = (
            alert.channels if len(alert.channels) == 1 else (f"{place(alert.scope)} ({len(alert.channels)} channels)",)
        )
        channels |= dict.fromkeys(f"{name}{kind}" for name in names)
    if not channels:
        return ""
    shown = list(channels)[:WORST]
    more = len(channels) - len(shown)
    return f"{words}: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}."


def _frees(free_at: Mapping[str, float], now: float) -> str:
    soon = sorted((at, channel) for channel, at in free_at.items() if now <= at <= now + WEEK)
    if not soon:
        return ""
    shown = [f"{channel} in {span(at - now)}" for at, channel in soon[:WORST]]
    more = len(soon) - len(shown)
    return f"Free this week: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}."


def _stale(alerts: Iterable[Alert], now: float) -> list[Alert]:
    return [
        alert
        for alert in alerts
        if alert.open and alert.severity is not Severity.P4 and now - alert.opened_at > STALE_SECONDS
    ]


def _lately(alert: Alert, since: float) -> bool:
    return alert.open or (alert.closed_at or 0.0) >= since


def _by_severity(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.severity.rank, -len(alert.channels), alert.opened_at))


def _short(message: str, most: int = 110) -> str:
    return message if len(message) <= most else message[: most - 1].rstrip() + "…"
