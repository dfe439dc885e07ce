"""Where the streams stand in a Delta table, and the log of the table, which says it version by version."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from data_access import object_store


class Positions:
    """Where the streams stand in a table. To ask the table costs milliseconds a stream, more with every commit
    since its last checkpoint; so it is asked once, and then the log of each new version is read."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._version = -1
        self._known: dict[str, int] = {}

    def of(self, handle: DeltaTable, streams: Sequence[str]) -> dict[str, int]:
        """The last entry of each stream that the handle's version of the table has."""
        if handle.version() != self._version:
            self._follow(handle.version())
        for stream in streams:
            if stream not in self._known:
                self._known[stream] = handle.transaction_version(stream) or 0
        return {stream: self._known[stream] for stream in streams}

    def _follow(self, version: int) -> None:
        try:
            if version < self._version:
                raise FileNotFoundError
            for new in range(self._version + 1, version + 1) if self._known else ():
                for moved in actions(self._url, new, "txn"):
                    self._known[moved["appId"]] = moved["version"]
        except FileNotFoundError:  # cleaned away meanwhile: the table is asked again
            self._known = {}
        self._version = version

    def moved(self, before: int, version: int, upto: Mapping[str, int]) -> None:
        """Our own commit, the only one since ``before``, need not be read again."""
        if self._version == before and version == before + 1:
            self._known |= upto
            self._version = version


def log_file(folder: Path, version: int) -> Path:
    """The file of the log that made a version of the table."""
    return folder / "_delta_log" / f"{version:020}.json"


def actions(folder: Path | str, version: int, kind: str) -> Iterator[dict[str, Any]]:
    """The actions of one kind in the log of one version; ``folder`` is the table's, or its URL."""
    for line in object_store.read(f"{folder}/_delta_log/{version:020}.json").decode("utf-8").splitlines():
        if found := json.loads(line).get(kind):
            yield found
