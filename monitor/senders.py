"""The ways out of the house: our own signed webhook, and every service that apprise knows.

What went wrong is always told in words of our own, because the words of libraries hold addresses, and addresses
hold secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import urllib3

from cycling.telling import Message

CONNECT_SECONDS = 2.0
PATIENCE = (4.0, 4.0, 4.0, 4.0, 4.0, 10.0, 10.0, 30.0)  # for the answer to the n-th try: who is slow is heard at last
ERROR = re.compile(r"error=(\d{3})\b")
AGAIN = (408, 425, 429)  # answers below 500 that another try may change

log = logging.getLogger("cellwatch.notices")


class NotTaken(Exception):
    """A target did not take a message. ``refused``: it is there, but does not want this one. ``away``: it is not
    there, so it would take no other one either."""

    def __init__(self, why: str, *, refused: bool = False, away: bool = False) -> None:
        super().__init__(why)
        self.refused, self.away = refused, away


class Sender(Protocol):
    """Something that can be told."""

    @property
    def kind(self) -> str:
        """What it is, such as webhook, slack or mailto."""

    def send(self, message: Message, tries: int) -> None:
        """Tells it; ``tries`` is how often that was tried before. Raises NotTaken."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """POSTs a message as JSON, signed with HMAC-SHA256 of ``{timestamp}.{body}`` when there is a secret."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    kind: str = "webhook"

    def send(self, message: Message, tries: int) -> None:
        body = json.dumps(message.facts).encode()  # ASCII: a name may hold half a character
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            **signature(body, self.secret, str(int(time.time()))),
        }
        request("POST", self.url, headers, body, PATIENCE[min(tries, len(PATIENCE) - 1)])


def signature(body: bytes, secret: str | None, timestamp: str) -> Mapping[str, str]:
    """The headers by which a receiver knows that a body is ours, and when it was sent."""
    told = {"X-Cellwatch-Timestamp": timestamp}
    if secret:
        mark = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        told["X-Cellwatch-Signature"] = f"sha256={mark}"
    return told


def request(method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> None:
    """One request that follows nobody elsewhere and waits for nobody long; raises NotTaken."""
    told = {"User-Agent": "Cellwatch", "Connection": "close", **headers}
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds)
    try:
        with urllib3.PoolManager(num_pools=1) as pool:
            answer = pool.request(
                method,
                url,
                body=body,
                headers=told,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            status = answer.status
            answer.close()
    except urllib3.exceptions.ReadTimeoutError:
        raise NotTaken(f"did not answer within {seconds:g} s") from None
    except urllib3.exceptions.NameResolutionError:
        raise NotTaken("its name is not known", away=True) from None
    except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
        raise NotTaken("takes no connection", away=True) from None
    except urllib3.exceptions.SSLError:
        raise NotTaken("its certificate or TLS is not as it should be", away=True) from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        raise NotTaken("broke off the connection") from None
    if 300 <= status < 400:
        raise NotTaken(f"answered {status}: it sends us elsewhere, which is not followed", refused=True)
    if not 200 <= status < 300:
        raise NotTaken(f"answered {status}", refused=400 <= status < 500 and status not in AGAIN)


class Service:
    """One address of apprise: mail, Slack, Teams, Telegram, ntfy, … It paces itself as the service asks for."""

    def __init__(self, url: str) -> None:
        import apprise  # late: it takes half a second, and a lab with a webhook only does not need it

        quiet_libraries()
        asset = apprise.AppriseAsset(app_id="Cellwatch", app_desc="Live monitor of a battery lab", async_mode=False)
        self._apprise = apprise
        self._service = apprise.Apprise(asset=asset)
        self.kind = url.partition("://")[0].lower() if "://" in url else "unknown"
        self.understood = bool(self._service.add(url))

    def send(self, message: Message, tries: int) -> None:
        if not self.understood:
            raise NotTaken("apprise does not understand this address", refused=True)
        types = self._apprise.NotifyType
        kind = {"resolved": types.SUCCESS, "digest": types.INFO}.get(message.reason) or (
            types.FAILURE if message.severity == "P1" else types.WARNING
        )
        try:
            result: Any = self._service.notify(
                body=message.text, title=message.title, notify_type=kind, body_format=self._apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001  # two hundred services, each with failures of its own
            raise NotTaken(f"its plugin failed with {type(error).__name__}") from None
        with result:
            if result:
                return
            said = " ".join(str(getattr(entry, "message", entry)) for entry in result.logs())
            status, code = getattr(result.status, "name", ""), ERROR.search(said)
        if status == "TIMEOUT":
            raise NotTaken("did not answer in time")
        if code is None and "onnection error" in said:
            raise NotTaken("takes no connection", away=True)
        raise NotTaken(f"answered {code[1]}" if code else "did not take it")


def quiet_libraries() -> None:
    """What these libraries log holds addresses, so it goes nowhere; apprise's own record of a call is kept."""
    for name in ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # with none at all, Python would write to stderr


def senders(
    webhook_url: str | None, webhook_secret: str | None, notify: Mapping[str, tuple[str, ...]]
) -> dict[str, Sender]:
    """Every configured target by name: ``webhook``, the name of a variable, or ``NAME:2`` for its second address."""
    quiet_libraries()
    found: dict[str, Sender] = {}
    if webhook_url:
        found["webhook"] = Webhook(url=webhook_url, secret=webhook_secret)
    for name, urls in notify.items():
        for target, url in zip(targets_of(name, len(urls)), urls, strict=True):
            found[target] = Service(url)
    return found


def targets_of(name: str, count: int) -> tuple[str, ...]:
    """The targets behind one environment variable: each of its addresses is told by itself."""
    return tuple(name if number == 1 else f"{name}:{number}" for number in range(1, count + 1))
