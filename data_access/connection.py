"""One connection to Redis, shared by every part of the live store; safe to use from any number of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from data_access.cluster import Cluster, hosts_of, is_cluster
from data_access.errors import StoreAway, reaching_redis

LUA = Path(__file__).with_name("lua")
ANSWER_SECONDS = 10.0  # a server that takes longer counts as away
LONGEST_BLOCK_MS = 5000  # blocking reads must come back well before that

CONNECT_SECONDS = 3.0
MOST_CONNECTIONS = 1024

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def client_of(url: str) -> Any:
    """A client that never retries by itself: a write that was silently sent twice could not be told apart."""
    patience = {
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "max_connections": MOST_CONNECTIONS,
    }
    if is_cluster(url):
        return Cluster(url, **patience)
    return redis.Redis.from_url(url, **patience, retry=Retry(NoBackoff(), 0))


def check_there(url: str) -> None:
    """Raises StoreAway, in words that say what to do, unless the server answers; every node of a cluster."""
    client = client_of(url)
    try:
        with reaching_redis(without_secret(url)):
            if isinstance(client, Cluster):
                client.check()
            else:
                client.ping()
    finally:
        client.close()


def without_secret(url: str) -> str:
    """The address as it may be shown: without user and password."""
    parts = urlsplit(url)
    if is_cluster(url):
        return f"{parts.scheme}://{','.join(hosts_of(url))}"
    if parts.scheme == "unix":
        return parts.path
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


class Part:
    """What every part of the live store has: the client, and where it leads."""

    def __init__(self, client: Any, where: str) -> None:
        self.client = client
        self.where = where

    @property
    def is_cluster(self) -> bool:
        """Whether a part of the keys can be away while the others are there."""
        return isinstance(self.client, Cluster)

    def script(self, name: str) -> Callable[..., Any]:
        """A server-side script of the folder ``lua``: called with keys and args, it runs as one step."""
        return partial(run_script, self.client, name)

    def servers(self) -> list[tuple[str, Any]]:
        """Every server that keeps a share of the keys: where it is, and a client for it alone."""
        return self.client.servers() if isinstance(self.client, Cluster) else [(self.where, self.client)]

    def reaching(self, server: str) -> AbstractContextManager[None]:
        """Raises StoreAway when the server does not answer inside the block."""
        return self.client.reaching(server) if isinstance(self.client, Cluster) else reaching_redis(server)

    def told_by_each(self, section: str) -> list[tuple[str, dict[str, Any]]]:
        """What every server that answers says in a section of INFO; raises StoreAway when none does."""
        found, away = [], None
        for where, client in self.servers():
            try:
                with self.reaching(where):
                    found.append((where, client.info(section)))
            except StoreAway as reason:
                away = reason
        if away is not None and not found:
            raise away
        return found

    def ask_each(
        self, keys: Mapping[str, T], ask: Callable[[Any, Sequence[T]], Mapping[T, Any]]
    ) -> tuple[dict[T, Any], dict[T, StoreAway]]:
        """Asks every server, with its own client, for what its keys stand for. Says the answers, and for what a node
        of a cluster was away; raises StoreAway when nothing could be reached."""
        if not isinstance(self.client, Cluster):
            return dict(ask(self.client, list(keys.values()))), {}
        found, away = self.client.ask_each(keys, ask)
        if away and len(away) == len(keys):
            raise next(iter(away.values()))
        return found, away


def run_script(client: Any, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
    """Runs a script of the folder ``lua``. A server that does not know it yet gets it with the call: to load it
    everywhere beforehand would need every node of a cluster."""
    script, mark = _script(name)
    try:
        return client.evalsha(mark, len(keys), *keys, *args)
    except redis.exceptions.NoScriptError:
        return client.eval(script, len(keys), *keys, *args)


@cache
def _script(name: str) -> tuple[str, str]:
    text_of = (LUA / f"{name}.lua").read_text("utf-8")
    return text_of, hashlib.sha1(text_of.encode(), usedforsecurity=False).hexdigest()


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
