"""Settings: lab.toml and the environment as one frozen value, or every fault in them at once."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cycling.lab_topology import read_topology
from cycling.topology import Topology

PROJECT = Path(__file__).resolve().parent
DEMO_LAB = PROJECT / "data" / "demo" / "lab.toml"
SHORTEST_TOKEN = 32
MOST_PROCESSES = 64  # of a kind
CLUSTER = ("redis+cluster://", "rediss+cluster://")
BUCKET = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]+(/[^?#\s]*)?")
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
TOKENS = "CELLWATCH_VIEW_TOKEN (to look) or CELLWATCH_OPERATOR_TOKEN (to act), each at least 32 characters"


class SettingsError(Exception):
    """Nothing may start with these settings. ``faults`` has one line for each reason."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a process of the lab must know before it starts."""

    home: Path
    host: str
    port: int
    redis_url: str | None  # None: the embedded server of this home
    archive_url: str  # a folder or s3://…
    cache_url: str | None  # None: the embedded cache server of this home
    public_url: str | None
    view_token: str | None
    operator_token: str | None
    lab_file: Path
    demo: bool
    topology: Topology
    detectors: Mapping[str, Mapping[str, Any]]
    debug: bool = False  # the storybook is served
    recorders: int = 1  # processes that share the cyclers among them
    watchers: int = 1
    webhook_url: str | None = field(default=None, repr=False)  # addresses of notices hold secrets
    webhook_secret: str | None = field(default=None, repr=False)
    heartbeat_url: str | None = field(default=None, repr=False)
    notify: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)  # variable -> its addresses
    notify_unset: tuple[str, ...] = ()  # variables that lab.toml names and that are not set

    @property
    def login_required(self) -> bool:
        """Whether everyone must sign in: always, unless the lab is only open to its own machine."""
        return bool(self.public_url or self.view_token or self.operator_token) or not is_loopback(self.host)

    @property
    def address(self) -> str:
        """Where the pages are, for a browser on this machine or through the proxy."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def load(environ: Mapping[str, str], root: Path | None = None) -> Settings:
    """The settings that the environment and lab.toml say; ``root`` is the working folder.

    Raises SettingsError with every fault.
    """
    root = root or Path.cwd()
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    faults: list[str] = []
    lab_file, demo = _lab_file(given, root)
    topology, detectors = Topology(), dict[str, Mapping[str, Any]]()
    try:
        topology, found = read_lab(lab_file)
        detectors.update(found)
    except SettingsError as error:
        faults += error.faults
    home = _home(given, root, faults)
    settings = Settings(
        home=home,
        host=_host(given, faults),
        port=_port(given, faults),
        redis_url=_redis_url(given, faults),
        archive_url=_archive_url(given, home, root, faults),
        cache_url=_server_url("CELLWATCH_CACHE_URL", given, faults),
        public_url=_public_url(given, faults),
        view_token=_token("CELLWATCH_VIEW_TOKEN", given, faults),
        operator_token=_token("CELLWATCH_OPERATOR_TOKEN", given, faults),
        lab_file=lab_file,
        demo=demo,
        topology=topology,
        detectors=detectors,
        debug=_yes("CELLWATCH_DEBUG", given, faults),
        recorders=_processes("CELLWATCH_RECORDERS", given, topology, faults),
        watchers=_processes("CELLWATCH_WATCHERS", given, topology, faults),
        webhook_url=_web_address("CELLWATCH_WEBHOOK_URL", given, faults),
        webhook_secret=given.get("CELLWATCH_WEBHOOK_SECRET"),
        heartbeat_url=_web_address("CELLWATCH_HEARTBEAT_URL", given, faults),
        notify={name: _addresses(given[name]) for name in topology.routing.variables if name in given},
        notify_unset=tuple(name for name in topology.routing.variables if name not in given),
    )
    _check_access(settings, given, faults)
    if faults:
        raise SettingsError(tuple(faults))
    return settings


def read_lab(path: Path) -> tuple[Topology, Mapping[str, Mapping[str, Any]]]:
    """The lab that a lab.toml describes, and its checked detector tables; raises SettingsError."""
    from cycling.detectors import PLANNED, REGISTRY  # late: only now is every detector needed

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError((f"{path}: no such file; set CELLWATCH_LAB to the path of lab.toml",)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError((f"{path}: cannot be read as UTF-8 text: {error}",)) from error
    topology, detectors, faults = read_topology(path.name, text, REGISTRY, PLANNED)
    if faults:
        raise SettingsError(faults)
    return topology, detectors


def _yes(name: str, given: Mapping[str, str], faults: list[str]) -> bool:
    text = given.get(name, "0")
    if text not in ("0", "1"):
        faults.append(f'{name} = "{text}": expected 1 or 0')
    return text == "1"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _lab_file(given: Mapping[str, str], root: Path) -> tuple[Path, bool]:
    if "CELLWATCH_LAB" in given:
        return root / given["CELLWATCH_LAB"], False
    own = root / "lab.toml"
    return (own, False) if own.exists() else (DEMO_LAB, True)


def _home(given: Mapping[str, str], root: Path, faults: list[str]) -> Path:
    home = (root / given.get("CELLWATCH_HOME", "var")).resolve()
    if home.exists() and not home.is_dir():
        faults.append(f"CELLWATCH_HOME = {home}: is a file; expected a folder, which is made when missing")
    return home


def _host(given: Mapping[str, str], faults: list[str]) -> str:
    host = given.get("CELLWATCH_HOST", "127.0.0.1").strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not HOST_NAME.fullmatch(host) or host.replace(".", "").isdigit():
            faults.append(f'CELLWATCH_HOST = "{host}": expected an address such as 127.0.0.1, without a port')
    return host


def _port(given: Mapping[str, str], faults: list[str]) -> int:
    text = given.get("CELLWATCH_PORT", "8050")
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535:
        return int(text)
    faults.append(f'CELLWATCH_PORT = "{text}": expected a whole number from 1 to 65535')
    return 8050


def _processes(name: str, given: Mapping[str, str], topology: Topology, faults: list[str]) -> int:
    """How many processes share the cyclers; more than there are cyclers would have nothing to do."""
    text = given.get(name, "1")
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PROCESSES:
        return min(int(text), len(topology.cycler_ids))
    faults.append(f'{name} = "{text}": expected a whole number from 1 to {MOST_PROCESSES}')
    return 1


def _redis_url(given: Mapping[str, str], faults: list[str]) -> str | None:
    url = given.get("CELLWATCH_REDIS_URL", "")
    if not url.startswith(CLUSTER):
        return _server_url("CELLWATCH_REDIS_URL", given, faults)
    try:
        parts = urlsplit(url)
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        fits = all(host.hostname and (host.port is None or host.port > 0) for host in hosts)
    except ValueError:  # a port that is no number
        fits = False
    if not fits:
        faults.append(
            "CELLWATCH_REDIS_URL: expected redis+cluster://host:port,host:port (or rediss+cluster:// for TLS), "
            "with user:password@ before the first host where they are needed"
        )
    elif parts.path not in ("", "/", "/0"):
        faults.append(f'CELLWATCH_REDIS_URL: a cluster has one database only; expected no "{parts.path}" at the end')
    return url


def _server_url(name: str, given: Mapping[str, str], faults: list[str]) -> str | None:
    url = given.get(name)
    if url is not None and not _is_server_url(url):
        cluster = ", redis+cluster://host:port,host:port" if name == "CELLWATCH_REDIS_URL" else ""
        faults.append(f"{name}: expected redis://host:port, rediss://host:port{cluster} or unix:///path")
    return url


def _is_server_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        where = parts.path if parts.scheme == "unix" else parts.hostname
        return parts.scheme in ("redis", "rediss", "unix") and bool(where) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        return False


def _archive_url(given: Mapping[str, str], home: Path, root: Path, faults: list[str]) -> str:
    url = given.get("CELLWATCH_ARCHIVE_URL")
    if url is None:
        return str(home / "archive")
    if "://" not in url:
        return str((root / url).resolve())
    if not BUCKET.fullmatch(url):
        faults.append(f'CELLWATCH_ARCHIVE_URL = "{url}": expected a folder or s3://bucket/folder')
    endpoint = given.get("AWS_ENDPOINT_URL", "")
    if endpoint.startswith("http://") and given.get("AWS_ALLOW_HTTP", "").lower() not in ("true", "1", "yes"):
        faults.append(f'AWS_ENDPOINT_URL = "{endpoint}": is not encrypted; expected https://…, or AWS_ALLOW_HTTP=true')
    elif endpoint and not endpoint.startswith(("http://", "https://")):
        faults.append(f'AWS_ENDPOINT_URL = "{endpoint}": expected https://host or https://host:port')
    return url.rstrip("/")


def _public_url(given: Mapping[str, str], faults: list[str]) -> str | None:
    url = given.get("CELLWATCH_PUBLIC_URL")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
        fits = fits and parts.username is None and not parts.query and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        faults.append(f'CELLWATCH_PUBLIC_URL = "{url}": expected https://host or https://host:port, without a path')
    return url


def _web_address(name: str, given: Mapping[str, str], faults: list[str]) -> str | None:
    """The address, which is never told: it may hold a secret."""
    url = given.get(name)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
        fits = fits and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        faults.append(f"{name}: expected http://host/… or https://host/…, without user and password")
    return url


def _addresses(text: str) -> tuple[str, ...]:
    """The addresses of one variable, apart by spaces, lines or commas."""
    return tuple(found for found in re.split(r"\s+|,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)", text) if found)


def _token(name: str, given: Mapping[str, str], faults: list[str]) -> str | None:
    token = given.get(name)
    if token is not None and len(token) < SHORTEST_TOKEN:
        faults.append(f"{name}: has {len(token)} characters; expected at least {SHORTEST_TOKEN}")
    return token


def _check_access(settings: Settings, given: Mapping[str, str], faults: list[str]) -> None:
    if settings.view_token and settings.view_token == settings.operator_token:
        faults.append("CELLWATCH_VIEW_TOKEN and CELLWATCH_OPERATOR_TOKEN are the same; expected two different ones")
    if settings.view_token or settings.operator_token:
        return
    if not is_loopback(settings.host):
        faults.append(
            f'CELLWATCH_HOST = "{settings.host}" can be reached from other machines, and no access is '
            f"configured: set {TOKENS}, or leave the host at 127.0.0.1"
        )
    if settings.public_url:
        faults.append(f"CELLWATCH_PUBLIC_URL opens the lab to others, who must sign in: set {TOKENS}")
