"""The readings of the whole fleet at one moment, parted into pieces that any number of processes can work on.

A plan is made once, from the table's log: which data files there are and what times and channels they hold. Whoever
works on a piece is given names of files and nothing else, and reads them by himself.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from cycling.topology import UNLISTED, TestFacts, Topology
from data_access.archive import Archive
from data_access.data_files import DataFile

UNLISTED_AT_ONCE = 16  # channels that lab.toml does not name share nothing, so they are parted for balance only
NEVER = (-math.inf, math.inf)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A data file, and between which unix times and channels its rows lie as far as the table's log says."""

    url: str
    rows: int = 0
    first: float = -math.inf
    last: float = math.inf
    lowest: str = ""
    highest: str | None = None  # None: unknown

    def may_hold(self, since: float, until: float, channels: Sequence[str]) -> bool:
        """Whether rows of one of the channels (in order of name) between the times, inclusive, can be in it."""
        late, early = self.first > until, self.last < since
        below, above = channels[-1] < self.lowest, self.highest is not None and self.highest < channels[0]
        return not (late or early or below or above)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Every data file of the readings at one moment, in order of name. ``since`` and ``until`` are unix times,
    inclusive; ``schema`` has the table's columns."""

    files: tuple[Stored, ...]
    schema: Any
    since: float = -math.inf
    until: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Channels that must be watched together, in order of name: those of one cycler; and the files they are in."""

    name: str
    fleet: Fleet
    channels: tuple[str, ...]
    threads: int | None = None  # of a query; None: all of the machine's


def plan(archive: Archive, since: float | None = None, until: float | None = None) -> Fleet:
    """The readings as they are archived now. Raises StoreAway."""
    inventory = archive.tables["readings"].inventory()
    files = sorted((_stored(archive.url, file) for file in inventory.files), key=lambda file: file.url)
    fleet = Fleet(
        files=tuple(files),
        schema=pa.schema(list(inventory.columns.items())),
        since=-math.inf if since is None else since,
        until=math.inf if until is None else until,
    )
    return _only(fleet, [file for file in files if file.first <= fleet.until and file.last >= fleet.since])


def chunks(fleet: Fleet, rows: int, files: int, at_once: int = 1) -> list[Fleet]:
    """The same fleet in parts of about so many rows, but no more than so many files, each; the largest first.

    There are as many parts as ``at_once`` of them can be worked on, or a multiple of it, and every part gets about
    as many rows: so nobody has long to wait for the last one. The same files are always parted in the same way.
    """
    if not fleet.files:
        return []
    wanted = max(sum(file.rows for file in fleet.files) / rows, len(fleet.files) / files)
    count = min(math.ceil(wanted / at_once) * at_once, len(fleet.files))
    parts: list[list[Stored]] = [[] for _ in range(count)]
    emptiest = [(0, 0, place) for place in range(count)]  # rows, files, which part
    for file in sorted(fleet.files, key=lambda file: (-file.rows, file.url)):
        held, many, place = heapq.heappop(emptiest)
        parts[place].append(file)
        if many + 1 < files:
            heapq.heappush(emptiest, (held + file.rows, many + 1, place))
    parts.sort(key=lambda part: -sum(file.rows for file in part))
    return [_only(fleet, sorted(part, key=lambda file: file.url)) for part in parts]


def units(fleet: Fleet, topology: Topology, channels: Iterable[str], threads: int | None = None) -> list[Unit]:
    """Who must be watched together: silence is judged cycler by cycler, so each cycler is a unit of its own. Channels
    that lab.toml does not name are judged one by one."""
    by_cycler: dict[str, list[str]] = {}
    for channel in sorted(channels):
        by_cycler.setdefault(topology.place(channel).cycler, []).append(channel)
    found = []
    for cycler in sorted(by_cycler):
        named = by_cycler[cycler]
        step = UNLISTED_AT_ONCE if cycler == UNLISTED else len(named)
        for begin in range(0, len(named), step):
            some = named[begin : begin + step]
            files = [file for file in fleet.files if file.may_hold(*NEVER, some)]
            name = cycler if cycler != UNLISTED else f"{cycler} {some[0]}…{some[-1]}"
            found.append(Unit(name=name, fleet=_only(fleet, files), channels=tuple(some), threads=threads))
    return found


def facts_of(archive: Archive, topology: Topology) -> dict[str, TestFacts]:
    """What is known of every test: as the lab's register was archived, and where lab.toml had said it, as lab.toml
    says it now. Raises StoreAway."""
    stated = {facts.test: facts for facts in topology.tests}
    named = set(TestFacts.__dataclass_fields__) - {"extra"}
    for row in archive.rows("tests"):
        if row["source"] == "lab.toml" and row["test"] in stated:
            continue
        known: Mapping[str, Any] = {name: row[name] for name in named if row.get(name) is not None}
        stated[row["test"]] = TestFacts(**known)
    return stated


def _only(fleet: Fleet, files: Sequence[Stored]) -> Fleet:
    return replace(fleet, files=tuple(files))


def _stored(url: str, file: DataFile) -> Stored:
    """What the log says of a file; what it does not say may be anything."""
    said = {
        "rows": file.rows,
        "first": file.least.get("unix_time_second"),
        "last": file.most.get("unix_time_second"),
        "lowest": file.least.get("channel"),
        "highest": file.most.get("channel"),
    }
    known: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    return Stored(url=f"{url}/readings/{file.path}", **known)
