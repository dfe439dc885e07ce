"""The notes of a real batch, played again: 46 channels of one cycler, and each thing that went wrong named by its kind.

The notes are those that a well-known lab keeps beside a published batch: the computer restarted twice, the chamber
wandered, two channels never started, the thermocouples of two channels were swapped, five tests were stopped early,
and five cells went on in a later batch, with counters that start again and a capacity that rested cells have. Here it
is built of measured cells of one temperature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.alerts.clean import START, Trace
from benchmarks.alerts.crowds import Crowd, crowd, gone, new_file, paused
from benchmarks.alerts.groups import HOUR, MINUTE, replayed
from cycling.readings import Batch
from cycling.types import Alert

CHANNELS, HOURS = 46, 120.0
T, CHAMBER = "surface_temperature_celsius", "ambient_temperature_celsius"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note and how many of its channels must be named, by which kinds, opened from ``begin`` to ``end``."""

    text: str
    channels: tuple[str, ...]
    kinds: frozenset[str]
    begin: float
    end: float


@dataclass(frozen=True, kw_only=True)
class NoteScore:
    text: str
    named: int
    of: int
    by: tuple[str, ...]
    severities: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return self.named >= self.of


def real_batch(traces: Sequence[Trace]) -> tuple[Crowd, list[Note]]:
    """The lab with everything in it, and its notes."""
    lab = crowd([t for t in traces if t.setpoint == traces[0].setpoint], cyclers=1, per_cycler=CHANNELS, hours=HOURS)
    names, whole = list(lab.channels), (START, lab.end + HOUR)
    end = lab.end
    first, second = START + 20 * HOUR, START + 80 * HOUR
    wander = START + 50 * HOUR
    unstarted, swapped, stopped, resumed = names[3:8:4], names[14:16], names[20:25], names[30:35]
    for begin in (first, second):
        lab = lab.change(names, paused(begin, begin + 25 * MINUTE))
    lab = lab.change(names, wandering(wander, wander + 6 * HOUR, 3.5))
    a, b = swapped
    lab = lab.but(
        {a: with_sensor_of(lab.channels[a], lab.channels[b]), b: with_sensor_of(lab.channels[b], lab.channels[a])}
    )
    for n, name in enumerate(stopped):
        lab = lab.change([name], gone(START + (60 + 5 * n) * HOUR))
    for name in resumed:
        lab = lab.change([name], new_file(START + 65 * HOUR, START + 80.9 * HOUR)).change(
            [name], rested(START + 65 * HOUR)
        )
    lab = lab.but({unstarted[1]: idle(lab.channels[unstarted[1]])})
    channels = {name: rows for name, rows in lab.channels.items() if name != unstarted[0]}
    lab = replace(lab, channels=channels).until(end)
    silent = frozenset({"channel-silent", "finished", "stalled"})
    soon = HOUR / 2
    notes = [
        Note(
            text="computer restarted, first",
            channels=tuple(channels),
            kinds=frozenset({"cycler-silent"}),
            begin=first,
            end=first + soon,
        ),
        Note(
            text="computer restarted, second",
            channels=tuple(channels),
            kinds=frozenset({"cycler-silent"}),
            begin=second,
            end=second + soon,
        ),
        Note(
            text="chamber wandered",
            channels=("chamber",),
            kinds=frozenset({"chamber-off-setpoint"}),
            begin=wander,
            end=wander + 7 * HOUR,
        ),
        Note(
            text="two channels never started",
            channels=tuple(unstarted),
            kinds=frozenset({"never-started"}),
            begin=whole[0],
            end=whole[1],
        ),
        Note(
            text="two thermocouples swapped",
            channels=tuple(swapped),
            kinds=frozenset({"thermocouples-swapped"}),
            begin=whole[0],
            end=whole[1],
        ),
        Note(text="five stopped early", channels=tuple(stopped), kinds=silent, begin=START + 60 * HOUR, end=whole[1]),
        Note(
            text="five resumed, counters begin again",
            channels=tuple(resumed),
            kinds=frozenset({"counters-reset"}),
            begin=START + 80 * HOUR,
            end=whole[1],
        ),
    ]
    return lab, notes


def run_notes(traces: Sequence[Trace]) -> tuple[list[NoteScore], list[Alert]]:
    """How each note is named, and the alerts shown that no note explains."""
    lab, notes = real_batch(traces)
    findings, _seconds = replayed(lab)
    alerts = list(findings.alerts.values())
    explained: set[str] = set()
    scores = []
    for note in notes:
        matching = [a for a in alerts if a.kind in note.kinds and note.begin <= a.opened_at <= note.end]
        explained |= {a.id for a in matching} | {member for a in matching for member in a.members}
        named = {"chamber"} if note.channels == ("chamber",) and matching else set()
        named |= {channel for alert in matching for channel in alert.channels}
        scores.append(
            NoteScore(
                text=note.text,
                named=len(named & set(note.channels)),
                of=len(note.channels) - _excused(note, lab),
                by=tuple(sorted({a.kind for a in matching})),
                severities=tuple(sorted({a.severity.value for a in matching})),
            )
        )
    return scores, [a for a in alerts if a.id not in explained and a.severity.rank <= 3 and not a.suppressed]


def _excused(note: Note, lab: Crowd) -> int:
    """Of a restart: the channels that are not running then."""
    if "cycler-silent" not in note.kinds:
        return 0

    def running(name: str) -> bool:
        unix = lab.channels[name].numbers("unix_time_second")
        return bool(((unix > note.begin - HOUR) & (unix < note.begin)).any())

    return sum(not running(name) for name in note.channels)


def wandering(begin: float, end: float, kelvin: float) -> Callable[[Batch], Batch]:
    """The chamber goes off by so much within half an hour, and back."""

    def change(batch: Batch) -> Batch:
        unix = batch.numbers("unix_time_second")
        off = kelvin * np.clip(np.minimum(unix - begin, end - unix) / (30 * MINUTE), 0, 1)
        return batch.with_columns(**{T: batch.numbers(T) + off, CHAMBER: batch.numbers(CHAMBER) + off})

    return change


def with_sensor_of(batch: Batch, other: Batch) -> Batch:
    """The cell's temperature as another channel has it at the time."""
    unix, theirs = batch.numbers("unix_time_second"), other.numbers("unix_time_second")
    at = np.clip(np.searchsorted(theirs, unix, side="right") - 1, 0, None)
    return batch.with_columns(**{T: other.numbers(T)[at]})


def rested(begin: float) -> Callable[[Batch], Batch]:
    """From then on the cell gives 3 % more, by steps that take 3 % longer: cells recover while they wait."""

    def change(batch: Batch) -> Batch:
        first = int(np.searchsorted(batch.numbers("unix_time_second"), begin))
        place = np.arange(len(batch))
        slower = np.where(place < first, place, first + ((place - first) / 1.03).astype(int))
        clocks = ("unix_time_second", "arrival_time_second", "test_time_second", "record_index")
        return batch.with_columns(
            **{name: values[slower] for name, values in batch.columns.items() if name not in clocks}
        )

    return change


def idle(batch: Batch) -> Batch:
    """A channel that reports, and does nothing."""
    rows = len(batch)
    rng = np.random.default_rng([sum(map(ord, "idle")), rows])
    return batch.with_columns(
        voltage_volt=3.4 + rng.normal(0, 1e-4, rows),
        current_ampere=np.zeros(rows),
        surface_temperature_celsius=batch.numbers(CHAMBER),
        cycle_count=np.full(rows, 0.0),
        step_count=np.full(rows, 1.0),
        step_type=np.full(rows, "REST", dtype=object),
    )
