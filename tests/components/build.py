"""Builders that say only what matters."""

from __future__ import annotations

from typing import Any

from components.figures.window import Window
from cycling.types import Alert, Severity


def alert(kind: str = "contact-lost", *, opened: float = 100.0, closed: float | None = None, **told: Any) -> Alert:
    return Alert(
        **{
            "id": f"{kind}-{opened}",
            "kind": kind,
            "severity": Severity.P2,
            "scope": "channel:a-01",
            "channels": ("a-01",),
            "test": None,
            "opened_at": opened,
            "closed_at": closed,
            "message": "a-01: Contact lost.",
            **told,
        }
    )


def window(start: float = 0.0, end: float = 1000.0, *, live: bool = True, offset: float = 0.0) -> Window:
    return Window(start=start, end=end, live=live, zone="UTC", offset_second=offset)


def readings(times: list[float], **columns: list[float | None]) -> dict[str, list[Any]]:
    return {"unix_time_second": list(times), "voltage_volt": [3.7] * len(times), **columns}


def cycles(capacities: list[float], test: str = "one", reference: float = 2.0, **told: Any) -> dict[str, list[Any]]:
    count = len(capacities)
    return {
        "test": [test] * count,
        "cycle_count": list(range(1, count + 1)),
        "kind": ["regular"] * count,
        "discharging_capacity_ah": list(capacities),
        "coulombic_efficiency": [0.999] * count,
        "state_of_health": [value / reference for value in capacities],
        "surface_temperature_celsius_mean": [26.0] * count,
        "surface_temperature_celsius_max": [29.0] * count,
        "ambient_temperature_celsius_mean": [25.0] * count,
        "end_unix_time_second": [1000.0 * n for n in range(count)],
        **told,
    }


def nodes(component: Any) -> list[Any]:
    """Every Dash component of a tree."""
    children = getattr(component, "children", None)
    inner = children if isinstance(children, list | tuple) else [children]
    below = [node for child in inner if hasattr(child, "to_plotly_json") for node in nodes(child)]
    return [component, *below]


def texts(component: Any) -> str:
    """All words of a tree."""
    children = getattr(component, "children", None)
    inner = children if isinstance(children, list | tuple) else [children]
    return " ".join(
        texts(child) if hasattr(child, "to_plotly_json") else str(child) for child in inner if child is not None
    )
