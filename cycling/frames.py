"""Frames: what changed on the wall, as compact JSON bytes that every viewer gets alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from cycling.topology import Topology
from cycling.types import Alert, ChannelState

SCHEMA = 1
CHANNEL_FIELDS = (
    "channel",
    "phase",
    "severity",
    "alerts",
    "unix_time_second",
    "arrival_time_second",
    "cadence_second",
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
    "cycle_count",
    "state_of_health",
    "test",
    "setpoint_celsius",
    "cycler",
    "chamber",
    "source",
    "cell",
    "batch",
    "test_time_second",
    "learning",
)


def frame(
    *,
    now: float,
    full: bool,
    states: Sequence[ChannelState],
    alerts: Iterable[Alert],
    lab: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, Any]],
    part: str = "",
) -> bytes:
    """One frame. ``facts`` maps a test to its metadata; ``lab`` is what ``lab_facts`` says; ``part`` names the part
    of the lab whose frame it is, "" for the whole lab."""
    setpoints = {chamber["id"]: chamber["setpoint"] for chamber in lab["chambers"]}
    body = {
        "schema": SCHEMA,
        "t": round(now, 3),
        "full": full,
        "channels": [_channel(state, facts.get(state.test or "", {}), setpoints) for state in states],
        "alerts": [alert.to_json() for alert in alerts],
        "lab": lab,
    }
    return orjson.dumps(body | {"part": part} if part else body, default=str)


def merged(frames: Sequence[bytes]) -> bytes:
    """The full frames of all parts of a lab as one; the facts of the lab are those of the newest."""
    bodies = sorted((orjson.loads(one) for one in frames), key=lambda body: float(body["t"]))
    together = {name: [one for body in bodies for one in body[name]] for name in ("channels", "alerts")}
    return orjson.dumps(bodies[-1] | together)


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


def _channel(state: ChannelState, facts: Mapping[str, Any], setpoints: Mapping[str, float]) -> list[Any]:
    latest = state.latest
    return [
        state.channel,
        state.phase,
        state.severity,
        state.alerts,
        state.unix_time_second,
        state.arrival_time_second,
        round(state.cadence_second, 3),
        _rounded(latest.get("voltage_volt"), 4),
        _rounded(latest.get("current_ampere"), 4),
        _rounded(latest.get("surface_temperature_celsius"), 2),
        _rounded(latest.get("ambient_temperature_celsius"), 2),
        state.cycle_count,
        _rounded(state.state_of_health, 4),
        state.test,
        setpoints.get(state.chamber or ""),
        state.cycler,
        state.chamber,
        state.source,
        facts.get("cell"),
        facts.get("batch"),
        _rounded(latest.get("test_time_second"), 1),
        state.learning,
    ]


def _rounded(value: Any, places: int) -> float | None:
    return None if value is None else round(value, places)


def _measured(values: Iterable[Any]) -> dict[str, Any]:
    """The median of what is known, and of how many channels it is."""
    known = sorted(float(v) for v in values if v is not None and math.isfinite(v))
    return {"measured": round(known[len(known) // 2], 2) if known else None, "measuring": len(known)}
