"""A Redis or Valkey cluster, used like one server: every key leads to the node that has it.

Nothing is repeated silently. A node that says the key is elsewhere (MOVED, ASK) has not touched it, so the
command follows; a node that does not answer may have done what it was told, so that is raised and whoever sent
it decides: readings know themselves again by their fingerprints. One node that is away is away for its own keys
only, and is not asked again for a moment, so that it does not hold up what belongs to the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from redis import exceptions
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from data_access.errors import StoreAway

SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
SLOTS = 16_384
SHORTEST_REST = 1.0  # seconds for which a node that did not answer is not asked
REST_FACTOR = 3.0  # the same as a multiple of how long was waited for it in vain
ELSEWHERE = (exceptions.AskError, exceptions.MovedError, exceptions.TryAgainError)
UNSERVED = (exceptions.ClusterDownError, exceptions.SlotNotCoveredError)
SILENT = (exceptions.ConnectionError, exceptions.TimeoutError, OSError)

T = TypeVar("T")


def is_cluster(url: str) -> bool:
    return urlsplit(url).scheme in SCHEMES


def hosts_of(url: str) -> list[str]:
    """The hosts of the address, without user and password."""
    return [host for host in urlsplit(url).netloc.rpartition("@")[2].split(",") if host]


class Cluster:
    """The client of a cluster. It connects when it is first used, so that a lab opens while its cluster is away."""

    def __init__(self, url: str, **options: Any) -> None:
        self.where = f"{urlsplit(url).scheme}://{','.join(hosts_of(url))}"
        self._url, self._options = url, options
        self._lock = threading.Lock()
        self._nodes: Nodes | None = None
        self._rests = Rests()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.nodes, name)

    @property
    def nodes(self) -> Nodes:
        """The client; raises StoreAway while no node of the cluster can be reached."""
        with self._lock:
            if self._nodes is None:
                self._rests.check(self.where)
                began = time.monotonic()
                try:
                    self._nodes = Nodes(self._url, self.where, self._rests, self._options)
                except (exceptions.RedisError, exceptions.RedisClusterException, OSError) as error:
                    away = StoreAway(
                        f"The Redis cluster at {self.where} is not there ({_said(error)}). "
                        "Start its nodes, or check CELLWATCH_REDIS_URL."
                    )
                    self._rests.rest(self.where, time.monotonic() - began, away)
                    raise away from error
            return self._nodes

    def close(self) -> None:
        """Ends its connections."""
        with self._lock:
            if self._nodes is not None:
                self._nodes.close()

    def servers(self) -> list[tuple[str, Any]]:
        """The masters that have slots, by address, each with a client of its own."""
        nodes = self.nodes
        return [(node.name, RedisCluster.get_redis_connection(nodes, node)) for node in nodes.masters()]

    def check(self) -> None:
        """Raises StoreAway unless every slot has a node and every node answers."""
        if missing := self.missing_slots():
            raise StoreAway(_unserved(self.where, missing))
        for node in self.nodes.masters():
            with self.reaching(node.name):
                self.nodes.get_redis_connection(node).ping()

    def missing_slots(self) -> str:
        """The slots that belong to no node, as "5461-10922, 16000", "" when every slot has one."""
        known = self.nodes.nodes_manager.slots_cache
        return ranges(slot for slot in range(SLOTS) if not known.get(slot))

    def ask_each(
        self, keys: Mapping[str, T], ask: Callable[[Any, Sequence[T]], Mapping[T, Any]]
    ) -> tuple[dict[T, Any], dict[T, StoreAway]]:
        """Asks every node for what its keys stand for; says the answers, and for what a node was away."""
        found: dict[T, Any] = {}
        away: dict[T, StoreAway] = {}
        for name, wanted in self._by_node(keys).items():
            try:
                with self.reaching(name):
                    found.update(ask(self.nodes.client_of(name), wanted))
            except StoreAway as reason:
                away.update(dict.fromkeys(wanted, reason))
        return found, away

    @contextmanager
    def reaching(self, name: str) -> Iterator[None]:
        """Raises StoreAway, and lets the node rest, when the node does not answer."""
        self._rests.check(name)
        began = time.monotonic()
        try:
            yield
        except (exceptions.RedisError, exceptions.RedisClusterException, OSError) as error:
            away = self.nodes.told(error, name, time.monotonic() - began)
            if away is None:
                raise
            self.nodes.look_again(name)
            raise away from error

    def _by_node(self, keys: Mapping[str, T]) -> dict[str, list[T]]:
        found: dict[str, list[T]] = {}
        for key, stands_for in keys.items():
            found.setdefault(self.nodes.owner(key), []).append(stands_for)
        return found


class Nodes(RedisCluster):
    """The cluster's client of the library, with errors that name the node, its slots and what to do."""

    def __init__(self, url: str, where: str, rests: Rests, options: Mapping[str, Any]) -> None:
        self.where, self.rests = where, rests
        first, *others = hosts_of(url)
        super().__init__(
            url=_of_one_host(url, first),
            startup_nodes=[ClusterNode(*_split(host)) for host in others],
            require_full_coverage=False,  # one node that is missing must not take away the others
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
            **options,
        )

    def execute_command(self, *args: Any, **options: Any) -> Any:
        began = time.monotonic()
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except (exceptions.RedisError, exceptions.RedisClusterException, OSError) as error:
            asked = getattr(error, "connection", None)
            name = f"{asked.host}:{asked.port}" if asked is not None else ""
            away = self.told(error, name, time.monotonic() - began)
            if away is None:
                raise
            raise away from error

    def get_redis_connection(self, node: ClusterNode) -> Any:
        self.rests.check(node.name)
        return super().get_redis_connection(node)

    def masters(self) -> list[ClusterNode]:
        """The nodes that have slots."""
        found = {held[0].name: held[0] for held in self.nodes_manager.slots_cache.values() if held}
        return [found[name] for name in sorted(found)]

    def owner(self, key: str) -> str:
        """The address of the node that has the key's slot, "" when none has."""
        held = self.nodes_manager.slots_cache.get(self.keyslot(key))  # type: ignore[no-untyped-call]
        return str(held[0].name) if held else ""

    def client_of(self, name: str) -> Any:
        """The client of one node."""
        node = self.get_node(node_name=name) if name else None  # type: ignore[no-untyped-call]
        if node is None:
            raise exceptions.SlotNotCoveredError("no node has the slot")
        return self.get_redis_connection(node)

    def look_again(self, failed: str) -> None:
        """Asks the other nodes how the cluster is now: a replica may have taken over, or slots may have moved."""
        try:
            self.nodes_manager.initialize(last_failed_node_name=failed or None)
        except (exceptions.RedisError, exceptions.RedisClusterException, OSError):  # told by who asked for data
            return

    def told(self, error: Exception, name: str, took: float) -> StoreAway | None:
        """The error as a sentence that says which node and what to do; None when it is no matter of the cluster."""
        if isinstance(error, exceptions.AuthenticationError):
            return StoreAway(f"The Redis cluster at {self.where} refuses the password: {_said(error)}.")
        if isinstance(error, ELSEWHERE):
            return StoreAway(f"The Redis cluster at {self.where} is moving slots between its nodes; try again.")
        if isinstance(error, UNSERVED):
            known = self.nodes_manager.slots_cache
            missing = ranges(slot for slot in range(SLOTS) if not known.get(slot))
            return StoreAway(_unserved(self.where, missing, name, _said(error)))
        if isinstance(error, SILENT) and name:
            away = StoreAway(
                f"The node {name} of the Redis cluster (slots {self._slots_of(name)}) does not answer "
                f"({_said(error)}). Start it again on its folder; the cyclers on the other nodes go on, and what "
                "belongs to this one waits with its senders."
            )
            self.rests.rest(name, took, away)
            return away
        if isinstance(error, exceptions.OutOfMemoryError):
            return StoreAway(
                f"The node {name} of the Redis cluster is full and takes no more readings: {_said(error)}. "
                "See that `monitor record` runs, or give the node more maxmemory."
            )
        if isinstance(error, exceptions.RedisClusterException | exceptions.ClusterError | OSError):
            return StoreAway(f"The Redis cluster at {self.where} is not there ({_said(error)}). Start its nodes.")
        return None

    def _slots_of(self, name: str) -> str:
        held = self.nodes_manager.slots_cache.items()
        return ranges(slot for slot, nodes in held if nodes and nodes[0].name == name) or "unknown"


