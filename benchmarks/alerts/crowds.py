"""Whole labs built of a few measured cells: every channel replays a cell from another place of its life, in its own
phase of the poll interval. Each channel's readings carry the time at which they arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.alerts.clean import START, Trace
from cycling.readings import Batch
from cycling.topology import Chamber, Cycler, TestFacts, Topology, places_of

LATE_SECONDS = 1.0  # from the cycler's clock to Cellwatch


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """A lab and the readings of each of its channels, in order of arrival."""

    topology: Topology
    channels: Mapping[str, Batch]
    poll: float

    @property
    def middle(self) -> float:
        """UTC seconds half way through."""
        times = next(iter(self.channels.values())).numbers("unix_time_second")
        return float(times[len(times) // 2])

    @property
    def end(self) -> float:
        """UTC seconds when the first of the channels has no more readings."""
        return min(float(batch.numbers("unix_time_second")[-1]) for batch in self.channels.values())

    def until(self, end: float) -> Crowd:
        """The same lab, watched up to then."""
        cut = {name: batch.take(batch.numbers("arrival_time_second") <= end) for name, batch in self.channels.items()}
        return self.but({name: batch for name, batch in cut.items() if len(batch)})

    def of_cycler(self, cycler: str) -> list[str]:
        return [channel for channel in self.channels if self.topology.place(channel).cycler == cycler]

    def but(self, changed: Mapping[str, Batch]) -> Crowd:
        """The same lab with other readings on some channels."""
        return Crowd(topology=self.topology, channels={**self.channels, **changed}, poll=self.poll)

    def change(self, names: Sequence[str], how: Callable[[Batch], Batch]) -> Crowd:
        return self.but({name: how(self.channels[name]) for name in names})


def crowd(traces: Sequence[Trace], *, cyclers: int, per_cycler: int, hours: float, seed: int = 0) -> Crowd:
    """A lab of like cyclers in one chamber per temperature of the traces and on two power circuits."""
    rng = np.random.default_rng([sum(map(ord, "crowd")), seed])
    poll = traces[0].poll
    setpoints = sorted({trace.setpoint for trace in traces})
    chambers = tuple(Chamber(id=f"chamber-{celsius:g}", setpoint_celsius=celsius) for celsius in setpoints)
    listed = tuple(
        Cycler(
            id=f"cycler-{n + 1:02}",
            channels=per_cycler,
            chamber=chambers[n % len(chambers)].id,
            power_circuit="AB"[n % 2],
            poll_seconds=poll,
        )
        for n in range(cyclers)
    )
    loggers = {c.channel_ids[k]: {"logger": f"daq-{c.id}"} for c in listed for k in range(min(10, per_cycler))}
    places = places_of(listed, loggers)
    channels, tests = {}, []
    for cycler in listed:
        fitting = [trace for trace in traces if f"chamber-{trace.setpoint:g}" == cycler.chamber]
        for channel in cycler.channel_ids:
            trace = fitting[int(rng.integers(len(fitting)))]
            channels[channel] = life(trace, channel, hours=hours, rng=rng)
            tests.append(facts(channel))
    topology = Topology(chambers=chambers, cyclers=listed, places=places, tests=tuple(tests))
    return Crowd(topology=topology, channels=channels, poll=poll)


def life(trace: Trace, channel: str, *, hours: float, rng: np.random.Generator) -> Batch:
    """A part of a cell's life on a channel, begun at the beginning of a cycle."""
    rows = int(hours * 3600 / trace.poll)
    cycles = trace.batch.numbers("cycle_count")
    begins = np.flatnonzero(np.append(True, np.diff(cycles) > 0))
    begins = begins[begins + rows < len(cycles)]
    begin = int(begins[int(rng.integers(len(begins)))])
    part = trace.batch.take(slice(begin, begin + rows))
    unix = START + trace.poll * np.arange(rows) + float(rng.uniform(0, trace.poll))
    return part.with_columns(
        channel=np.full(rows, channel, dtype=object),
        test=np.full(rows, f"{channel}-test", dtype=object),
        unix_time_second=unix,
        test_time_second=trace.poll * np.arange(rows, dtype=float),
        cycle_count=part.numbers("cycle_count") - cycles[begin] + 1,
        step_count=part.numbers("step_count") - part.numbers("step_count")[0] + 1,
        record_index=np.arange(rows, dtype=float),
        arrival_time_second=unix + LATE_SECONDS,
    )


def facts(channel: str) -> TestFacts:
    return TestFacts(test=f"{channel}-test", channel=channel, batch="bench", nominal_capacity_ah=2.0)


# What happens to the readings of a channel.


def held_back(begin: float, end: float) -> Callable[[Batch], Batch]:
    """Nothing arrives from ``begin`` to ``end``; then all of it does."""

    def change(batch: Batch) -> Batch:
        arrival = batch.numbers("arrival_time_second")
        return batch.with_columns(
            arrival_time_second=np.where((arrival >= begin) & (arrival < end), end, arrival),
        )

    return change


def paused(begin: float, end: float) -> Callable[[Batch], Batch]:
    """The cycler stops at ``begin`` and goes on at ``end`` where it stopped."""

    def change(batch: Batch) -> Batch:
        after = batch.numbers("unix_time_second") >= begin
        later = {
            name: batch.numbers(name) + after * (end - begin) for name in ("unix_time_second", "arrival_time_second")
        }
        return batch.with_columns(**later)

    return change


def new_file(begin: float, end: float) -> Callable[[Batch], Batch]:
    """The cycler stops at ``begin`` and goes on at ``end`` in a new file: cycle 1, time and records from 0."""

    def change(batch: Batch) -> Batch:
        after = batch.numbers("unix_time_second") >= begin
        counters = {}
        for name, first in (("cycle_count", 1), ("step_count", 1), ("test_time_second", 0), ("record_index", 0)):
            values = batch.numbers(name)
            counters[name] = np.where(after, values - values[np.argmax(after)] + first, values)
        return paused(begin, end)(batch.with_columns(**counters))

    return change


def gone(begin: float) -> Callable[[Batch], Batch]:
    """Nothing comes any more."""
    return lambda batch: batch.take(batch.numbers("unix_time_second") < begin)


def cooled(begin: float, end: float, room: float = 22.0) -> Callable[[Batch], Batch]:
    """While the power is away the chamber drifts to the room's temperature with 2 h, and comes back with 30 min."""

    def change(batch: Batch) -> Batch:
        unix = batch.numbers("unix_time_second")
        ambient, surface = (batch.numbers(f"{name}_temperature_celsius") for name in ("ambient", "surface"))
        after = unix >= end
        away = (room - ambient) * (1 - np.exp(-(end - begin) / 7200)) * np.exp(-np.maximum(unix - end, 0) / 1800)
        return batch.with_columns(
            ambient_temperature_celsius=ambient + np.where(after, away, 0),
            surface_temperature_celsius=surface + np.where(after, away, 0),
        )

    return change
