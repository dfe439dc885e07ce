"""The wall as it was at a moment that has gone, as frames of the same form as those of the live stream.

Readings and cycles come from archive and live tail, alerts from the whole log, what people said from the journal.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cycling.as_it_was import DAY, alerts_then, by_channel, cadence_of, state_then
from cycling.context import DIRECTION_OF_STEP
from cycling.frames import Teller
from cycling.lab_facts import lab_facts
from cycling.types import Alert, ChannelState
from data_access import fleet
from data_access.alert_log import log_between
from data_access.cycles_then import Cycles
from data_access.lab import Lab
from data_access.newest_then import Steps

WINDOWS = (600.0, DAY, 32 * DAY)  # how far back is looked, and further for those that were silent for so long
MOST_CLOSED = 200  # closed alerts in a frame, as the watch has them

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Channel:
    """What is known of one channel: its newest readings, each from a step on, with the arrivals just before it."""

    places: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    arrivals: list[Sequence[float]] = field(default_factory=list)

    def at(self, place: int) -> tuple[Row, list[float]] | None:
        """The newest reading at a step and the newest arrivals (s) by then; None before the first reading."""
        upto = bisect_right(self.places, place)
        if not upto:
            return None
        return self.rows[upto - 1], [at for few in self.arrivals[max(0, upto - 2) : upto] for at in few]

    def take(self, told: Mapping[str, Any]) -> None:
        self.places.append(told["place"])
        self.rows.append(told["row"])
        self.arrivals.append(told["arrivals"])


def frames_then(lab: Lab, steps: Steps) -> list[bytes]:
    """A frame for each of the moments, the first a full one, the others what changed since the one before.

    [] when no channel had been heard by then. Raises StoreAway.
    """
    live = {state.channel: state for state in lab.live.states()}
    channels = _channels(lab, steps, live)
    if not channels:
        return []
    tests = {str(row["test"]) for channel in channels.values() for row in channel.rows if row.get("test")}
    known = _Known(
        lab=lab,
        live=live,
        channels=channels,
        cycles=Cycles(lab, tests, steps),
        largest=_largest(lab, channels, steps),
        alerts=log_between(lab, steps.first - DAY, steps.last),
        said=lab.journal.entries(),
        labels={told["test"]: told for told in lab.tests.all()},
        demo=any(place.source != "measured" for place in lab.topology.places.values()),
    )
    return known.frames(steps)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known today of the moments that are asked for."""

    lab: Lab
    live: Mapping[str, ChannelState]
    channels: Mapping[str, _Channel]
    cycles: Cycles
    largest: Mapping[str, float]
    alerts: Sequence[Alert]
    said: Sequence[Mapping[str, Any]]
    labels: Mapping[str, Mapping[str, Any]]
    demo: bool

    def frames(self, steps: Steps) -> list[bytes]:
        """The frames of the steps, told as a watcher that begins anew tells them."""
        teller = Teller(uuid.uuid4().hex[:8], time_factor=self.lab.topology.time_factor)
        before: dict[str, Alert] = {}
        found = []
        for place, then in enumerate(steps.moments):
            alerts = alerts_then(self.alerts, self.said, then)
            shown = {alert.id: alert for alert in _shown(alerts)}
            news = [alert for alert in shown.values() if before.get(alert.id) != alert]
            change = self._change(teller, place, then, alerts, news)
            found.append(change if place else teller.everything(then, shown.values()))
            before = shown
        return found

    def _change(self, teller: Teller, place: int, then: float, alerts: Sequence[Alert], news: Sequence[Alert]) -> bytes:
        """What is new at a step."""
        called = by_channel(alerts)
        seen = ((name, channel.at(place)) for name, channel in sorted(self.channels.items()))
        states = [self._state(name, *one, then, called.get(name, ())) for name, one in seen if one is not None]
        facts = lab_facts(self.lab.topology, states, then, demo=self.demo)
        setpoints = {chamber.id: chamber.setpoint_at(then) for chamber in self.lab.topology.chambers}
        return teller.changes(then, states, news, self.labels, facts, setpoints)

    def _state(
        self, name: str, row: Row, arrivals: Sequence[float], then: float, alerts: Sequence[Alert]
    ) -> ChannelState:
        place, now, test = self.lab.topology.place(name), self.live.get(name), row.get("test")
        return state_then(
            row,
            place,
            cadence=cadence_of(place, arrivals, None if now is None else now.cadence_second),
            largest_ampere=self.largest.get(name, 0.0),
            cycle_count=self.cycles.count(test, then, now, row),
            health=self.cycles.health(test, then),
            alerts=alerts,
        )


def records_begin(lab: Lab) -> float | None:
    """The time of the first archived reading (UTC s), None when there is none. Raises StoreAway."""
    return min((file.first for file in fleet.plan(lab.archive).files), default=None)


def _channels(lab: Lab, steps: Steps, live: Mapping[str, ChannelState]) -> dict[str, _Channel]:
    """Every channel that had been heard, with its newest readings.

    One whose newest reading of all was there by the first moment needs no further look: the watch still knows it. The
    others are looked for further back.
    """
    near = lab.history.newest(steps, WINDOWS[0])
    further: list[Mapping[str, Any]] = []
    have = {told["channel"] for told in near if told["place"] == 0}

    def take(listed: Iterable[Mapping[str, Any]]) -> list[str]:
        """Takes these in; says which channels are still missing."""
        new = list(listed)
        further.extend(new)
        have.update(told["channel"] for told in new)
        return [name for name in live or lab.topology.places if name not in have]

    missing = take([])
    missing = take(_as_told(live[name]) for name in missing if _was_there(live.get(name), steps.first))
    for window in WINDOWS[1:]:
        missing = take(lab.history.newest(Steps(steps.first), window, missing)) if missing else []
    found: dict[str, _Channel] = {}
    for told in (*further, *near):
        found.setdefault(told["channel"], _Channel()).take(told)
    return found


def _was_there(state: ChannelState | None, then: float) -> bool:
    return state is not None and state.arrival_time_second <= then


def _as_told(state: ChannelState) -> dict[str, Any]:
    """The newest reading of a channel as a look at the archive would tell it."""
    row = {**state.latest, "arrival_time_second": state.arrival_time_second, "test": state.test}
    return {"channel": state.channel, "place": 0, "row": row, "arrivals": []}


def _largest(lab: Lab, channels: Mapping[str, _Channel], steps: Steps) -> dict[str, float]:
    """The largest current of the day before, of channels that do not name their steps."""
    unnamed = [
        name
        for name, channel in channels.items()
        if any((row.get("step_type") or "") not in DIRECTION_OF_STEP for row in channel.rows)
    ]
    return lab.history.largest(unnamed, steps.first - DAY, steps.last) if unnamed else {}


def _shown(alerts: Sequence[Alert]) -> list[Alert]:
    closed = sorted((alert for alert in alerts if not alert.open), key=lambda alert: alert.closed_at or 0.0)
    return [alert for alert in alerts if alert.open] + closed[-MOST_CLOSED:]
