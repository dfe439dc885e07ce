"""A real lab on a real server, and the API in front of it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import api.routes
import api.security
from api.access import Access
from api.hub import FrameHub
from api.stream import HUB
from cycling.topology import Cycler, Topology, places_of
from data_access import embedded
from data_access.lab import Lab, connect, install

CYCLERS = (Cycler(id="arbin-1", channels=3, chamber="a"),)
TOPOLOGY = Topology(name="Test lab", cyclers=CYCLERS, places=places_of(CYCLERS, {}))


@pytest.fixture(scope="session")
def redis_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running server."""
    home = tmp_path_factory.mktemp("redis")
    server = subprocess.Popen(embedded.server_command(home), stdout=subprocess.DEVNULL)
    embedded.wait_ready(embedded.socket_path(home))
    yield home
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=10)


@pytest.fixture
def lab(redis_home: Path, tmp_path: Path) -> Iterator[Lab]:
    """An empty lab of three channels."""
    opened = connect(redis_url=None, home=redis_home, archive_url=str(tmp_path / "archive"), topology=TOPOLOGY)
    opened.live.client.flushall()
    yield opened
    opened.live.client.close()


@pytest.fixture
def serve(lab: Lab, redis_home: Path) -> Iterator[Callable[[Access], Flask]]:
    """Makes the API of the lab under some rules of access."""
    made: list[Flask] = []

    def make(access: Access) -> Flask:
        server = Flask("test")
        install(server, lab, embedded.url(embedded.socket_path(redis_home)))
        api.security.install(server, access, list)
        api.routes.register(server, lab, "1.2.3")
        server.add_url_rule("/wall", view_func=lambda: "<p>the wall</p>")
        made.append(server)
        return server

    yield make
    for server in made:
        hub: FrameHub = server.extensions[HUB]
        hub.close()


@pytest.fixture
def client(serve: Callable[[Access], Flask]) -> FlaskClient:
    """A program on the same machine."""
    return serve(Access()).test_client()


def row(channel: str = "arbin-1-01", **columns: object) -> dict[str, object]:
    """A good reading of a second ago, but for what is said."""
    return {
        "channel": channel,
        "unix_time_second": time.time() - 1,
        "voltage_volt": 3.7,
        "current_ampere": 1.0,
        **columns,
    }
