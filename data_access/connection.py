"""One connection to Redis, shared by every part of the live store; safe to use from any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from data_access.errors import reaching_redis

LUA = Path(__file__).with_name("lua")
ANSWER_SECONDS = 10.0  # a server that takes longer counts as away
LONGEST_BLOCK_MS = 5000  # blocking reads must come back well before that

F = TypeVar("F", bound=Callable[..., Any])


def client_of(url: str) -> Any:
    """A client that never retries by itself: a write that was silently sent twice could not be told apart."""
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=3.0,
        max_connections=1024,
        retry=Retry(NoBackoff(), 0),
    )


def check_there(url: str) -> None:
    """Raises StoreAway, in words that say what to do, unless the server answers."""
    client = client_of(url)
    try:
        with reaching_redis(without_secret(url)):
            client.ping()
    finally:
        client.close()


def without_secret(url: str) -> str:
    """The address as it may be shown: without user and password."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


class Part:
    """What every part of the live store has: the client, and where it leads."""

    def __init__(self, client: Any, where: str) -> None:
        self.client = client
        self.where = where

    def script(self, name: str) -> Callable[..., Any]:
        """A server-side script of the folder ``lua``: called with keys and args, it runs as one step."""
        return _script(self.client, name)


@cache
def _script(client: Any, name: str) -> Callable[..., Any]:
    script: Callable[..., Any] = client.register_script((LUA / f"{name}.lua").read_text("utf-8"))
    return script


def at_redis(method: F) -> F:
    """For the methods at the edge: whatever keeps Redis from answering is raised as StoreAway."""

    @wraps(method)
    def guarded(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        with reaching_redis(self.where):
            return method(self, *args, **kwargs)

    return cast(F, guarded)


def entries(reply: Any) -> Iterator[tuple[str, list[tuple[bytes, dict[bytes, bytes]]]]]:
    """The answer of XREAD as (key, [(id, fields)]), whichever protocol the connection speaks."""
    streams = reply.items() if isinstance(reply, Mapping) else (reply or ())
    for key, found in streams:
        nested = bool(found) and isinstance(found[0], list) and bool(found[0]) and isinstance(found[0][0], tuple)
        yield text(key), [entry for part in found for entry in part] if nested else list(found)


def number(entry_id: bytes | str) -> int:
    """The n of an id ``n-0``."""
    return int(text(entry_id).partition("-")[0])


def text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
