"""Leases: of several processes that could do a piece of work, one has the right to it at a time.

A lease ends by itself when its holder does not prolong it: killed, stopped or cut off. Such a holder may wake up
again and not know; so whoever writes what the lease is for gives its token with the write and is refused when
the token is not the lease's any more.
"""

from __future__ import annotations

from redis.exceptions import LockError

from data_access import keys
from data_access.connection import Part, at_redis, text

LEASE_SECONDS = 10.0  # how long after a holder's death the work lies


class Lease(Part):
    """The right to one piece of work."""

    def __init__(self, part: Part, name: str, seconds: float = LEASE_SECONDS) -> None:
        super().__init__(part.client, part.where)
        self.name, self.key = name, keys.lab(f"lease:{name}")
        self._lock = self.client.lock(self.key, timeout=seconds, blocking=False, thread_local=False)

    @at_redis
    def hold(self) -> str | None:
        """Takes or prolongs the lease. The token is another one when the lease had run out meanwhile and was taken
        anew; None when somebody else has it."""
        if self._lock.local.token is not None:
            try:
                self._lock.reacquire()
            except LockError:  # it ran out; what was known under it may be old
                self._lock.local.token = None
        if self._lock.local.token is None and not self._lock.acquire():
            return None
        return text(self._lock.local.token)

    @at_redis
    def release(self) -> None:
        """Lets the next one have it at once."""
        if self._lock.local.token is not None:
            try:
                self._lock.release()
            except LockError:  # it had run out, so there is nothing to give back
                self._lock.local.token = None
