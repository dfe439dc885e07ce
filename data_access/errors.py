"""What can go wrong between the house and its stores, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis


class StoreAway(Exception):
    """A store does not answer, or cannot take what it is given. The message says where and what to do."""


class Misconfigured(StoreAway):
    """A store refuses what the settings say: waiting does not mend it, a person must."""


class Vanished(StoreAway):
    """A data file that was to be read is gone: it was rewritten and cleaned away meanwhile, or it is lost."""


class Gap(Exception):
    """Entries of a cycler's stream are missing: readings were lost or trimmed before they were read."""

    def __init__(self, cycler: str, expected: int, found: int) -> None:
        super().__init__(
            f"Readings of cycler {cycler!r} are missing: expected entry {expected} of its stream, found {found}. "
            f"{abs(found - expected)} entries were trimmed or lost before they were read."
        )
        self.cycler, self.expected, self.found = cycler, expected, found


class Fenced(Exception):
    """Somebody else has already committed these entries; read the position again before going on."""


@contextmanager
def reaching_redis(where: str) -> Iterator[None]:
    """Turns every way in which Redis can be away into one clear sentence."""
    try:
        yield
    except redis.exceptions.AuthenticationError as error:
        raise StoreAway(f"Redis at {where} refuses the password: {error}. Check CELLWATCH_REDIS_URL.") from error
    except redis.exceptions.BusyLoadingError as error:
        raise StoreAway(f"Redis at {where} is still loading its data; it answers in a moment.") from error
    except redis.exceptions.OutOfMemoryError as error:
        raise StoreAway(
            f"Redis at {where} is full and takes no more readings: {error}. "
            "See that `monitor record` runs, or give Redis more maxmemory."
        ) from error
    except redis.exceptions.TimeoutError as error:
        raise StoreAway(f"Redis at {where} does not answer in time. Is the machine overloaded?") from error
    except (redis.exceptions.ConnectionError, OSError) as error:
        raise StoreAway(
            f"Redis at {where} is not there ({error}). Start it, or check CELLWATCH_REDIS_URL; "
            "`make run` starts its own."
        ) from error
    except (redis.exceptions.RedisClusterException, redis.exceptions.ClusterError, redis.exceptions.AskError) as error:
        raise StoreAway(f"The Redis cluster at {where} cannot take this now: {error}. Try again.") from error
    except redis.exceptions.ResponseError as error:
        if not str(error).startswith(("READONLY", "MISCONF", "OOM", "LOADING", "CLUSTERDOWN", "NOREPLICAS")):
            raise
        raise StoreAway(f"Redis at {where} does not take writes: {error}.") from error
