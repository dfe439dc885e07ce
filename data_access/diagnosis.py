"""Which file of a damaged table it is: looked for after something failed, never before.

Names are kept plain: ``00000000000000000012.json`` in ``_delta_log`` is version 12 of a table.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from data_access import object_store

LOG = "_delta_log"
LAST = "_last_checkpoint"
VERSION = re.compile(r"(\d{20})\.json")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(\..+)?\.parquet")
LOOK_SECONDS = 3.0  # how long data files are tried one by one
MISSING = "is missing"
FROM_BACKUP = "Bring the file back from a backup"


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What is wrong with which file, and what to do: two sentences without their full stops."""

    what: str
    act: str
    gone: bool = False  # the file is not there at all


def of_log(url: str) -> Damage | None:
    """The first fault of a table's log; None when there is none to be seen, or the log cannot be read."""
    log = f"{url}/{LOG}"
    try:
        files = object_store.listed(log)
        return _hole(log, files) or _checkpoint(log, files) or _unreadable(log, files)
    except OSError:  # what is wrong is more than a file, and has been said
        return None


def empty_version(url: str, first: int, last: int) -> Damage | None:
    """A version up to ``last`` whose file is empty. Delta readers pass over it, and so over its rows.

    ``first``: those before it are known to be whole; 0 looks through the folder as it is.
    """
    log = f"{url}/{LOG}"
    if first:
        sizes = object_store.sizes([f"{log}/{version:020}.json" for version in range(first, last + 1)])
    else:
        sizes = object_store.listed(log)
    for name in sorted(sizes):
        match = VERSION.fullmatch(name)
        if match and not sizes[name]:
            return _bad(log, name, "is empty", int(match[1]) == last)
    return None


def of_files(files: Sequence[str], said: str) -> Damage | None:
    """The data file that cannot be read; ``said``: what the reader said, which may name it."""
    named = [name for name in files if name.rpartition("/")[2] in said]
    end = time.monotonic() + LOOK_SECONDS
    for deep in (False, True):
        for name in named or files:
            fault = _fault(name, deep)
            if fault:
                return Damage(what=f"The archive's file {name} {fault}", act=FROM_BACKUP, gone=fault == MISSING)
            if time.monotonic() > end:
                return None
    return None


def _hole(log: str, files: Mapping[str, int]) -> Damage | None:
    versions = sorted(int(match[1]) for match in map(VERSION.fullmatch, files) if match)
    if not versions and not _checkpoints(files):
        left = object_store.names(log.removesuffix(f"/{LOG}"))
        return Damage(what=f"its log {log} is gone", act="Bring it back from a backup") if left else None
    for before, after in itertools.pairwise(versions):
        if after != before + 1:
            missing = f"{before + 1:020}.json"
            return Damage(what=f"version {before + 1} is missing (file {log}/{missing})", act=FROM_BACKUP)
    if versions and versions[0] > max(_checkpoints(files), default=-1) + 1:
        last = versions[0] - 1
        which = f"version {last} is missing (file" if not last else f"versions 0 to {last} are missing (files up to"
        return Damage(what=f"{which} {log}/{last:020}.json)", act=FROM_BACKUP)
    return None


def _checkpoint(log: str, files: Mapping[str, int]) -> Damage | None:
    """A checkpoint is only a shortcut: without it the log itself is read, as far back as that is kept."""
    present = _checkpoints(files)
    for version in sorted(present, reverse=True):
        for name in present[version]:
            fault = _fault(f"{log}/{name}", deep=True)
            if fault:
                whole = f"{0:020}.json" in files or any(other < version for other in present)
                act = f"Move it and {log}/{LAST} away: the versions before it are all there" if whole else FROM_BACKUP
                return Damage(what=f"the checkpoint of version {version} (file {log}/{name}) {fault}", act=act)
    if LAST in files:
        try:
            told = json.loads(object_store.read(f"{log}/{LAST}"))["version"]
        except (ValueError, KeyError, TypeError):  # readers pass over it
            return None
        if told not in present:
            what = f"{log}/{LAST} names version {told}, whose checkpoint is missing"
            return Damage(
                what=what, act="Bring the checkpoint back, or delete the file that names it: it is a shortcut"
            )
    return None


def _unreadable(log: str, files: Mapping[str, int]) -> Damage | None:
    newest = _newest(files)
    for version in range(max(_checkpoints(files), default=-1) + 1, newest + 1):
        name = f"{version:020}.json"
        try:
            lines = object_store.read(f"{log}/{name}").decode("utf-8").splitlines()
            fault = "" if lines else "is empty"
            for line in lines:
                json.loads(line)
        except ValueError:
            fault = "is cut off or overwritten"
        if fault:
            return _bad(log, name, fault, version == newest)
    return None


def _bad(log: str, name: str, fault: str, newest: bool) -> Damage:
    act = FROM_BACKUP
    if newest:
        act += ", or move it away when there is none: as the newest version it holds what Redis keeps for an hour"
    return Damage(what=f"version {int(name[:20])} (file {log}/{name}) {fault}", act=act)


def _checkpoints(files: Mapping[str, int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for match in map(CHECKPOINT.fullmatch, sorted(files)):
        if match:
            found.setdefault(int(match[1]), []).append(match[0])
    return found


def _newest(files: Mapping[str, int]) -> int:
    return max((int(match[1]) for match in map(VERSION.fullmatch, files) if match), default=-1)


def _fault(name: str, deep: bool) -> str:
    """What is wrong with a Parquet file, "" when nothing is."""
    store, path = object_store.filesystem_of(name)
    try:
        with store.open_input_file(path) as source:
            size = source.size()
            if not size:
                return "is empty"
            with parquet.ParquetFile(source) as found:
                return _unread(found) if deep else ""
    except FileNotFoundError:
        return MISSING
    except (pa.ArrowInvalid, OSError):
        return "is damaged or was only half written"


def _unread(found: Any) -> str:
    for _ in found.iter_batches():
        pass
    return ""
