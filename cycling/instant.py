"""A moment as a person names it in an address: in the lab's own time, with an offset, or in unix seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EXPECTED = "expected a time such as 2026-11-20T03:00 (in the lab's time zone), 2026-11-20T02:00Z, or unix seconds"
UNIX = re.compile(r"\d{9,11}(\.\d{1,9})?")  # since 1973; fewer digits are no time that anybody means
NAMED = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?(?: ?(Z|[+-]\d\d:?\d\d))?", re.I)


class NoInstant(ValueError):
    """A text that names no moment: what was given and what is expected, in one sentence."""


@dataclass(frozen=True)
class Instant:
    """A moment in UTC seconds since 1970, and what was taken where the text left a choice ("" where it did not)."""

    at: float
    note: str = ""


def instant_of(text: str, zone: str, name: str = "at") -> Instant:
    """The moment that a text names; without an offset it is the time in ``zone``. Raises NoInstant, which says what
    was given under ``name``.

    In an address a plus is a blank, so "03:00 01:00" is read as "03:00+01:00". Of an hour that the clocks show twice
    the first is taken, of one that they skip the one that came instead; the note says so.
    """
    given = re.sub(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$", r"\1+\2", text.strip())
    if UNIX.fullmatch(given):
        return Instant(float(given))
    found = NAMED.fullmatch(given)
    if found is None:
        raise NoInstant(f'{name}="{text[:80]}": {EXPECTED}.')
    day, clock, offset = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or '').upper()}")
        instant = _of_the_lab(moment, zone) if moment.tzinfo is None else Instant(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise NoInstant(f'{name}="{text[:80]}": {error}; {EXPECTED}.') from error
    if instant.at < 0:
        raise NoInstant(f'{name}="{text[:80]}" lies before 1970; {EXPECTED}.')
    return instant


def _of_the_lab(moment: datetime, zone: str) -> Instant:
    place = zone_of(zone)
    first, second = (moment.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    before, after = (one.utcoffset() or timedelta() for one in (first, second))
    at = first.timestamp()
    if before > after:
        note = f"The clocks were set back: {moment:%H:%M} came twice, and the first is shown."
        note += f" Add {_said(after)} for the second."
    elif before < after:
        instead = datetime.fromtimestamp(at, place)
        note = f"The clocks were put forward: there was no {moment:%H:%M}, and {instead:%H:%M} is shown."
    else:
        note = ""
    return Instant(at, note)


def zone_of(name: str) -> ZoneInfo:
    """The time zone; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def written(at: float, zone: str) -> str:
    """A moment in words, in a time zone: ``20 Nov 2026 03:00:00 (Europe/Zurich)``."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone_of(zone)):%-d %b %Y %H:%M:%S} ({zone})"


def _said(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
