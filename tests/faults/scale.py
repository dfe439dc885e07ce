"""How hard the faults strike: a short form for every ``make test``, a long one for ``make soak``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Numbers of kills by process, and seconds. ``slack`` is what waiting for a busy machine may take."""

    kills: Mapping[str, int]
    rival_stops: int  # of one of two that do the same; every second time it is killed then
    gone_seconds: float  # for which Redis is away
    full_seconds: float  # for which a disk is
    frozen_seconds: float  # for which a process is stopped; longer than it commits, publishes or answers
    stepped_seconds: float  # for which a clock stays wrong
    longest_pause: float  # before a supervised process starts again; 5 s in a real lab
    slack: float
    timeout: float  # of one test


SHORT = Scale(
    kills={"record": 4, "watch": 2, "compact": 2, "redis": 2, "web": 1},
    rival_stops=4,
    gone_seconds=4.5,
    full_seconds=0.8,
    frozen_seconds=1.5,
    stepped_seconds=0.5,
    longest_pause=0.1,
    slack=45.0,
    timeout=300.0,
)
LONG = Scale(
    kills={"record": 60, "watch": 20, "compact": 20, "redis": 20, "web": 8},
    rival_stops=40,
    gone_seconds=60.0,
    full_seconds=60.0,
    frozen_seconds=60.0,
    stepped_seconds=15.0,
    longest_pause=5.0,
    slack=120.0,
    timeout=3600.0,
)


def chosen() -> Scale:
    """The long form when CELLWATCH_SOAK is set."""
    return LONG if os.environ.get("CELLWATCH_SOAK") else SHORT
