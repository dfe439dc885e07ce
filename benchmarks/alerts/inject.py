"""Faults put into clean traces: where (drawn by seed), what the readings then say, and the alert that names it.

Repetition ``j`` of fault ``f`` draws from ``default_rng([sum of f's character codes, j])``: first its step, uniformly
among the steps that fit, then its start, uniformly in 10 to 60 % of the step, then whatever the fault itself draws.
A step fits when it is loaded, longer than half an hour (60 readings at 30 s) and at least the fourth run of its key on
its channel. A fault lasts to the end of its step where it says nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benchmarks.alerts.clean import Numbers, Trace
from cycling.readings import Batch

CHARGES, DISCHARGES = ("CC_CHG", "CV_CHG"), ("CC_DCH",)
CONSTANT_CURRENT = ("CC_CHG", "CC_DCH")
RESTS = ("REST",)  # only those of a cell that is given long ones: the measured cells never rest two hours
LOADED = (*CHARGES, *DISCHARGES)
SHORTEST_STEP_SECONDS = 1800.0
EARLIER_RUNS = 3
V, I, T, CHAMBER = (  # noqa: E741 - the symbols of the field
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Rows ``begin`` to ``end`` (exclusive) of one step of a trace; ``runs_before`` of the same key came before."""

    begin: int
    end: int
    kind: str
    runs_before: int


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a fault is put: rows ``begin`` to ``end`` (exclusive) of a trace."""

    trace: Trace
    begin: int
    end: int

    @property
    def t0(self) -> float:
        return float(self.trace.unix[self.begin])

    @property
    def t1(self) -> float:
        return float(self.trace.unix[self.end - 1])


@dataclass(kw_only=True)
class Play:
    """What a fault is given: the clean rows it may change, how strong it is, and its own random numbers."""

    clean: Batch
    before: Batch  # the one row before them
    level: float
    poll: float
    rng: np.random.Generator

    @cached_property
    def k(self) -> Numbers:
        """Readings since the fault began."""
        return np.arange(len(self.clean), dtype=float)

    @cached_property
    def seconds(self) -> Numbers:
        return self.k * self.poll

    def __getitem__(self, column: str) -> Numbers:
        return self.clean.numbers(column).copy()

    @property
    def kind(self) -> str:
        return str(self.clean.texts("step_type")[0])

    def noise(self, size: float) -> Numbers:
        return self.rng.normal(0, size, len(self.clean))

    def but(self, **columns: npt.NDArray[np.float64]) -> Batch:
        return self.clean.with_columns(**columns)


def always(_clean: Batch, _faulty: Batch, _poll: float) -> bool:
    return True


def at_once(_clean: Batch, _faulty: Batch) -> int:
    return 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail. ``right`` are the kinds that name it (none: it must raise nothing), ``beside`` those that are
    true too. ``visible`` says of an injection whether the readings show what the rule asks for at all, ``meets`` which
    of its rows is the first that does."""

    name: str
    spoil: Callable[[Play], Batch]
    right: frozenset[str]
    beside: frozenset[str] = frozenset()
    levels: tuple[float, ...] = (float("nan"),)
    unit: str = ""
    steps: tuple[str, ...] = LOADED
    minutes: bool = False  # the level is how long it lasts
    further_steps: int = 0  # loaded steps after its own through which it lasts
    chamber: bool = False  # every cell of the chamber has it
    visible: Callable[[Batch, Batch, float], bool] = field(default=always)
    meets: Callable[[Batch, Batch], int] = field(default=at_once)

    def label(self, level: float) -> str:
        return self.name if np.isnan(level) else f"{self.name} {level:g} {self.unit}".strip()


def steps_of(trace: Trace) -> list[Step]:
    """The steps of a trace in order. The key of a step is its kind and, where current is held, its current."""
    kinds, counts = trace.batch.texts("step_type"), trace.batch.numbers("step_count")
    current = np.abs(trace.batch.numbers(I))
    edges = np.flatnonzero(np.append(True, np.diff(counts) != 0)).tolist()
    seen: Counter[tuple[str, float]] = Counter()
    steps = []
    for begin, end in zip(edges, [*edges[1:], len(counts)], strict=True):
        kind = str(kinds[begin])
        held = round(float(np.median(current[begin:end])), 1) if kind in CONSTANT_CURRENT else 0.0
        steps.append(Step(begin=begin, end=end, kind=kind, runs_before=seen[kind, held]))
        if (end - begin) * trace.poll > 600:
            seen[kind, held] += 1
    return steps


