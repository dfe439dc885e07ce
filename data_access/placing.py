"""Placing: a test that lab.toml, a feed or a person puts on a channel is the channel's current test from then on.

Rows that do not name their test belong to it, so they are judged by its limits and counted among its cycles.
"""

from __future__ import annotations

import uuid

import numpy as np

from cycling.identity import CELL, assign_tests
from cycling.readings import Batch
from cycling.topology import Topology
from data_access import keys, tests_now
from data_access.archive import Archive
from data_access.connection import Part, text
from data_access.errors import StoreAway

MOST_TRIES = 50


def place(store: Part, archive: Archive, topology: Topology, channel: str, test: str, cell: str | None) -> None:
    """Makes a test the current one of a channel, as a row that names it would."""
    cycler = topology.place(channel).cycler
    if not store.client.hexists(keys.intake(cycler), "n") and archive.position(cycler):
        return  # Redis was emptied: what ran last is in the archive, and an old statement must not undo it
    named = {"channel": channel, "test": test, CELL: cell}
    row = Batch({name: np.array([said], dtype=object) for name, said in named.items()})
    for _ in range(MOST_TRIES):
        known = tests_now.load(store, cycler)
        changed = assign_tests(row, known.tests)[1]
        if channel not in changed:
            return
        answer = store.script("place")(
            keys=[keys.intake(cycler), keys.current_tests(cycler)],
            args=[known.version, uuid.uuid4().hex, channel, tests_now.to_json(changed[channel])],
        )
        if text(answer[0]) == "ok":
            return
    raise StoreAway(f"Redis at {store.where}: the tests of cycler {cycler!r} change all the time. Try again.")
