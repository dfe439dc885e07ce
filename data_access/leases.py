"""Leases: of several processes that could do a piece of work, one has the right to it at a time.

A lease ends by itself when its holder does not prolong it: killed, stopped or cut off. Such a holder may wake up
again and not know; so whoever writes what the lease is for gives its token with the write and is refused when
the token is not the lease's any more. Of a holder that died on this machine, the lease is had at once.
"""

from __future__ import annotations

import os
import uuid
from functools import cache
from pathlib import Path

from data_access import keys
from data_access.connection import Part, at_redis, text

LEASE_SECONDS = 10.0  # how long after a holder's death the work lies


class Lease(Part):
    """The right to one piece of work."""

    def __init__(self, part: Part, name: str, seconds: float = LEASE_SECONDS, *, resumes: bool = False) -> None:
        super().__init__(part.client, part.where)
        self.name, self.key = name, key(name)
        self.seconds, self.resumes = seconds, resumes
        self.token: str | None = None  # while it is held, as far as is known here

    @at_redis
    def hold(self) -> str | None:
        """Takes or prolongs the lease. The token is another one when the lease had run out meanwhile and was taken
        anew (with ``resumes`` only if somebody else had it in between); None when somebody else has it."""
        new = f"{process()}/{uuid.uuid4().hex}"
        holder = self._hold(new, "")
        if holder not in (self.token, new) and is_gone(holder):
            holder = self._hold(new, holder)
        self.token = holder if holder in (self.token, new) else None
        return self.token

    @at_redis
    def taken(self) -> bool:
        """Whether anybody has it, this process included."""
        holder = text(self.client.get(self.key) or b"")
        return bool(holder) and not is_gone(holder)

    @at_redis
    def release(self) -> None:
        """Lets the next one have it at once."""
        if self.token is not None:
            self.script("release")(keys=[self.key], args=[self.token])
            self.token = None

    def _hold(self, new: str, gone: str) -> str:
        args = [self.token or "", new, int(self.seconds * 1000), gone, int(self.resumes)]
        return text(self.script("hold")(keys=[self.key, last_key(self.name)], args=args))


def key(name: str) -> str:
    """Where a lease lies; its value is its holder's token."""
    return keys.lab(f"lease:{name}")


def last_key(name: str) -> str:
    """Where the token of the last one who took the lease stays when the lease has run out."""
    return keys.lab(f"leased:{name}")


@cache
def _process(pid: int) -> str:
    return f"{_machine()}:{pid}:{_begun(pid)}"


def process() -> str:
    """This process, told from every other one of this and other machines, also from later ones of its number."""
    return _process(os.getpid())


def is_gone(token: str) -> bool:
    """Whether the holder of a token was a process of this machine that is no more."""
    machine, _, rest = token.partition("/")[0].partition(":")
    pid, _, begun = rest.partition(":")
    return bool(begun) and machine == _machine() and _begun(int(pid)) != begun


@cache
def _machine() -> str:
    """This run of this machine, "" where it cannot be told: processes can see each other only inside one."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}-{os.readlink('/proc/self/ns/pid').strip('pid:[]')}"
    except OSError:
        return ""


def _begun(pid: int) -> str:
    """When a process began, in ticks since the machine did; "" when it is not there, or has died."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