def fitting(trace: Trace, fault: Fault) -> list[Step]:
    """The steps of a trace into which a fault may be put."""
    return [
        step
        for step in steps_of(trace)
        if step.kind in fault.steps
        and step.runs_before >= EARLIER_RUNS
        and (step.end - step.begin) * trace.poll > SHORTEST_STEP_SECONDS
    ]


class Placer:
    """Draws spots; looks every trace through once."""

    def __init__(self, traces: Sequence[Trace]) -> None:
        self._traces = traces
        self._fitting: dict[str, list[tuple[Trace, Step]]] = {}
        self._steps = {trace.cell: steps_of(trace) for trace in traces}

    def draw(self, fault: Fault, level: float, repetition: int) -> tuple[Spot, np.random.Generator] | None:
        """The spot of one repetition, and the random numbers that go on; None where no step fits."""
        if fault.name not in self._fitting:
            self._fitting[fault.name] = [(trace, step) for trace in self._traces for step in fitting(trace, fault)]
        choices = self._fitting[fault.name]
        if not choices:
            return None
        rng = np.random.default_rng([sum(map(ord, fault.name)), repetition])
        trace, step = choices[int(rng.integers(len(choices)))]
        begin = step.begin + int(rng.uniform(0.1, 0.6) * (step.end - step.begin))
        end = step.end
        if fault.minutes:
            end = min(end, begin + int(level * 60 / trace.poll) + 1)
        for later in [s for s in self._steps[trace.cell] if s.begin >= step.end and s.kind in LOADED]:
            if fault.further_steps and (later.end - later.begin) * trace.poll > 600:
                end = later.end
                further = sum(
                    1
                    for s in self._steps[trace.cell]
                    if step.end <= s.begin < later.end and s.kind in LOADED and (s.end - s.begin) * trace.poll > 600
                )
                if further >= fault.further_steps:
                    break
        return Spot(trace=trace, begin=begin, end=end), rng


def spoiled(fault: Fault, level: float, spot: Spot, rng: np.random.Generator) -> Batch:
    """The rows of a spot as the fault leaves them."""
    rows = slice(spot.begin, spot.end)
    batch = spot.trace.batch
    before = batch.take(slice(spot.begin - 1, spot.begin))
    return fault.spoil(Play(clean=batch.take(rows), before=before, level=level, poll=spot.trace.poll, rng=rng))


# What the readings say.


def contact_open(play: Play) -> Batch:
    current = play.noise(0.0015)
    voltage = 0.05 * np.exp(-play.k / 3) + np.abs(play.noise(0.002))
    if play.kind in CHARGES and play.rng.random() < 0.5:
        voltage = np.minimum(4.35, play[V] + 0.3)
    return play.but(**{V: voltage, I: current})


def contact_open_float(play: Play) -> Batch:
    """Only the current lead is off: the voltage relaxes towards the open-circuit voltage."""
    relaxed = -0.03 if play.kind in CHARGES else 0.03
    start = float(play.before.numbers(V)[0])
    voltage = start + relaxed * (1 - np.exp(-play.k / 10)) + play.noise(0.0005)
    return play.but(**{V: voltage, I: play.noise(0.0015)})


def contact_intermittent(play: Play) -> Batch:
    """``level`` spikes an hour."""
    count = len(play.clean)
    hit = play.rng.random(count) < play.level * play.poll / 3600
    sign = np.where(play.rng.random(count) < 0.5, -1.0, 1.0)
    return play.but(**{V: play[V] + hit * sign * play.rng.uniform(0.1, 0.5, count)})


def micro_shorts(play: Play) -> Batch:
    """``level`` dips an hour of 20 to 80 mV, each for one reading."""
    count = len(play.clean)
    hit = play.rng.random(count) < play.level * play.poll / 3600
    return play.but(**{V: play[V] - hit * play.rng.uniform(0.02, 0.08, count)})


