"""The app's memory of what it has worked out, in a small Redis of its own: flask-caching with a single flight.

Keys name the version of the table a value was made from, so a value is never out of date; it is only forgotten.
When twenty people ask for the same thing at once, it is worked out once and the others wait for it.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import redis
from flask import Flask, current_app
from flask_caching import Cache

from data_access.connection import client_of

T = TypeVar("T")

EXTENSION = "cellwatch-cache"
PREFIX = "cellwatch:"
LONGEST_FLIGHT = 30.0  # seconds; whoever works longer is no longer waited for
LOOK_SECONDS = 0.02
ABSENT = object()


class SingleFlight:
    """A cache in front of functions. Without its server everything is simply worked out."""

    def __init__(self, app: Flask, url: str) -> None:
        self.cache = Cache(
            app,
            config={
                "CACHE_TYPE": "RedisCache",
                "CACHE_REDIS_URL": url,
                "CACHE_KEY_PREFIX": PREFIX,
                "CACHE_OPTIONS": {"socket_timeout": 2.0, "socket_connect_timeout": 1.0},
            },
        )
        self.client = client_of(url)
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: str, compute: Callable[[], T], seconds: int) -> T:
        """The value of a key; the first who misses it works it out."""
        try:
            found = self._look(key)
            if found is not ABSENT:
                return found  # type: ignore[no-any-return]
            with self._alone_here(key):
                found = self._look(key)
                return found if found is not ABSENT else self._fly(key, compute, seconds)
        except (redis.exceptions.RedisError, OSError):  # a cache that is away only costs time
            return compute()

    def _look(self, key: str) -> Any:
        box = self.cache.get(key)
        return ABSENT if box is None else box[0]

    def _fly(self, key: str, compute: Callable[[], T], seconds: int) -> T:
        """One process at a time: the others wait for what it finds, but not for ever."""
        flag, token = f"{PREFIX}flight:{key}", uuid.uuid4().hex
        end = time.monotonic() + LONGEST_FLIGHT
        while not self.client.set(flag, token, nx=True, px=int(LONGEST_FLIGHT * 1000)):
            if time.monotonic() > end:
                return compute()
            time.sleep(LOOK_SECONDS)
            found = self._look(key)
            if found is not ABSENT:
                return found  # type: ignore[no-any-return]
        try:
            found = self._look(key)  # whoever flew before may have landed between our look and our turn
            if found is not ABSENT:
                return found  # type: ignore[no-any-return]
            value = compute()
            self.cache.set(key, (value,), timeout=seconds)  # boxed: None is a value too
            return value
        finally:
            if self.client.get(flag) == token.encode():
                self.client.delete(flag)

    @contextmanager
    def _alone_here(self, key: str) -> Iterator[None]:
        """One thread at a time for a key."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        try:
            with lock:
                yield
        finally:
            with self._guard:
                self._locks.pop(key, None)


def install(app: Flask, url: str) -> None:
    """Gives the web app its cache."""
    app.extensions[EXTENSION] = SingleFlight(app, url)


def cached(*parts: object, compute: Callable[[], T], seconds: int = 600) -> T:
    """What ``compute`` says, worked out once for these parts: what it is, of whom, at which table version."""
    key = hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    flight: SingleFlight = current_app.extensions[EXTENSION]
    return flight.get(key, compute, seconds)
