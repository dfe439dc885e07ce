"""A real cluster of three masters on loopback ports: formed from Python, killed and started again node by node."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from redis.crc import key_slot

from cycling.topology import Cycler, Topology, places_of
from data_access import embedded
from data_access.lab import Lab, connect

SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))
NODE_TIMEOUT_MS = 1000  # after which the others hold a silent node for dead
CYCLERS = tuple(f"cyc-{number}" for number in range(1, 10))  # three or so on every node


class Node:
    """One server of the cluster on a port and a folder of its own."""

    def __init__(self, folder: Path, port: int, bus: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.bus = port, bus
        self.process: subprocess.Popen[bytes] | None = None
        self.command = [
            embedded.server_binary(),
            *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"),
            *("--cluster-enabled", "yes", "--cluster-port", str(bus)),
            *("--cluster-node-timeout", str(NODE_TIMEOUT_MS), "--cluster-require-full-coverage", "no"),
        ]

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _until(self._answers)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ask(self, *command: Any) -> Any:
        with redis.Redis(host="127.0.0.1", port=self.port) as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.exceptions.ConnectionError:
            return False


class ThreeMasters:
    """The cluster. A test that kills a node starts it again before it ends."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(6)
        self.nodes = [Node(folder / str(place), ports[place], ports[place + 3]) for place in range(3)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(node.name for node in self.nodes)

    def form(self) -> None:
        for node, (first, last) in zip(self.nodes, SLOTS, strict=True):
            node.start()
            node.ask("CLUSTER ADDSLOTSRANGE", first, last)
        for node in self.nodes[1:]:
            self.nodes[0].ask("CLUSTER MEET", "127.0.0.1", node.port, node.bus)
        self.wait_whole()

    def wait_whole(self) -> None:
        """Returns once every node knows of every slot and takes writes."""
        for node, (first, _last) in zip(self.nodes, SLOTS, strict=True):
            _until(lambda node=node: node.ask("CLUSTER INFO")["cluster_slots_ok"] == "16384")  # type: ignore[misc]
            _until(lambda node=node, first=first: self._takes(node, first))  # type: ignore[misc]

    def _takes(self, node: Node, slot: int) -> bool:
        with suppress(redis.exceptions.RedisError):
            node.ask("SET", key_in(slot), "1")
            return True
        return False

    def empty(self) -> None:
        for node in self.nodes:
            node.ask("FLUSHALL")

    def end(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.kill()

    def node_of(self, key: str) -> Node:
        slot = key_slot(key.encode())
        return next(node for node, (first, last) in zip(self.nodes, SLOTS, strict=True) if first <= slot <= last)

    def cyclers_on(self, node: Node) -> list[str]:
        return [cycler for cycler in CYCLERS if self.node_of(f"{{{cycler}}}") is node]


@contextmanager
def three_masters(folder: Path) -> Iterator[ThreeMasters]:
    """A formed cluster, running while the block runs."""
    cluster = ThreeMasters(folder)
    try:
        cluster.form()
        yield cluster
    finally:
        cluster.end()


def lab_on(cluster: ThreeMasters, home: Path) -> Lab:
    """A lab of nine cyclers whose Redis is the cluster."""
    cyclers = tuple(Cycler(id=name, channels=2) for name in CYCLERS)
    topology = Topology(cyclers=cyclers, places=places_of(cyclers, {}))
    return connect(redis_url=cluster.url, home=home, archive_url=str(home / "archive"), topology=topology)


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on, all different."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def key_in(slot: int) -> str:
    """A key of a slot."""
    return next(key for key in (f"probe-{number}" for number in range(10**6)) if key_slot(key.encode()) == slot)


def _until(done: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the cluster did not come up in time")
        time.sleep(0.02)
