"""The window of time that an address asks for: ``?window=6h``, ``?from=…&to=…`` or ``?at=…``, read forgivingly.

What cannot be meant is said in one sentence, and the usual window stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cycling.instant import NoInstant, instant_of

SPANS = {"15m": 900.0, "1h": 3600.0, "6h": 21_600.0, "24h": 86_400.0, "7d": 604_800.0, "30d": 2_592_000.0}
EXPECTED = "expected a time such as 2026-11-20T03:00 on the lab's clock, or UTC seconds since 1970"
AHEAD_SECONDS = 5.0  # clocks of browsers differ a little
LATEST = 253_402_300_799.0  # the last second a calendar knows


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for, in UTC seconds; ``faults`` are sentences for the page."""

    span: str
    start: float | None = None
    end: float | None = None
    at: float | None = None
    faults: tuple[str, ...] = ()


def asked(query: Mapping[str, Any], *, now: float, zone: str, usual: str) -> Asked:
    """The window of a query of an address; ``usual`` is the span without a wish."""
    faults: list[str] = []
    span = _one(query.get("window")) or usual
    if span not in SPANS:
        faults.append(f'window="{span[:40]}": expected one of {", ".join(SPANS)}; the last {usual} is shown.')
        span = usual
    at = _moment(query, "at", zone, now, faults, "the graphs end now")
    start, end = (_moment(query, name, zone, now, faults, f"the last {span} is shown") for name in ("from", "to"))
    if start is not None or end is not None:
        end = (at or now) if end is None else end
        start = end - SPANS[span] if start is None else start
    if start is not None and end is not None and start >= end:
        faults.append(f'from="{_one(query.get("from"))[:40]}" is not before the end; the last {span} is shown.')
        start = end = None
    return Asked(span=span, start=start, end=end, at=at, faults=tuple(faults))


def moment_of(text: str, zone: str) -> float | None:
    """UTC seconds of a time as people or programs write it; None for what is neither."""
    try:
        seconds = float(text)
    except ValueError:
        return _of_calendar(text, zone)
    return seconds if math.isfinite(seconds) and 0 <= seconds <= LATEST else None


def _moment(
    query: Mapping[str, Any], name: str, zone: str, now: float, faults: list[str], instead: str
) -> float | None:
    text = _one(query.get(name))
    if not text:
        return None
    found = moment_of(text, zone)
    if found is None:
        faults.append(f'{name}="{text[:40]}": {EXPECTED}; {instead}.')
    elif found > now + AHEAD_SECONDS and name != "to":
        faults.append(f'{name}="{text[:40]}" lies in the future; {instead}.')
        return None
    return found


def _of_calendar(text: str, zone: str) -> float | None:
    """A time of the calendar; without an offset it is one of the lab's clock."""
    try:
        seconds = instant_of(text, zone).at
    except NoInstant:
        return None
    return seconds if 0 <= seconds <= LATEST else None


def _one(value: Any) -> str:
    """The value of a name of the query; the last where it stands there several times."""
    last = value[-1] if isinstance(value, list) and value else value
    return last.strip() if isinstance(last, str) else ""
