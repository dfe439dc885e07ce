"""`python -m monitor reprocess`: what was asked for, and what to say when it cannot be done."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from data_access import begun
from data_access.archive import Archive
from data_access.errors import StoreAway
from monitor.executors import ClusterTrouble, Executor, Here, cluster
from monitor.overrides import overridden, with_tolerance
from monitor.reprocess import NothingArchived, Wish, reprocess
from monitor.times import asked_time
from settings import Settings, SettingsError

ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d{1,5}")


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Does it; returns the exit code. Raises SettingsError for faults in what was given, OSError for the folder."""
    wish = wish_of(given, settings)
    try:
        with place_of(given) as executor:
            reprocess(archive_of(settings), wish, given.out, executor, _say)
    except (StoreAway, NothingArchived, ClusterTrouble) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


def archive_of(settings: Settings) -> Archive:
    return Archive(settings.archive_url, partial(begun.is_gone, settings.home, settings.archive_url))


def place_of(given: argparse.Namespace) -> AbstractContextManager[Executor]:
    """Where the work is to be done."""
    return cluster(given.dask) if given.dask else nullcontext[Executor](Here())


def wish_of(given: argparse.Namespace, settings: Settings, faults: Sequence[str] = ()) -> Wish:
    """What is to be reprocessed. Raises SettingsError with these faults and all that are found."""
    detectors, wrong = overridden(settings.detectors, given.set)
    now = time.time()
    since, until = asked_time("--since", given.since, now), asked_time("--until", given.until, now)
    found = [*wrong, *faults, *(fault for fault in (since, until) if isinstance(fault, str))]
    if given.dask is not None and not ADDRESS.fullmatch(given.dask):
        found.append(f'--dask "{given.dask}": expected the address of a Dask scheduler, such as tcp://10.0.0.1:8786')
    if isinstance(since, float) and isinstance(until, float) and until < since:
        found.append(f"--until {given.until}: expected a time after --since {given.since}")
    if found or isinstance(since, str) or isinstance(until, str):
        raise SettingsError(tuple(found))
    topology = with_tolerance(settings.topology, detectors, given.set)
    return Wish(topology=topology, detectors=detectors, since=since, until=until)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
