"""A lab of any size for a page: one full frame as the watcher writes it, told to the browser as the server would."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from playwright.sync_api import Page, Route

from cycling.frames import SCHEMA, Teller
from cycling.lab_facts import lab_facts
from cycling.topology import Chamber, Cycler, Topology, places_of
from cycling.types import Alert, ChannelState

SLOTS = 48
FREE = 4  # slots of the last cycler that nothing was heard of


def lab_of(channels: int) -> Topology:
    """A lab with so many slots in cyclers of 48, on four power circuits and in four chambers."""
    counts = [SLOTS] * (channels // SLOTS) + ([channels % SLOTS] if channels % SLOTS else [])
    cyclers = tuple(
        Cycler(id=f"arbin-{n + 1}", channels=count, chamber=f"chamber-{'abcd'[n % 4]}", power_circuit="ABCD"[n % 4])
        for n, count in enumerate(counts)
    )
    chambers = tuple(Chamber(id=f"chamber-{letter}", setpoint_celsius=25.0, tolerance_kelvin=2.0) for letter in "abcd")
    return Topology(name="Canned lab", chambers=chambers, cyclers=cyclers, places=places_of(cyclers, {}))


def told(page: Page, topology: Topology, alerts: Sequence[Alert] = (), silent: Sequence[str] = ()) -> list[str]:
    """Lets the page hear this lab instead of the running one; the names of the channels that were heard of."""
    now = time.time()
    names = list(topology.places)[:-FREE]
    severity = {channel: alert.severity for alert in alerts for channel in alert.channels}
    states = [_state(topology, name, now - (100 if name in silent else 0.5), severity.get(name, "")) for name in names]
    teller = Teller("canned")
    setpoints = {chamber.id: chamber.setpoint_celsius for chamber in topology.chambers}
    teller.changes(now, states, (), {}, lab_facts(topology, states, now), setpoints)
    body = teller.everything(now, alerts)
    hello = {"version": None, "schema": SCHEMA, "t": now, "monitor": "live", "monitor_age": 0.2, "redis": True}
    said = (
        f"retry: 600000\nevent: hello\ndata: {json.dumps(hello)}\n\nid: 1-1\nevent: frame\ndata: ".encode()
        + body
        + b"\n\n"
    )

    def answer(route: Route) -> None:
        route.fulfill(body=said, content_type="text/event-stream")

    page.route("**/api/v1/stream*", answer)
    return names


def _state(topology: Topology, channel: str, at: float, severity: str) -> ChannelState:
    place = topology.place(channel)
    latest = {
        "voltage_volt": 3.321,
        "current_ampere": 1.1,
        "surface_temperature_celsius": 26.0,
        "ambient_temperature_celsius": 24.9,
    }
    return ChannelState(
        channel=channel,
        cycler=place.cycler,
        chamber=place.chamber,
        source="measured",
        phase="charging",
        unix_time_second=at,
        arrival_time_second=at,
        cadence_second=20.0,
        latest=latest,
        test=f"{channel}-001",
        cycle_count=123,
        state_of_health=0.931,
        severity=severity,
    )
