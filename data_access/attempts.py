"""How often somebody has tried to sign in: counted for all web workers together, in a fixed window of time.

The window never moves, so an attempt that is refused does not prolong the wait. Addresses are counted in a fixed number
of groups, drawn anew in every window: the memory is bounded, and nobody shares a group with an attacker for long.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from typing import Any

from data_access import keys
from data_access.connection import Part, at_redis
from data_access.errors import StoreAway

WINDOW_SECONDS = 300
MOST_OF_ONE = 10  # attempts of one address in a window
MANY = 300  # attempts of all addresses in a window; that many are not people who mistype
MOST_OF_ONE_THEN = 2
GROUPS = 4096


class Attempts(Part):
    """Counts in Redis; while that is away, every process counts for itself."""

    def __init__(self, client: Any, where: str) -> None:
        super().__init__(client, where)
        self._guard = threading.Lock()
        self._window, self._counts = 0, Counter[str]()

    def take(self, who: str, now: float) -> float:
        """Counts an attempt of an address. Says 0 when it may be made, else after how many seconds to come again."""
        own, together = self._count(who, now, 1)
        allowed = MOST_OF_ONE if together <= MANY else MOST_OF_ONE_THEN
        return 0.0 if own <= allowed else WINDOW_SECONDS - now % WINDOW_SECONDS

    def give_back(self, who: str, now: float) -> None:
        """The attempt was right: it does not count."""
        self._count(who, now, -1)

    def _count(self, who: str, now: float, by: int) -> tuple[int, int]:
        window = int(now // WINDOW_SECONDS)
        group = _group(who, window)
        try:
            return self._count_for_all(window, group, by)
        except StoreAway:
            return self._count_here(window, group, by)

    @at_redis
    def _count_for_all(self, window: int, group: str, by: int) -> tuple[int, int]:
        told = self.script("attempt")(
            keys=[keys.lab(f"sign-ins-{window}")],
            args=[group, by, 2 * WINDOW_SECONDS],
        )
        return int(told[0]), int(told[1])

    def _count_here(self, window: int, group: str, by: int) -> tuple[int, int]:
        with self._guard:
            if window != self._window:
                self._window, self._counts = window, Counter()
            self._counts[group] += by
            self._counts["all"] += by
            return self._counts[group], self._counts["all"]


def _group(who: str, window: int) -> str:
    drawn = hashlib.blake2b(f"{window} {who}".encode(), digest_size=8).digest()
    return str(int.from_bytes(drawn) % GROUPS)
