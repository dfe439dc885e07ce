"""Where pieces of work are done: in this process, or by the workers of a Dask cluster. The answers are the same.

A piece is a function of a module and one value to give it; workers read the stores themselves. A worker that dies
gives its pieces back to the others, which is safe because a piece changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
CONNECT_SECONDS = 5.0
WITHOUT_WORKERS_SECONDS = 60.0  # a cluster may be starting its workers, or starting one again that died
LOOK_SECONDS = 2.0
RETRIES = 2  # an object store may fail for a moment
PACKAGES = ("dask", "distributed", "numpy", "pandas", "pyarrow", "duckdb")  # what the bits of an answer depend on
OTHER_CODE = "runs another version of Cellwatch, so its results could differ; update its folder, and start it again."
START = "start it in the folder of this version of Cellwatch: .venv/bin/python -m dask"


class ClusterTrouble(Exception):
    """The cluster cannot do the work; the message says why and what to do."""


class Executor(Protocol):
    """Does pieces of work."""

    threads: int | None  # that a query of one piece may use; None: all of the machine's

    def at_once(self) -> int:
        """How many pieces are worked on at the same time."""

    def run(self, work: Callable[[T], R], pieces: Sequence[T]) -> Iterator[tuple[int, R]]:
        """The answer of each piece with its place in ``pieces``, in the order in which they are ready."""


class Here:
    """This process, one piece after the other."""

    threads: int | None = None

    def at_once(self) -> int:
        return 1

    def run(self, work: Callable[[T], R], pieces: Sequence[T]) -> Iterator[tuple[int, R]]:
        for place, piece in enumerate(pieces):
            yield place, work(piece)


@contextmanager
def cluster(scheduler: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler ``tcp://host:port``. Raises ClusterTrouble."""
    import distributed  # only who has a cluster pays for it

    for logger in ("distributed", "distributed.client"):  # what goes wrong is said here, once and in words
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions; they are compared below
            client: Any = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterTrouble(
            f"There is no Dask scheduler at {scheduler} ({_first_line(error)}). "
            f"Check the address, tcp://host:port, or {START} scheduler."
        ) from error
    try:
        yield OnDask(client, scheduler)
    finally:
        client.close(timeout=CONNECT_SECONDS)


class OnDask:
    """The workers of a cluster, each one piece at a time and thread."""

    threads: int | None = 1

    def __init__(self, client: Any, scheduler: str) -> None:
        self.client, self.scheduler = client, scheduler
        self._wait_for_workers()
        self._compare_versions()
        self._compare_code()

    def at_once(self) -> int:
        return max(sum(int(worker["nthreads"]) for worker in self._workers().values()), 1)

    def run(self, work: Callable[[T], R], pieces: Sequence[T]) -> Iterator[tuple[int, R]]:
        checked = partial(_checked, work, fingerprint())
        futures = self.client.map(checked, pieces, pure=False, retries=RETRIES)
        places = {future.key: place for place, future in enumerate(futures)}
        ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for future in futures:
            future.add_done_callback(ready.put)
        futures.clear()  # an answer that was taken needs no place in the cluster any more
        waited = 0.0
        while places:
            try:
                future = ready.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                waited = 0.0 if self._workers() else waited + LOOK_SECONDS
                if waited >= WITHOUT_WORKERS_SECONDS:
                    raise ClusterTrouble(
                        f"The Dask cluster at {self.scheduler} has had no worker for {waited:.0f} s, and "
                        f"{len(places)} pieces are not done. See why they end; then run this again."
                    ) from None
            else:
                yield places.pop(future.key), self._answer(future)

    def _answer(self, future: Any) -> Any:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            return future.result()
        except KilledWorker as error:
            raise ClusterTrouble(
                f"Several workers of the Dask cluster at {self.scheduler} died of the same piece "
                f"({_first_line(error)}) Often they have too little memory: give each more (--memory-limit)."
            ) from error
        except FutureCancelledError as error:
            raise ClusterTrouble(
                f"The Dask scheduler at {self.scheduler} went away before everything was done. Start it; then run "
                "this again."
            ) from error

    def _workers(self) -> Mapping[str, Any]:
        """What the scheduler says of every worker; nothing also when it is gone."""
        try:
            found: Mapping[str, Any] = self.client.scheduler_info(n_workers=-1).get("workers", {})
        except OSError:  # then every piece that is not done is told as cancelled soon
            return {}
        return found

    def _wait_for_workers(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise ClusterTrouble(
                f"The Dask cluster at {self.scheduler} has no worker; {START} worker {self.scheduler}."
            ) from error

    def _compare_versions(self) -> None:
        """Workers that calculate with other versions could give other bits."""
        found = self.client.get_versions(packages=list(PACKAGES))
        here = _versions(found["client"])
        for worker, told in sorted(found["workers"].items()):
            there = _versions(told)
            differ = [f"{name} {there[name]} instead of {here[name]}" for name in here if there[name] != here[name]]
            if differ:
                raise ClusterTrouble(
                    f"The Dask {_named(worker)} has {', '.join(differ)}: its results could differ. Install "
                    "requirements.txt there as it is here, and start it again."
                )

    def _compare_code(self) -> None:
        """Whoever is sent a piece must know what it is made of: the scheduler unpacks it on its way. A worker that
        comes later is asked again with every piece."""
        found = self.client.run(find_spec, __package__)
        found["scheduler"] = self.client.run_on_scheduler(find_spec, __package__)
        for who, spec in sorted(found.items()):
            if spec is None:
                raise ClusterTrouble(f"The Dask {_named(who)} does not find Cellwatch; {START} …")
        for worker, code in sorted(self.client.run(fingerprint).items()):
            if code != fingerprint():
                raise ClusterTrouble(f"The Dask {_named(worker)} {OTHER_CODE}")


def _checked(work: Callable[[T], R], expected: str, piece: T) -> R:
    """The work, done by a worker that runs the same code as who asks for it."""
    if fingerprint() != expected:
        raise ClusterTrouble(f"A Dask worker {OTHER_CODE}")
    return work(piece)


@cache
def fingerprint() -> str:
    """Of the code that the answers depend on."""
    root = Path(__file__).resolve().parent.parent
    found = hashlib.blake2b(digest_size=8)
    for room in ("cycling", "data_access", "monitor"):
        for path in sorted((root / room).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _versions(told: Any) -> dict[str, str]:
    packages = told["packages"]
    return {"Python": ".".join(str(packages["python"]).split(".")[:2])} | {name: packages[name] for name in PACKAGES}


def _named(who: str) -> str:
    return who if who == "scheduler" else f"worker {who}"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
