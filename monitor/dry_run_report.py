"""What a dry-run found: a few lines for people, and everything as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cycling.types import Alert
from monitor.dry_run import Looked, Place, Tried

MOST_TIMES = 12  # told of one place; the JSON has all
MOST_PLACES = 40  # told of one kind


def lines(tried: Tried, settings: Sequence[str], kinds: Collection[str], zone: str) -> Iterator[str]:
    """The answer. ``settings`` are the options as given, ``kinds`` those to tell of; empty: those that would change,
    and those whose limits were tried."""
    when = ZoneInfo(zone)
    yield f"Tried: {', '.join(settings)}."
    yield f"Looked at {_looked(tried.looked, when)}"
    for kind in shown(tried, settings, kinds):
        places = [place for place in tried.places if place.kind == kind]
        yield from _kind(kind, places, tried.looked, when)
    yield f"Times are of {zone}; + comes where there is none now, - is there now and would not come."


def shown(tried: Tried, settings: Sequence[str], kinds: Collection[str]) -> list[str]:
    """The kinds to tell of, in order of name."""
    if kinds:
        return sorted(set(kinds))
    set_ones = {setting.split(".")[1] for setting in settings}
    changed = {place.kind for place in tried.places if place.new or place.gone or len(place.would) != len(place.now)}
    return sorted(set_ones | changed)


def to_json(tried: Tried, settings: Sequence[str], kinds: Collection[str]) -> dict[str, Any]:
    """Everything, as plain JSON values."""
    looked = tried.looked
    return {
        "set": list(settings),
        "since": looked.since,
        "until": looked.until,
        "readings": looked.readings,
        "channels": looked.channels,
        "channel_months": looked.channel_months,
        "kinds": [
            {"kind": kind, **_counts(places), "places": [_place(place) for place in places]}
            for kind in shown(tried, settings, kinds)
            for places in [[place for place in tried.places if place.kind == kind]]
        ],
    }


def _kind(kind: str, places: Sequence[Place], looked: Looked, zone: ZoneInfo) -> Iterator[str]:
    counts = _counts(places)
    would, now = counts["would"], counts["now"]
    yield (
        f"{kind} would have fired {_times(would)} (now: {now}); a channel and month: "
        f"{_a_month(would, looked)} (now: {_a_month(now, looked)})."
    )
    busiest = sorted(places, key=lambda place: (-len(place.new) - len(place.gone), -len(place.would), place.scope))
    for place in busiest[:MOST_PLACES]:
        where = place.scope.removeprefix("channel:")
        yield f"  {where}: {len(place.would)} (now: {len(place.now)}), {_here(place, zone)}"
    if len(busiest) > MOST_PLACES:
        yield f"  and {len(busiest) - MOST_PLACES} more places; --out writes them all"


def _here(place: Place, zone: ZoneInfo) -> str:
    """The times, those that would change first where not all can be told."""
    new, gone = set(map(id, place.new)), set(map(id, place.gone))
    changes = [*place.new, *place.gone]
    rest = [alert for alert in place.would if id(alert) not in new]
    told = sorted([*changes, *rest][:MOST_TIMES], key=lambda alert: alert.opened_at)
    marks = [("+" if id(alert) in new else "-" if id(alert) in gone else "") + _clock(alert, zone) for alert in told]
    left = len(changes) + len(rest) - len(told)
    return ", ".join(marks) + (f" and {left} more" if left else "")


def _clock(alert: Alert, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(alert.opened_at, zone):%Y-%m-%d %H:%M}"


def _looked(looked: Looked, zone: ZoneInfo) -> str:
    begin, end = (f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}" for at in (looked.since, looked.until))
    channels = f"{looked.channels} {'channel' if looked.channels == 1 else 'channels'}"
    return (
        f"{looked.readings} readings of {channels}, {looked.channel_months:.3g} channel-months, from {begin} to {end}."
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _a_month(count: int, looked: Looked) -> str:
    if not looked.channel_months:
        return "–"
    rate = count / looked.channel_months
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"


def _counts(places: Sequence[Place]) -> dict[str, int]:
    return {
        "would": sum(len(place.would) for place in places),
        "now": sum(len(place.now) for place in places),
        "new": sum(len(place.new) for place in places),
        "gone": sum(len(place.gone) for place in places),
    }


def _place(place: Place) -> dict[str, Any]:
    new, gone = set(map(id, place.new)), set(map(id, place.gone))
    return {
        "scope": place.scope,
        "would": [_alert(alert) | {"new": id(alert) in new} for alert in place.would],
        "now": [_alert(alert) | {"gone": id(alert) in gone} for alert in place.now],
    }


def _alert(alert: Alert) -> dict[str, Any]:
    names = ("id", "severity", "channels", "test", "opened_at", "closed_at", "message", "suppressed")
    told = alert.to_json()
    return {name: told[name] for name in names}
