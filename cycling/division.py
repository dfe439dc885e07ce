"""Snapshots of watches cut and put together by channel, so that a lab can be divided among watchers anew.

What a watch remembers is kept per channel, so a watch of other channels goes on from pieces of several snapshots
as if it had folded them all itself: cycles keep their numbers and alerts their ids.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cycling import fellows
from cycling.memory import Memory
from cycling.watch import SNAPSHOT, OtherSnapshot

Wanted = Callable[[str], bool]  # whether a channel is wanted


def joined(pieces: Sequence[tuple[bytes, Wanted]], whole_lab: bool) -> bytes:
    """One snapshot of the channels that are wanted of each; raises OtherSnapshot for one of another version.

    ``whole_lab``: whether alerts that are of no channel, but of the lab, are wanted too.
    """
    memory = Memory()
    whole: dict[str, Any] = {"grades": {}, "book": [], "newest": {}, "spoiled": {}}
    cycles: dict[str, dict[str, Any]] = {"tests": {}, "wide": {}}
    unread: list[Any] = []
    beside: list[tuple[Mapping[str, Any], Wanted]] = []
    clocks = []
    for saved, wanted in pieces:
        state = json.loads(saved)
        if state.get("form") != SNAPSHOT:
            raise OtherSnapshot(f"The snapshot has form {state.get('form')}, this version reads form {SNAPSHOT}.")
        known = Memory.restore({name: base64.b64decode(data) for name, data in state["memory"].items()})
        memory.take_over(known, [channel for channel in known.channels if wanted(channel)])
        running = {test for channel, test in zip(known.channels, known.test, strict=True) if wanted(channel)}
        for name in ("newest", "spoiled"):
            whole[name] |= {channel: kept for channel, kept in state[name].items() if wanted(channel)}
        # What is about channels of several parts goes where its first channel goes; so it has one keeper.
        whole["book"] += [
            alert for alert in state["book"] if (wanted(alert["channels"][0]) if alert["channels"] else whole_lab)
        ]
        unread += [one for one in state.get("unread", ()) if _is_about(one[0], wanted, whole_lab)]
        beside.append((state.get("fellows", {}), wanted))
        whole["grades"] |= {
            test: kept for test, kept in state["grades"].items() if test in running or _was_on(kept, wanted)
        }
        judged = state.get("cycles", {"tests": {}, "wide": {}})
        cycles["tests"] |= {test: kept for test, kept in judged["tests"].items() if wanted(kept["channel"])}
        cycles["wide"] |= {key: kept for key, kept in judged["wide"].items() if all(map(wanted, kept["channels"]))}
        clocks.append(state["now"])
    told = {name: base64.b64encode(data).decode() for name, data in memory.save().items()}
    now = max((clock for clock in clocks if clock is not None), default=None)
    whole |= {"cycles": cycles, "fellows": fellows.joined(beside), "unread": unread}
    return json.dumps({"form": SNAPSHOT, "now": now, "memory": told, **whole}).encode()


def _is_about(scope: str, wanted: Wanted, whole_lab: bool) -> bool:
    kind, _, name = scope.partition(":")
    return wanted(name) if kind == "channel" else whole_lab


def _was_on(grades: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a test that is over ran on a wanted channel: its first cycles say where."""
    return any(wanted(row["channel"]) for row in grades["early"][:1])