def contact_resistance(play: Play) -> Batch:
    """``level`` milliohm more between cell and cycler, within ten readings."""
    return play.but(**{V: play[V] + play[I] * play.level / 1000 * np.minimum(1, play.k / 10)})


def thermocouple_detached(play: Play) -> Batch:
    fading = np.exp(-play.k / 3)
    air = play[CHAMBER] + play.noise(0.1)
    return play.but(**{T: float(play.before.numbers(T)[0]) * fading + air * (1 - fading)})


def thermocouple_rail(play: Play) -> Batch:
    return play.but(**{T: np.full(len(play.clean), play.rng.choice([-200.0, -99.9, 99.0, 1372.0, 3276.7]))})


def thermocouple_blank(play: Play) -> Batch:
    return play.but(**{T: np.full(len(play.clean), np.nan)})


def chamber_off(play: Play) -> Batch:
    """``level`` kelvin off, at 0.3 K a minute, up or down."""
    off = np.minimum(play.level, 0.3 / 60 * play.seconds) * (1 if play.rng.random() < 0.5 else -1)
    return play.but(**{T: play[T] + off, CHAMBER: play[CHAMBER] + off})


def heat(play: Play) -> Batch:
    """``level`` kelvin a minute, up to 30 K."""
    return play.but(**{T: play[T] + np.minimum(30, play.level / 60 * play.seconds)})


def frozen_all(play: Play) -> Batch:
    return play.but(**{name: np.full(len(play.clean), play.before.numbers(name)[0]) for name in (V, I, T)})


def frozen_temperature(play: Play) -> Batch:
    return play.but(**{T: np.full(len(play.clean), play.before.numbers(T)[0])})


def current_off(play: Play) -> Batch:
    """``level`` percent less current."""
    return play.but(**{I: play[I] * (1 - play.level / 100)})


def over_voltage(play: Play) -> Batch:
    return play.but(**{V: np.maximum(play[V], 4.2) + np.minimum(0.1, 0.01 * play.k)})


def rest_leak(play: Play) -> Batch:
    """``level`` millivolt an hour."""
    return play.but(**{V: play[V] - play.level / 1000 / 3600 * play.seconds})


def _some(play: Play) -> npt.NDArray[np.bool_]:
    """One row in a hundred, at least three, so that a short step has them too."""
    chosen = play.rng.random(len(play.clean)) < 0.01
    chosen[play.rng.choice(len(play.clean), size=3, replace=False)] = True
    return chosen


def impossible(play: Play) -> Batch:
    hit = _some(play)
    value = np.nan if play.rng.random() < 0.5 else 99.0
    return play.but(**{V: np.where(hit, value, play[V])})


def repeated_rows(play: Play) -> Batch:
    return play.clean.take(np.repeat(np.arange(len(play.clean)), np.where(_some(play), 2, 1)))


def swapped_rows(play: Play) -> Batch:
    order = np.arange(len(play.clean))
    for row in np.flatnonzero(_some(play)[:-1]).tolist():
        order[[row, row + 1]] = order[[row + 1, row]]
    return play.clean.take(order)


# Whether it can be seen at all.


def carries_current(clean: Batch, _faulty: Batch, _poll: float) -> bool:
    """There was a current worth the name: 5 % of 2 A in the constant-voltage tail is nobody's loss."""
    return bool(np.abs(clean.numbers(I)[0]) > 0.15)


def reads_otherwise(clean: Batch, faulty: Batch, poll: float) -> bool:
    """For ten minutes the cell is at least 4 K away from what is read."""
    off = np.abs(clean.numbers(T) - faulty.numbers(T)) >= 4
    return bool(off.sum() * poll >= 600)


def three_in_half_an_hour(clean: Batch, faulty: Batch, poll: float) -> bool:
    hits = np.flatnonzero(clean.numbers(V) != faulty.numbers(V))
    return bool(len(hits) >= 3 and (hits[2:] - hits[:-2]).min() * poll <= 1800)


