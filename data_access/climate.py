"""What each chamber's temperature was in the last hours: one line a chamber, as its cells' sensors saw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cycling.topology import Chamber, Topology
from cycling.types import ChannelState
from data_access.history import History

MINUTE = 60.0
WITNESSES = 8  # channels whose sensors are read: all of a chamber's say the same, and a lab has a thousand


def chamber_lines(
    history: History, topology: Topology, states: Sequence[ChannelState], start: float, end: float
) -> list[dict[str, Any]]:
    """Every chamber of lab.toml with its temperature, one-minute means between two unix times (the minutes whole).

    ``celsius`` is the median over a few of the chamber's channels, None in minutes without a reading;
    ``setpoint_celsius`` is what the chamber was told to hold in each minute. Raises StoreAway.
    """
    first = int(start // MINUTE)
    minutes = [MINUTE * minute for minute in range(first, int(end // MINUTE) + 1)]
    witnesses = {chamber.id: _witnesses(chamber.id, states) for chamber in topology.chambers}
    wanted = sorted({channel for channels in witnesses.values() for channel in channels})
    seen = _by_channel(history.means(wanted, minutes[0], end), first, len(minutes)) if wanted else {}
    return [
        _line(chamber, minutes, [seen[one] for one in witnesses[chamber.id] if one in seen])
        for chamber in topology.chambers
    ]


def _witnesses(chamber: str, states: Sequence[ChannelState]) -> list[str]:
    """Some channels of a chamber that measure it, spread over all of them, so that one bad logger is outvoted."""
    known = sorted(
        state.channel
        for state in states
        if state.chamber == chamber and state.latest.get("ambient_temperature_celsius") is not None
    )
    step = max(1, -(-len(known) // WITNESSES))
    return known[::step]


def _by_channel(means: Any, first: int, count: int) -> Mapping[str, Any]:
    """Each channel's minutes as one array, NaN where nothing was measured."""
    found: dict[str, Any] = {}
    names = means.column("channel").to_pylist()
    begins = means.column("unix_time_second").to_numpy()
    celsius = means.column("ambient_temperature_celsius_mean").to_numpy(zero_copy_only=False)
    for name, begin, value in zip(names, begins, celsius, strict=True):
        place = int(begin // MINUTE) - first
        if 0 <= place < count:
            found.setdefault(name, np.full(count, np.nan))[place] = value
    return found


def _line(chamber: Chamber, minutes: Sequence[float], seen: Sequence[Any]) -> dict[str, Any]:
    celsius: list[float | None] = [None] * len(minutes)
    if seen:
        table = np.sort(np.vstack(seen), axis=0)  # NaN come last
        known = np.sum(~np.isnan(table), axis=0)
        medians = table[(np.maximum(known, 1) - 1) // 2, np.arange(len(minutes))]
        celsius = [None if value != value else round(float(value), 2) for value in medians]
    return {
        "chamber": chamber.id,
        "tolerance_kelvin": 2.0 if chamber.tolerance_kelvin is None else chamber.tolerance_kelvin,
        "unix_time_second": list(minutes),
        "celsius": celsius,
        "setpoint_celsius": [chamber.setpoint_at(minute) for minute in minutes],
    }
