"""How far a cell is from the end of its life, and when it gets there if it goes on as in its last days.

No forecast: a straight line through what was measured, looked along no further than it reaches back. Whoever shows
it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

WEEK = 7 * 86_400.0
AS_ONE = 3  # cycles whose median counts as the state of health now
LEAST = 10  # cycles through which a line is laid
CLEAR = 5.0  # times its own uncertainty a fade must be
PAUSED = 3.0  # usual cycles without an end after which a test no longer goes on as before


@dataclass(frozen=True, kw_only=True)
class Recent:
    """The newest cycles of a test in order of ``cycle_count``: unix time (s) of the end, whether it is of the kind by
    which end of life is judged, and its state of health (1 is the reference, NaN unknown). Arrays of one length."""

    cycle_count: Any
    end: Any
    judged: Any
    state_of_health: Any

    def of_last(self, seconds: float, now: float) -> Recent:
        """Those that ended in the last so many seconds."""
        young = self.end >= now - seconds
        return Recent(**{name: values[young] for name, values in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """When a test ends if it goes on like its last ``cycles`` cycles: unix time (s); they took ``seconds``."""

    at: float
    cycles: int
    seconds: float


def health_now(recent: Recent) -> float | None:
    """The median state of health of the last three cycles that tell it, None while there are none."""
    known = _known(recent)[-AS_ONE:]
    return float(np.median(recent.state_of_health[known])) if len(known) else None


def fades_to(limit: float, recent: Recent, now: float) -> Ahead | None:
    """When a straight line through the cycles of the last 7 days comes down to ``limit``.

    None when that is further ahead than these cycles reach back, when the fade is no clearer than its noise, when
    the limit is passed already, or when the test has not gone on as before.
    """
    week = recent.of_last(WEEK, now)
    rows = _known(week)
    if len(rows) < LEAST or _paused(week, now):
        return None
    end, health = week.end[rows], week.state_of_health[rows]
    since_first = end - end[0]
    if since_first[-1] <= 0:
        return None
    slope, start = np.polyfit(since_first, health, 1)
    left = health - (start + slope * since_first)
    spread = np.sqrt(np.sum(left**2) / (len(rows) - 2) / np.sum((since_first - since_first.mean()) ** 2))
    above = start + slope * since_first[-1] - limit
    if slope >= -CLEAR * spread or above <= 0 or np.median(health[-AS_ONE:]) <= limit:
        return None
    at = float(end[-1] - above / slope)
    reach = float(since_first[-1])
    return Ahead(at=max(at, now), cycles=len(rows), seconds=reach) if at - end[-1] <= reach else None


def counts_to(planned: float, recent: Recent, now: float) -> Ahead | None:
    """When a test has done its planned number of cycles, at the usual pace of those of the last 7 days.

    None when that is more than 7 days ahead, when it has them already, or when it has not gone on as before.
    """
    week = recent.of_last(WEEK, now)
    if len(week.end) < AS_ONE or _paused(week, now):
        return None
    left = planned - float(week.cycle_count[-1])
    at = float(week.end[-1]) + left * _pace(week)
    reach = float(week.end[-1] - week.end[0])
    return Ahead(at=max(at, now), cycles=len(week.end), seconds=reach) if left > 0 and at - now <= WEEK else None


def _known(recent: Recent) -> Any:
    return np.flatnonzero(recent.judged & np.isfinite(recent.state_of_health))


def _pace(recent: Recent) -> float:
    """Seconds from the end of a cycle to that of the next, usually."""
    return float(np.median(np.diff(recent.end) / np.maximum(np.diff(recent.cycle_count), 1)))


def _paused(recent: Recent, now: float) -> bool:
    return bool(now - recent.end[-1] > PAUSED * _pace(recent))