def three_in_an_hour(clean: Batch, faulty: Batch, poll: float) -> bool:
    hits = np.flatnonzero(clean.numbers(V) != faulty.numbers(V))
    return bool(len(hits) >= 3 and (hits[2:] - hits[:-2]).min() * poll <= 3600)


# The first row that meets the rule.


def first_changed(clean: Batch, faulty: Batch) -> int:
    same = (clean.numbers(V) == faulty.numbers(V)) & (clean.numbers(T) == faulty.numbers(T))
    return int(np.argmin(same))


def over_the_limit(_clean: Batch, faulty: Batch) -> int:
    """4.25 V and 0.5 % of it, the limit of a test that states none."""
    return int(np.argmax(faulty.numbers(V) > 1.005 * 4.25))


def _kinds(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


_FAULTS = (
    Fault(name="contact_open", spoil=contact_open, right=_kinds("contact-lost"), visible=carries_current),
    Fault(name="contact_open_floatV", spoil=contact_open_float, right=_kinds("contact-lost"), visible=carries_current),
    Fault(
        name="contact_intermittent",
        spoil=contact_intermittent,
        right=_kinds("contact-intermittent"),
        levels=(2, 8, 30),
        unit="/h",
        visible=three_in_half_an_hour,
    ),
    Fault(
        name="micro_shorts",
        spoil=micro_shorts,
        right=_kinds("soft-short"),
        levels=(8, 30),
        unit="/h",
        visible=three_in_an_hour,
    ),
    Fault(
        name="contact_R",
        spoil=contact_resistance,
        right=_kinds("contact-resistance"),
        beside=_kinds("over-voltage", "under-voltage"),
        levels=(20, 50, 100),
        unit="mΩ",
        steps=CONSTANT_CURRENT,
    ),
    Fault(
        name="contact_R_stays",
        spoil=contact_resistance,
        right=_kinds("contact-resistance"),
        beside=_kinds("over-voltage", "under-voltage", "capacity-drop", "resistance-rise"),
        levels=(20, 50, 100),
        unit="mΩ",
        steps=CONSTANT_CURRENT,
        further_steps=5,
    ),
    Fault(
        name="tc_detach",
        spoil=thermocouple_detached,
        right=_kinds("thermocouple-detached"),
        visible=reads_otherwise,
    ),
    Fault(name="tc_open", spoil=thermocouple_rail, right=_kinds("thermocouple-open")),
    Fault(name="tc_nan", spoil=thermocouple_blank, right=_kinds("thermocouple-open")),
    Fault(
        name="chamber",
        spoil=chamber_off,
        right=_kinds("chamber-off-setpoint"),
        beside=_kinds("over-temperature"),
        levels=(1, 3, 5, 15),
        unit="K",
        chamber=True,
    ),
    Fault(
        name="heat",
        spoil=heat,
        right=_kinds("abnormal-heating", "thermal-runaway"),
        beside=_kinds("over-temperature"),
        levels=(0.5, 2, 5),
        unit="K/min",
    ),
    Fault(name="frozen_all", spoil=frozen_all, right=_kinds("frozen"), levels=(10, 60), unit="min", minutes=True),
    Fault(name="frozen_T", spoil=frozen_temperature, right=_kinds("frozen"), levels=(10, 60), unit="min", minutes=True),
    Fault(
        name="isp",
        spoil=current_off,
        right=_kinds("current-off-setpoint"),
        levels=(1, 2, 5, 10),
        unit="%",
        steps=CONSTANT_CURRENT,
    ),
    Fault(name="overV", spoil=over_voltage, right=_kinds("over-voltage"), steps=CHARGES, meets=over_the_limit),
    Fault(
        name="rest_leak",
        spoil=rest_leak,
        right=_kinds("self-discharge"),
        levels=(1, 3, 10),
        unit="mV/h",
        steps=RESTS,
    ),
    Fault(name="impossible", spoil=impossible, right=_kinds("impossible-value"), meets=first_changed),
    Fault(name="dup", spoil=repeated_rows, right=_kinds()),
    Fault(name="reorder", spoil=swapped_rows, right=_kinds()),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}
