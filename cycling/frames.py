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
)


def frame(
    *,
    now: float,
    full: bool,
    states: Sequence[ChannelState],
    alerts: Iterable[Alert],
    lab: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, Any]],
) -> bytes:
    """One frame. ``facts`` maps a test to its metadata; ``lab`` is what ``lab_facts`` says."""
    setpoints = {chamber["id"]: chamber["setpoint"] for chamber in lab["chambers"]}
    body = {
        "schema": SCHEMA,
        "t": round(now, 3),
        "full": full,
        "channels": [_channel(state, facts.get(state.test or "", {}), setpoints) for state in states],
        "alerts": [alert.to_json() for alert in alerts],
        "lab": lab,
    }
    return orjson.dumps(body, default=str)


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
                "tolerance": chamber.tolerance_kelvin,
                "measured": _median(
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
    ]


def _rounded(value: Any, places: int) -> float | None:
    return None if value is None else round(value, places)


def _median(values: Iterable[Any]) -> float | None:
    known = sorted(float(v) for v in values if v is not None and math.isfinite(v))
    return round(known[len(known) // 2], 2) if known else None
