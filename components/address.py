"""The window of time that an address asks for: ``?window=6h``, ``?from=…&to=…`` or ``?at=…``, read forgivingly.

What cannot be meant is said in one sentence, and the usual window stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cycling.instant import NoInstant, instant_of

SPANS = {"15m": 900.0, "1h": 3600.0, "6h": 21_600.0, "24h": 86_400.0, "7d": 604_800.0, "30d": 2_592_000.0}
AHEAD_SECONDS = 5.0  # clocks of browsers differ a little


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
    span = single(query.get("window")) or usual
    if span not in SPANS:
        faults.append(f'window="{span[:40]}": expected one of {", ".join(SPANS)}; the last {usual} is shown.')
        span = usual
    at = moment(query, "at", zone, now, faults, "the graphs end now")
    start, end = (moment(query, name, zone, now, faults, f"the last {span} is shown") for name in ("from", "to"))
    if start is not None or end is not None:
        end = (at or now) if end is None else end
        start = end - SPANS[span] if start is None else start
    if start is not None and end is not None and start >= end:
        faults.append(f'from="{single(query.get("from"))[:40]}" is not before the end; the last {span} is shown.')
        start = end = None
    return Asked(span=span, start=start, end=end, at=at, faults=tuple(faults))


def moment(query: Mapping[str, Any], name: str, zone: str, now: float, faults: list[str], instead: str) -> float | None:
    """The moment that a name of the query gives, in UTC seconds; None where it gives none, and for a moment that
    cannot be meant, which goes to ``faults`` with what is shown ``instead``."""
    text = single(query.get(name))
    if not text:
        return None
    try:
        found = instant_of(text, zone, name).at
    except NoInstant as error:
        faults.append(f"{str(error).removesuffix('.')}; {instead}.")
        return None
    if found > now + AHEAD_SECONDS and name != "to":
        faults.append(f'{name}="{text[:40]}" lies in the future; {instead}.')
        return None
    return found


def single(value: Any) -> str:
    """The value of a name of a query; the last where it stands there several times."""
    return last(value).strip()


def last(value: Any) -> str:
    """The same with the spaces around it, for names that may begin or end with one."""
    text = value[-1] if isinstance(value, list) and value else value
    return text if isinstance(text, str) else ""
