"""Real servers and real folders for every test: started once, emptied between tests, gone at the end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from cycling.topology import Chamber, Cycler, Topology, places_of
from data_access import embedded
from data_access.lab import Lab, connect

# How fast a machine draws examples, or runs them, says nothing of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


class Server:
    """A child server on a unix socket that can be killed and started again on the same folder."""

    def __init__(self, command: list[str], socket: Path) -> None:
        self.command, self.socket = command, socket
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return embedded.url(self.socket)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        embedded.wait_ready(self.socket)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def flush(self) -> None:
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()


@contextmanager
def started(server: Server) -> Iterator[Server]:
    """The server, running while the block runs."""
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("valkey")
    with started(Server(embedded.server_command(home), embedded.socket_path(home))) as server:
        yield server


@pytest.fixture
def valkey(_valkey_server: Server) -> Server:
    """A running server of the readings, empty."""
    _valkey_server.flush()
    return _valkey_server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, to be killed and started again."""
    home = tmp_path / "own"
    with started(Server(embedded.server_command(home), embedded.socket_path(home))) as server:
        yield server


@pytest.fixture(scope="session")
def _cache_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("cache")
    with started(Server(embedded.cache_command(home), embedded.cache_socket(home))) as server:
        yield server


@pytest.fixture
def cache_server(_cache_server: Server) -> Server:
    """A running cache server, empty."""
    _cache_server.flush()
    return _cache_server


@pytest.fixture
def topology() -> Topology:
    """Two cyclers of two channels in one chamber."""
    cyclers = (
        Cycler(id="arbin-1", channels=2, chamber="chamber-a", power_circuit="A"),
        Cycler(id="arbin-2", channels=2, chamber="chamber-a", power_circuit="B"),
    )
    chamber = Chamber(id="chamber-a", setpoint_celsius=25.0)
    return Topology(chambers=(chamber,), cyclers=cyclers, places=places_of(cyclers, {}))


@pytest.fixture
def lab(valkey: Server, tmp_path: Path, topology: Topology) -> Lab:
    """The stores of a lab on an empty server and an empty archive."""
    return connect(redis_url=valkey.url, home=tmp_path, archive_url=str(tmp_path / "archive"), topology=topology)
