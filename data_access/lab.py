"""The one door to the stores: ``connect`` once in every process, ``lab()`` inside the web app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app

from cycling.topology import Topology
from data_access import begun, caching, embedded
from data_access.archive import Archive
from data_access.attempts import Attempts
from data_access.connection import client_of, without_secret
from data_access.errors import Fenced, Gap, StoreAway
from data_access.history import History
from data_access.journal import Journal, Tests
from data_access.live import Health, Ingested, Live, Published
from data_access.past import Past
from data_access.streams import Streams

if TYPE_CHECKING:
    from flask import Flask

EXTENSION = "cellwatch-lab"

__all__ = [
    "Fenced",
    "Gap",
    "Health",
    "Ingested",
    "Lab",
    "Published",
    "StoreAway",
    "connect",
    "install",
    "lab",
]


@dataclass(frozen=True, kw_only=True)
class Lab:
    """The stores of one lab, and how the lab stands."""

    live: Live
    archive: Archive
    journal: Journal
    history: History
    tests: Tests
    attempts: Attempts
    topology: Topology
    home: Path


def connect(*, redis_url: str | None, home: Path, archive_url: str, topology: Topology) -> Lab:
    """Opens the stores; nothing is asked of them yet. ``redis_url`` None: the lab's own server in ``home``."""
    url = redis_url or embedded.url(embedded.socket_path(home))
    client, where = client_of(url), without_secret(url)
    archive = Archive(archive_url, partial(begun.is_gone, home, archive_url))
    live = Live(client, where, topology, Past(archive, Streams(client, where), topology), archive)
    journal = Journal(client, where, archive)
    tests = Tests(client, where, journal, topology)
    live.sayings, live.register = journal, tests
    history = History(archive, live, topology)
    return Lab(
        live=live,
        archive=archive,
        journal=journal,
        history=history,
        tests=tests,
        attempts=Attempts(client, where),
        topology=topology,
        home=home,
    )


def install(app: Flask, lab: Lab, cache_url: str | None) -> None:
    """Gives the web app its stores; ``cache_url`` None: the cache server of the lab's home."""
    app.extensions[EXTENSION] = lab
    caching.install(app, cache_url or embedded.url(embedded.cache_socket(lab.home)))


def lab() -> Lab:
    """The stores of the web app that handles the current request."""
    found: Lab = current_app.extensions[EXTENSION]
    return found