class Rests:
    """Nodes that did not answer are not asked for a moment: to wait for them again would hold up all the others."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, StoreAway]] = {}

    def check(self, name: str) -> None:
        """Raises what was said of the node while it rests."""
        until, away = self._until.get(name, (0.0, None))
        if away is not None and time.monotonic() < until:
            raise StoreAway(str(away))

    def rest(self, name: str, took: float, away: StoreAway) -> None:
        """The node was waited for so many seconds in vain."""
        self._until[name] = time.monotonic() + max(SHORTEST_REST, REST_FACTOR * took), away


def ranges(slots: Iterable[int]) -> str:
    """Numbers as "0-5460, 7000"."""
    found: list[list[int]] = []
    for slot in sorted(slots):
        if found and found[-1][1] == slot - 1:
            found[-1][1] = slot
        else:
            found.append([slot, slot])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def _unserved(where: str, missing: str, name: str = "", said: str = "") -> str:
    if not missing:
        return (
            f"The node {name} of the Redis cluster takes nothing ({said}). It has just come back and needs a few "
            "seconds, or another node is missing: start that one, and set `cluster-require-full-coverage no` on "
            "every node, so that the others go on next time."
        )
    return (
        f"In the Redis cluster at {where} no node has the slots {missing}. Start the node that had them, or give "
        "them to one (CLUSTER ADDSLOTSRANGE); the cyclers in the other slots go on."
    )


def _of_one_host(url: str, host: str) -> str:
    parts = urlsplit(url)
    login, at, _hosts = parts.netloc.rpartition("@")
    return urlunsplit((SCHEMES[parts.scheme], f"{login}{at}{host}", parts.path, parts.query, ""))


def _split(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "", parts.port or 6379


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
