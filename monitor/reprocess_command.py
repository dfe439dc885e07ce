"""`python -m monitor reprocess`: what was asked for, and what to say when it cannot be done."""

from __future__ import annotations

import argparse
import math
import re
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from functools import partial

from data_access import begun
from data_access.archive import Archive
from data_access.errors import StoreAway
from monitor.executors import ClusterTrouble, Executor, Here, cluster
from monitor.overrides import overridden
from monitor.reprocess import NothingArchived, Wish, reprocess
from settings import Settings, SettingsError

ADDRESS = re.compile(r"(tcp|tls)://[^\s/]+:\d{1,5}")
TIME = "expected unix seconds, or a time with its zone such as 2026-11-22T12:00:00Z"


def run(given: argparse.Namespace, settings: Settings) -> int:
    """Does it; returns the exit code. Raises SettingsError for faults in what was given, OSError for the folder."""
    wish = _wish(given, settings)
    archive = Archive(settings.archive_url, partial(begun.is_gone, settings.home, settings.archive_url))
    place: AbstractContextManager[Executor] = cluster(given.dask) if given.dask else nullcontext[Executor](Here())
    try:
        with place as executor:
            reprocess(archive, wish, given.out, executor, _say)
    except (StoreAway, NothingArchived, ClusterTrouble) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


def _wish(given: argparse.Namespace, settings: Settings) -> Wish:
    detectors, faults = overridden(settings.detectors, given.set)
    since, until = _time("--since", given.since), _time("--until", given.until)
    found = [*faults, *(fault for fault in (since, until) if isinstance(fault, str))]
    if given.dask is not None and not ADDRESS.fullmatch(given.dask):
        found.append(f'--dask "{given.dask}": expected the address of a Dask scheduler, such as tcp://10.0.0.1:8786')
    if isinstance(since, float) and isinstance(until, float) and until < since:
        found.append(f"--until {given.until}: expected a time after --since {given.since}")
    if found or isinstance(since, str) or isinstance(until, str):
        raise SettingsError(tuple(found))
    return Wish(topology=settings.topology, detectors=detectors, since=since, until=until)


def _time(option: str, text: str | None) -> float | str | None:
    """The unix time that was given, or what is wrong with it."""
    if text is None:
        return None
    with suppress(ValueError):
        return float(text) if math.isfinite(float(text)) else f'{option} "{text}": {TIME}'
    with suppress(ValueError):
        when = datetime.fromisoformat(text)
        return when.timestamp() if when.tzinfo else f'{option} "{text}": {TIME}; add Z for UTC'
    return f'{option} "{text}": {TIME}'


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
