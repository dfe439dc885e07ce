"""The lab as a whole, as every page shows it: its name, its chambers, how many channels answered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cycling.topology import Topology
from cycling.types import ChannelState


def merged_facts(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of the lab from what each part sees of it: ``own`` is complete but for the channels of ``others``.

    A chamber's temperature is the median of the parts' medians, each as heavy as it has channels.
    """
    chambers = {chamber["id"]: [chamber] for chamber in own["chambers"]}
    cyclers = {cycler["id"]: dict(cycler) for cycler in own["cyclers"]}
    counts = dict(own["counts"])
    for other in others:
        for chamber in other["chambers"]:
            chambers.get(chamber["id"], []).append(chamber)
        for cycler in other["cyclers"]:
            if cycler["id"] in cyclers:
                for name in ("heard", "answered"):
                    cyclers[cycler["id"]][name] += cycler[name]
        for word, count in other["counts"].items():
            counts[word] = counts.get(word, 0) + count
    return {
        **own,
        "chambers": [{**parts[0], **_measured_together(parts)} for parts in chambers.values()],
        "cyclers": list(cyclers.values()),
        "counts": counts,
    }


def _measured_together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = sorted((part["measured"], part["measuring"]) for part in parts if part["measured"] is not None)
    total = sum(weight for _, weight in known)
    passed = 0
    for value, weight in known:
        passed += weight
        if 2 * passed > total:
            return {"measured": value, "measuring": total}
    return {"measured": None, "measuring": 0}


def lab_facts(topology: Topology, states: Sequence[ChannelState], now: float, demo: bool = False) -> dict[str, Any]:
    """The lab as a whole: its name, chambers with what they measure, cyclers with how many answered."""
    answered = {state.channel for state in states if state.state_at(now) != "silent"}
    heard = {state.channel for state in states}
    counts: dict[str, int] = {}
    for state in states:
        word = state.state_at(now)
        counts[word] = counts.get(word, 0) + 1
    return {
        "name": topology.name,
        "timezone": topology.timezone,
        "time_factor": topology.time_factor,
        "demo": demo,
        "chambers": [
            {
                "id": chamber.id,
                "setpoint": chamber.setpoint_at(now),
                "tolerance": 2.0 if chamber.tolerance_kelvin is None else chamber.tolerance_kelvin,
                **_measured(
                    state.latest.get("ambient_temperature_celsius")
                    for state in states
                    if state.chamber == chamber.id and state.channel in answered
                ),
            }
            for chamber in topology.chambers
        ],
        "cyclers": [
            {
                "id": cycler.id,
                "channels": cycler.channels,
                "heard": sum(channel in heard for channel in cycler.channel_ids),
                "answered": sum(channel in answered for channel in cycler.channel_ids),
                "power_circuit": cycler.power_circuit,
                "source": cycler.source,
            }
            for cycler in topology.cyclers
        ],
        "counts": counts,
    }


def _measured(values: Iterable[Any]) -> dict[str, Any]:
    """The median of what is known, and of how many channels it is."""
    known = sorted(float(v) for v in values if v is not None and math.isfinite(v))
    return {"measured": round(known[len(known) // 2], 2) if known else None, "measuring": len(known)}
