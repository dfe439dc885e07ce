"""Every state that the pages can show, on canned data: to look at while building, and for tests to compare."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

from dash import html

from components.channel import setpoint_band, with_setpoint
from components.figures.fade import fade
from components.figures.sentence import sentence
from components.figures.trace import trace
from components.figures.window import Window
from components.host import attributes, graph, host, page
from cycling.topology import Chamber
from cycling.types import Alert, Severity

NOW = 1_790_000_000.0  # when all this is seen, UTC seconds
PHASES = ("charging", "discharging", "resting", "finished", "idle", "silent")
SEVERITIES = ("", "P1", "P2", "P3", "P4")
SIZES = {"roomy": 36, "dense": 200, "tiny": 600}  # channels of a wall of each density
_MINUTE = 60.0


def storybook_page(size: str) -> html.Main:
    """The page; assets/storybook.js fills what scripts draw. ``size`` is the density of the wall."""
    chosen = size if size in SIZES else "roomy"
    told = {"now": NOW, "channels": channels(SIZES[chosen]), "alerts": [alert.to_json() for alert in alerts()]}
    return page(
        html.H1("Storybook: every state on canned data"),
        html.Nav(
            [_link(name, name == chosen) for name in SIZES], className="views", **attributes(aria_label="Density")
        ),
        host("storybook", "section", data_story=json.dumps(told)),
        html.Section([html.H2("Figures"), *_figures()], className="section", id="story-figures"),
    )


def channels(count: int) -> list[dict[str, Any]]:
    """Every phase with every severity, and quiet channels until there are enough; fields as a frame has them."""
    states = [_channel(f"{p}-{s or 'well'}", p, s) for p, s in itertools.product(PHASES, SEVERITIES)]
    return states + [_channel(f"filler-{n:03d}", "charging", "") for n in range(len(states), count)]


def alerts() -> list[Alert]:
    """One alert in every state of its life, and an incident with a member."""
    member = _alert("member", Severity.P2, incident="incident", suppressed="incident")
    return [
        *(_alert(f"active-{severity}", severity) for severity in Severity),
        _alert("acknowledged", Severity.P2, acknowledged_at=NOW - 5 * _MINUTE, acknowledged_by="Ada"),
        _alert("shelved", Severity.P2, shelved_until=NOW + 60 * _MINUTE),
        _alert("out-of-service", Severity.P2, out_of_service_at=NOW - 90 * _MINUTE),
        _alert("planned", Severity.P2, suppressed="maintenance"),
        _alert("over-but-unseen", Severity.P1, cleared_at=NOW - 2 * _MINUTE),
        _alert("closed", Severity.P2, closed_at=NOW - 3 * _MINUTE),
        _alert("<img src=x onerror=alert(1)>", Severity.P3, message=f"{'very-long-word' * 12} שלום"),
        _alert("incident", Severity.P2, scope="cycler:story", channels=("charging-well",), members=("member",)),
        member,
    ]


def _link(name: str, chosen: bool) -> html.A:
    marks = attributes(aria_current="page" if chosen else None)
    return html.A(f"{name}, {SIZES[name]} channels", href=f"/storybook?size={name}", className="view", **marks)


def _channel(name: str, phase: str, severity: str) -> dict[str, Any]:
    silent = phase == "silent"
    arrival = NOW - (7 * _MINUTE if silent else 0.5)
    return {
        "channel": name,
        "phase": "resting" if silent else phase,
        "severity": severity,
        "alerts": int(bool(severity)),
        "unix_time_second": arrival,
        "arrival_time_second": arrival,
        "cadence_second": 1.0,
        "voltage_volt": 3.3,
        "current_ampere": {"charging": 1.1, "discharging": -1.1}.get(phase, 0.0),
        "surface_temperature_celsius": 26.5,
        "ambient_temperature_celsius": 25.0,
        "cycle_count": 12,
        "state_of_health": 0.953,
        "test": f"{name}-001",
        "setpoint_celsius": 25.0,
        "cycler": "story",
        "chamber": "chamber-a",
        "source": "simulated",
        "cell": "cell-1",
        "batch": "canned",
        "test_time_second": 5400.0,
        "learning": False,
    }


def _alert(name: str, severity: Severity, **told: Any) -> Alert:
    given: dict[str, Any] = {
        "kind": "contact-lost",
        "scope": "channel:charging-P1",
        "channels": ("charging-P1",),
        "test": None,
    }
    given |= {"opened_at": NOW - 10 * _MINUTE, "message": f"The current is gone ({name}).", "action": "Look at it."}
    return Alert(**{"id": name, "severity": severity, **given, **told})


def _figures() -> list[html.Div]:
    window = Window(start=NOW - 1000, end=NOW, live=False)
    times = [NOW - 1000 + n for n in range(0, 1000, 5)]
    volts = [None if 300 < t - NOW + 1000 < 400 else 3.3 + 0.2 * math.sin(t / 90) for t in times]
    readings: dict[str, list[Any]] = {
        "unix_time_second": times,
        "voltage_volt": volts,
        "current_ampere": [1.1] * len(times),
        "surface_temperature_celsius": [
            None if 600 < t - NOW + 1000 < 650 else 27.0 + math.sin(t / 150) for t in times
        ],
        "ambient_temperature_celsius": [25.0 + 0.4 * math.sin(t / 60) for t in times],
    }
    chamber = Chamber(id="chamber-a", setpoint_celsius=25.0, tolerance_kelvin=1.5)
    band = setpoint_band(chamber, window)
    known = [a for a in alerts() if a.id in ("active-P1", "closed")]
    return [
        graph(
            "story-trace",
            "tall",
            trace(with_setpoint(readings, chamber), channel="charging-P1", window=window, alerts=known, band=band),
        ),
        graph("story-trace-empty", "tall", trace({}, channel="nobody", window=window)),
        graph("story-fade", "middle", fade(_cycles(), test="one")),
        graph("story-fade-empty", "middle", fade({}, test="")),
        graph("story-fade-nan", "middle", fade(_cycles(math.nan), test="one")),
        graph("story-sentence", "middle", sentence("The archive cannot be read just now.")),
    ]


def _cycles(factor: float = 1.0) -> dict[str, list[Any]]:
    count = range(1, 61)
    return {
        "test": ["one"] * len(count),
        "cycle_count": list(count),
        "kind": ["faulty" if n == 30 else "checkup" if n % 20 == 0 else "regular" for n in count],
        "discharging_capacity_ah": [factor * (1.1 - 0.003 * n) for n in count],
        "coulombic_efficiency": [factor * 0.999 for _ in count],
        "state_of_health": [factor * (1 - 0.003 * n) for n in count],
        "surface_temperature_celsius_mean": [26.0 for _ in count],
        "surface_temperature_celsius_max": [29.0 for _ in count],
        "ambient_temperature_celsius_mean": [25.0 for _ in count],
        "end_unix_time_second": [NOW - 1e6 + 1000.0 * n for n in count],
    }
