"""Who may come in: the hosts the lab answers to, the tokens that open it, and the cookie they turn into."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer

VIEWER, OPERATOR = "viewer", "operator"
COOKIE_SECONDS = 400 * 86_400  # the longest a browser keeps one; a wall runs for months
HOST_HEADER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")


@dataclass(frozen=True)
class Person:
    """Someone who has signed in: what they may do, and the name they gave, if any."""

    role: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Access:
    """The rules of one lab. Without ``login_required`` everyone who reaches the machine's loopback may act."""

    host: str = "127.0.0.1"  # the address the server is bound to
    public_url: str | None = None
    view_token: str | None = None
    operator_token: str | None = None
    login_required: bool = False

    def role_of_token(self, token: str) -> str | None:
        """What a token allows; compared in constant time."""
        roles = ((OPERATOR, self.operator_token), (VIEWER, self.view_token))
        found = [role for role, known in roles if known and _same(token, known)]
        return found[0] if found else None

    def cookie_for(self, person: Person) -> str:
        """The signed cookie of someone who has signed in."""
        return self._signer.dumps([person.role, person.name])

    def person_of_cookie(self, cookie: str) -> Person | None:
        """Whose cookie it is, None when it is forged, too old or of earlier tokens."""
        try:
            role, name = self._signer.loads(cookie, max_age=COOKIE_SECONDS)
        except (BadData, ValueError, TypeError):  # the latter two: signed, but by another version of us
            return None
        known = {OPERATOR: self.operator_token, VIEWER: self.view_token}
        return Person(role, name) if known.get(role) and isinstance(name, str) else None

    def answers_to(self, header: str) -> bool:
        """Whether a Host header names this lab. A name that points here but is not ours is an attack on it."""
        found = HOST_HEADER.fullmatch(header)
        if found is None:
            return False
        name = found[1].strip("[]").rstrip(".").lower()
        return name in self._names or _is_address(name, loopback_only=not self._reachable)

    def is_own(self, origin: str, host_header: str) -> bool:
        """Whether an Origin header names the page's own server."""
        if not host_header or "://" not in origin:
            return False
        if urlsplit(origin).netloc.lower() == host_header.lower():
            return True
        public = urlsplit(self.public_url or "")
        return bool(public.netloc) and origin.lower() == f"{public.scheme}://{public.netloc}".lower()

    @property
    def secure_cookie(self) -> bool:
        return bool(self.public_url and self.public_url.lower().startswith("https://"))

    @property
    def _reachable(self) -> bool:
        """Whether other machines reach the server directly."""
        return self.host.lower() != "localhost" and not _is_address(self.host, loopback_only=True)

    @cached_property
    def _names(self) -> frozenset[str]:
        names = {"localhost"}
        if self.public_url:
            names.add((urlsplit(self.public_url).hostname or "").lower())
        if self._reachable:
            own = socket.gethostname().lower()
            names |= {self.host.lower(), own, f"{own}.local", socket.getfqdn().lower()}
        return frozenset(names - {""})

    @cached_property
    def _signer(self) -> URLSafeTimedSerializer:
        secret = f"{self.view_token}\n{self.operator_token}".encode()
        return URLSafeTimedSerializer(hashlib.sha256(secret).digest(), salt="cellwatch sign-in")


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def _is_address(name: str, *, loopback_only: bool) -> bool:
    """Whether a name is an address: nobody else's name can be made to look like one."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not loopback_only
