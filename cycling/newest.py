"""The newest reading of every channel, and what the cell is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cycling.alerts import worst
from cycling.context import CHARGE, DISCHARGE
from cycling.memory import Turn
from cycling.outages import How, Return
from cycling.readings import COLUMNS, Batch
from cycling.sight import Sight
from cycling.topology import Place
from cycling.types import Alert, ChannelState

# What stands beside the columns of the reading in a kept row.
CYCLE, ARRIVAL, DIRECTION, LEARNING = ("(cycle)", "(arrival)", "(direction)", "(learning)")
FILLED_SECONDS = 20.0  # a reading that arrives this much later than it was measured was held back
IDLE = frozenset({"idle", "stopped", "paused", "error"})


class Newest:
    """The last row of every channel as plain values, with its arrival and running cycle number."""

    def __init__(self, saved: dict[str, dict[str, Any]] | None = None) -> None:
        # The names of the columns of a channel's last row, and its values; put together only when asked for.
        self._last: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
            channel: (tuple(row), tuple(row.values())) for channel, row in (saved or {}).items()
        }

    def __contains__(self, channel: str) -> bool:
        return channel in self._last

    def save(self) -> dict[str, dict[str, Any]]:
        return {channel: self._row(channel) for channel in self._last}

    def reports(self, channel: str, column: str) -> bool:
        """Whether the channel's newest reading has a value in a column."""
        return channel in self._last and self._row(channel).get(column) is not None

    def test(self, channel: str) -> str | None:
        """The test the channel is on."""
        return self._row(channel)["test"] if channel in self._last else None

    def note(self, turn: Turn, sight: Sight, batch: Batch, clock: np.ndarray) -> None:
        """Take in the last row of each channel of a turn."""
        ends = turn.runs.ends
        columns = {name: _plain(values, _whole(name)) for name, values in batch.take(ends).columns.items()}
        columns["test"] = list(turn.tests)
        columns[CYCLE] = _plain(turn.memory.array("cycle.number", np.nan)[turn.place])
        columns[ARRIVAL] = clock[ends].tolist()
        columns[DIRECTION] = sight.rows.direction[ends].tolist()
        columns[LEARNING] = (sight.thermal.learning & sight.thermometry.believable)[ends].tolist()
        names = tuple(columns)
        for channel, row in zip(turn.channels, zip(*columns.values(), strict=True), strict=True):
            self._last[channel] = (names, row)

    def back(self, batch: Batch, row: int, at: float, time_factor: float) -> Return:
        """How a channel comes back that was silent: its first row against the last one before."""
        channel = str(batch.columns["channel"][row])
        last = self._row(channel) if channel in self._last else {}

        def passed(name: str) -> float:
            before = last.get(name)
            return float(batch.numbers(name)[row]) - (np.nan if before is None else float(before))

        wall, tested = passed("unix_time_second"), passed("test_time_second") / time_factor
        how = How.PAUSED
        if tested < 0 or passed("cycle_count") < 0 or passed("record_index") < 0:
            how = How.RESTARTED
        elif at - float(batch.numbers("unix_time_second")[row]) > FILLED_SECONDS and wall < 0.5 * (at - last[ARRIVAL]):
            how = How.FILLED
        elif tested > 0.8 * wall:
            how = How.RAN_ON
        return Return(channel=channel, at=at, how=how)

    def _row(self, channel: str) -> dict[str, Any]:
        names, values = self._last[channel]
        return dict(zip(names, values, strict=True))

    def state(
        self, channel: str, place: Place, *, cadence: float, health: float | None, alerts: Sequence[Alert]
    ) -> ChannelState:
        """The channel's state for the wall."""
        latest = self._row(channel)
        cycle, arrival, direction = latest.pop(CYCLE), latest.pop(ARRIVAL), latest.pop(DIRECTION)
        learning = latest.pop(LEARNING, False)
        return ChannelState(
            channel=channel,
            cycler=place.cycler,
            chamber=place.chamber,
            phase=phase_of(direction, latest.get("channel_status")),
            unix_time_second=latest["unix_time_second"],
            arrival_time_second=arrival,
            cadence_second=cadence,
            latest=latest,
            test=latest["test"],
            cycle_count=None if cycle is None else int(cycle),
            state_of_health=health,
            alerts=len(alerts),
            severity=worst(alerts),
            source=place.source,
            learning=learning,
        )


def _whole(name: str) -> bool:
    """Whether a column holds whole numbers."""
    return name in COLUMNS and COLUMNS[name].kind in ("int32", "int64")


def _plain(values: np.ndarray, whole: bool = False) -> list[Any]:
    """Values as JSON has them: missing numbers are None, counts are whole."""
    listed: list[Any] = values.tolist()
    if values.dtype == object:
        return listed
    return [None if v != v else int(v) if whole else v for v in listed]


def phase_of(direction: float, status: str | None) -> str:
    """What a cell is doing: by what the cycler says of the channel, else by where the current goes."""
    if status == "finished":
        return "finished"
    if status in IDLE:
        return "idle"
    return "charging" if direction == CHARGE else "discharging" if direction == DISCHARGE else "resting"
