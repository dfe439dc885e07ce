"""GET /channels and GET /quarantine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from api.answers import answer
from api.arguments import whole_number
from cycling.types import ChannelState
from data_access.lab import lab

channels = Blueprint("channels", __name__)


@channels.get("/channels")
def get_channels() -> Response:
    now = time.time()
    facts = {told["test"]: told for told in lab().tests.all()}
    heard = {state.channel: _heard(state, facts.get(state.test or "", {}), now) for state in lab().live.states()}
    listed = [heard.pop(channel) if channel in heard else _never_heard(channel) for channel in lab().topology.places]
    return answer({"channels": [*listed, *(heard[channel] for channel in sorted(heard))]})


@channels.get("/quarantine")
def get_quarantine() -> Response:
    limit = whole_number("limit", 500, least=1, most=100_000)
    return answer({"quarantine": lab().live.quarantined(limit)})


def _heard(state: ChannelState, facts: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        "channel": state.channel,
        "state": state.state_at(now),
        "latest": state.latest,
        "age_second": max(0.0, round(now - state.arrival_time_second, 3)),
        "cadence_second": state.cadence_second,
        "test": state.test,
        "cell": facts.get("cell"),
        "batch": facts.get("batch"),
        "cycle_count": state.cycle_count,
        "state_of_health": state.state_of_health,
        "alerts": state.alerts,
        "severity": state.severity,
        "cycler": state.cycler,
        "chamber": state.chamber,
        "source": state.source,
    }


def _never_heard(channel: str) -> dict[str, Any]:
    """A channel of lab.toml that never sent anything: shown, so that its silence is seen."""
    place = lab().topology.place(channel)
    nothing = ("age_second", "cadence_second", "test", "cell", "batch", "cycle_count", "state_of_health")
    return {
        "channel": channel,
        "state": "silent",
        "latest": None,
        **dict.fromkeys(nothing),
        "alerts": 0,
        "severity": "",
        "cycler": place.cycler,
        "chamber": place.chamber,
        "source": place.source,
    }
