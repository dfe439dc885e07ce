"""The newest reading of every channel, and what the cell is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cycling.alerts import worst
from cycling.context import CHARGE, DISCHARGE
from cycling.memory import Turn
from cycling.readings import Batch
from cycling.sight import Sight
from cycling.topology import Place
from cycling.types import Alert, ChannelState

IDLE = frozenset({"idle", "stopped", "paused", "error"})


class Newest:
    """The last row of every channel as plain values, with its arrival and running cycle number."""

    def __init__(self, saved: dict[str, dict[str, Any]] | None = None) -> None:
        self._rows: dict[str, dict[str, Any]] = saved or {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._rows

    def save(self) -> dict[str, dict[str, Any]]:
        return self._rows

    def test(self, channel: str) -> str | None:
        """The test the channel is on."""
        row = self._rows.get(channel)
        return None if row is None else row["latest"].get("test")

    def note(self, turn: Turn, sight: Sight, batch: Batch, clock: np.ndarray) -> None:
        """Take in the last row of each channel of a turn."""
        ends = turn.runs.ends
        last = batch.take(ends)
        columns = {name: _plain(values) for name, values in last.columns.items()}
        cycle = turn.memory.array("cycle.number", np.nan)[turn.place].tolist()
        direction = sight.rows.direction[ends].tolist()
        for run, channel in enumerate(turn.channels):
            latest = {name: values[run] for name, values in columns.items()}
            latest["test"] = turn.tests[run]
            self._rows[channel] = {
                "latest": latest,
                "phase": _phase(direction[run], latest.get("channel_status")),
                "arrival": float(clock[ends[run]]),
                "cycle": None if cycle[run] != cycle[run] else int(cycle[run]),
            }

    def state(
        self, channel: str, place: Place, *, cadence: float, health: float | None, alerts: Sequence[Alert]
    ) -> ChannelState:
        """The channel's state for the wall."""
        row = self._rows[channel]
        latest = row["latest"]
        return ChannelState(
            channel=channel,
            cycler=place.cycler,
            chamber=place.chamber,
            phase=row["phase"],
            unix_time_second=latest["unix_time_second"],
            arrival_time_second=row["arrival"],
            cadence_second=cadence,
            latest=latest,
            test=latest["test"],
            cycle_count=row["cycle"],
            state_of_health=health,
            alerts=len(alerts),
            severity=worst(alerts),
            source=place.source,
        )


def _plain(values: np.ndarray) -> list[Any]:
    """Values as JSON has them: missing numbers are None."""
    listed: list[Any] = values.tolist()
    return listed if values.dtype == object else [None if v != v else v for v in listed]


def _phase(direction: float, status: str | None) -> str:
    if status == "finished":
        return "finished"
    if status in IDLE:
        return "idle"
    return "charging" if direction == CHARGE else "discharging" if direction == DISCHARGE else "resting"
