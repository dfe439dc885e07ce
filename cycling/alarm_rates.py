"""How moments lie in time: how many in a slice or a window, where they flood, which come again and again.

Times are UTC seconds in ascending order. A window of ``seconds`` that ends at t holds (t − seconds, t].
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TEN_MINUTES = 600.0
FLOOD_BEGINS, FLOOD_ENDS = 10, 5  # begins with more than 10 in ten minutes, ends with fewer than 5 (ISA-18.2)
MINUTE = 60.0
CHATTERS = 3  # activations in one minute


@dataclass(frozen=True, kw_only=True)
class Flood:
    """A stretch of time with more alerts than anyone can answer; ``alerts`` that came in its ten minutes or later."""

    since: float
    until: float
    alerts: int


def per_slice(times: Sequence[float], since: float, until: float, seconds: float) -> npt.NDArray[np.int64]:
    """How many lie in each of the slices of so many seconds, counted from ``since``; the last may be shorter."""
    slices = max(1, math.ceil((until - since) / seconds))
    found = np.asarray(times, dtype=float)
    places = ((found[(found >= since) & (found < until)] - since) // seconds).astype(int)
    return np.bincount(np.minimum(places, slices - 1), minlength=slices)


def most_within(times: Sequence[float], seconds: float) -> int:
    """The most that any window of so many seconds holds."""
    if not len(times):
        return 0
    found = np.asarray(times, dtype=float)
    return int((np.arange(1, len(found) + 1) - np.searchsorted(found, found - seconds, side="right")).max())


def floods(times: Iterable[float], until: float) -> list[Flood]:
    """Every flood up to ``until``; one that lasts ends there. It begins when the eleventh of ten minutes comes, and
    ends when the last ten minutes hold fewer than five."""
    found: list[Flood] = []
    window: deque[float] = deque()
    began: float | None = None
    count = 0
    for time in [*times, math.inf]:
        while window and window[0] + TEN_MINUTES <= min(time, until):
            left = window.popleft() + TEN_MINUTES
            if began is not None and len(window) < FLOOD_ENDS:
                found.append(Flood(since=began, until=left, alerts=count))
                began = None
        if time > until:
            break
        window.append(time)
        count += 1
        if began is None and len(window) > FLOOD_BEGINS:
            began, count = time, len(window)
    if began is not None:
        found.append(Flood(since=began, until=until, alerts=count))
    return found


def chatters(begun: Sequence[float]) -> bool:
    """Whether three of these came within one minute."""
    return any(third - first <= MINUTE for first, third in zip(begun, begun[CHATTERS - 1 :], strict=False))


def must_have_chattered(raised: int, lasted: float) -> bool:
    """Whether so many activations in so many seconds leave no other way than three of them in one minute: the log
    counts them and does not say when each came."""
    return raised >= CHATTERS and raised > (CHATTERS - 1) * max(1, math.ceil(lasted / MINUTE))
