"""Draws every kind of alert once: ``python -m benchmarks.alerts.figures [KIND ...]`` draws docs/images/alerts/*.svg.

Measured readings of a cell shipped with the project, the fault put into them as in the benchmark, and the moment at
which this version finds it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.alerts import benign, lives
from benchmarks.alerts.clean import START, Numbers, Trace, trace
from benchmarks.alerts.crowds import Crowd, crowd, held_back, new_file, paused
from benchmarks.alerts.groups import MINUTE, replayed
from benchmarks.alerts.inject import CHAMBER, FAULTS, I, Play, Spot, T, V, fitting, spoiled
from benchmarks.alerts.inject import Fault as ReadingFault
from benchmarks.alerts.lives import Life
from benchmarks.alerts.notes import with_sensor_of
from benchmarks.alerts.stations import Station, between, fold
from benchmarks.alerts.svg import Figure, Line, Panel, drawn
from cycling.readings import Batch, concat
from cycling.topology import TestFacts, Topology
from cycling.types import Alert
from cycling.watch import Watch
from monitor.findings import Findings

DOT_MINUTES = 3
OUT = Path(__file__).parents[2] / "docs" / "images" / "alerts"
LABELS = {V: "voltage in V", I: "current in A", T: "cell in °C", CHAMBER: "chamber in °C"}
Draw = Callable[[], Figure]


@cache
def station(cell: str) -> Station:
    made = Station(traces=[benign.resting(60.0) if cell == "rests" else trace(cell, poll=60.0)])
    made.run_clean()
    return made


def of_fault(
    kind: str,
    fault: ReadingFault,
    level: float = float("nan"),
    *,
    cell: str = "B0005",
    step: str = "CC_DCH",
    columns: Sequence[str] = (V, I, T),
    title: str,
    share: float = 0.3,
) -> Draw:
    """A fault in the tenth fitting step of a cell, half an hour before it and 20 minutes after."""

    def draw() -> Figure:
        at = station(cell)
        (clean,) = at.traces
        place = [s for s in fitting(clean, fault) if s.kind == step][9]
        begin = place.begin + int(share * (place.end - place.begin))
        spot = Spot(trace=clean, begin=begin, end=place.end)
        rows = with_fault(clean, spot, spoiled(fault, level, spot, np.random.default_rng(9)))
        found = opened(alerts_of(at, spot, rows), kind, spot.t0)
        window = rows.take(between(Trace(cell=cell, poll=60, setpoint=0, batch=rows), spot.t0 - 1800, spot.t1 + 1200))
        minutes = (window.numbers("unix_time_second") - spot.t0) / 60
        panels = tuple(Panel(label=LABELS[name], lines=_lines(window, minutes, name)) for name in columns)
        return Figure(
            title=title,
            axis="minutes since it began",
            panels=panels,
            span=(0.0, (spot.t1 - spot.t0) / 60),
            found=None if found is None else (found - spot.t0) / 60,
        )

    return draw


def _lines(window: Batch, minutes: Numbers, name: str) -> tuple[Line, ...]:
    line = Line(x=minutes, y=window.numbers(name))
    return (Line(x=minutes, y=window.numbers(CHAMBER), look="c"), line) if name == T else (line,)


def with_fault(clean: Trace, spot: Spot, faulty: Batch) -> Batch:
    """The readings from a day before the spot to half an hour after it."""
    before = clean.batch.take(between(clean, spot.t0 - 86400, spot.t0))
    return concat([before, faulty, clean.batch.take(between(clean, spot.t1 + 1, spot.t1 + 1800))])


def alerts_of(at: Station, spot: Spot, rows: Batch) -> list[Alert]:
    """What a watch that has seen all earlier readings says of these."""
    (clean,) = at.traces
    first = float(rows.numbers("unix_time_second")[0])
    watch, findings = at.watch(), Findings()
    fold(watch, concat([clean.batch.take(between(clean, 0, first)), rows]), findings)
    return list(findings.alerts.values())


def opened(alerts: Iterable[Alert], kind: str, since: float = 0.0) -> float | None:
    """When the first alert of a kind opened."""
    return min((alert.opened_at for alert in alerts if alert.kind == kind and alert.opened_at >= since), default=None)


# Faults that only the figures need.


def _deep(play: Play) -> Batch:
    return play.but(**{V: play[V] - 1.6 * (play.k / len(play.clean)) ** 2})


def _dips(play: Play) -> Batch:
    return play.but(**{V: play[V] - np.where(play.k % 9 == 4, play.rng.uniform(0.04, 0.07, len(play.k)), 0.0)})


def _nothing_flows(play: Play) -> Batch:
    return play.but(**{I: play.noise(0.0005), V: np.full(len(play.clean), play[V][0]) + play.noise(0.0005)})


def _fault(name: str, spoil: Callable[[Play], Batch], **more: object) -> ReadingFault:
    return ReadingFault(name=name, spoil=spoil, right=frozenset(), **more)  # type: ignore[arg-type]


# Whole cycles.


@cache
def capacity() -> Numbers:
    """Ah per cycle of the cell B0005."""
    findings = Findings()
    fold(station("B0005").watch(), station("B0005").traces[0].batch, findings)
    table = findings.cycles_table().to_pandas()
    return np.asarray(table.loc[table["kind"] == "regular", "discharging_capacity_ah"], dtype=float)


def of_cycles(kind: str, spoil: Callable[[Life], Life], quantity: str, label: str, title: str, at: int) -> Draw:
    """A life of 120 cycles with something in it from cycle ``at`` on."""

    def draw() -> Figure:
        life = spoil(lives.life("B0005", capacity()[:120]))
        watch = Watch(Topology(tests=(_facts("figure"),)), SLOW)
        findings = Findings()
        fold(watch, lives.readings(life, "figure"), findings)
        when = opened(findings.alerts.values(), kind)
        x = np.arange(1.0, len(life.discharge) + 1)
        y = {"capacity": life.discharge, "efficiency": life.discharge / life.charge, "ohm": life.resistance * 1000}
        return Figure(
            title=title,
            axis="cycle",
            panels=(Panel(label=label, lines=(Line(x=x, y=y[quantity], dots=False),)),),
            span=(at, len(x)),
            found=None if when is None else _cycle(when),
        )

    return draw


SLOW = {"channel-silent": {"delay_seconds": 1e5}, "cycler-silent": {"delay_seconds": 1e5}}


def _facts(channel: str, batch: str | None = None) -> TestFacts:
    return TestFacts(test=f"{channel}-test", channel=channel, batch=batch, nominal_capacity_ah=2.0)


def _cycle(at: float) -> float:
    return (at - START) / lives.CYCLE_SECONDS


def of_cohort(kind: str, title: str, changed: Callable[[int, Life], Life], at: int) -> Draw:
    """Eight like cells of a batch, some of which differ from cycle ``at`` on."""

    def draw() -> Figure:
        base = capacity()[:120]
        found = [lives.life(f"cell-{n}", base * (1 + 0.004 * np.sin(n))) for n in range(8)]
        every = {f"fig-{n}": changed(n, life) for n, life in enumerate(found)}
        watch = Watch(Topology(tests=tuple(_facts(name, "batch") for name in every)), SLOW)
        findings = Findings()
        fold(watch, concat(lives.readings(life, name) for name, life in every.items()), findings)
        when = opened(findings.alerts.values(), kind)
        odd = [changed(n, life) is not life for n, life in enumerate(found)]
        lines = [
            Line(x=np.arange(1.0, 121), y=life.discharge, look="b" if differs else "c")
            for life, differs in sorted(zip(every.values(), odd, strict=True), key=lambda pair: pair[1])
        ]
        panel = Panel(label="discharge capacity in Ah", lines=tuple(lines))
        found_at = None if when is None else _cycle(when)
        return Figure(title=title, axis="cycle", panels=(panel,), span=(at, 120), found=found_at)

    return draw


# Many channels.


@cache
def small_lab() -> Crowd:
    return crowd([trace("B0005", poll=60.0), trace("B0006", poll=60.0)], cyclers=3, per_cycler=8, hours=4)


def of_arrivals(kind: str, title: str, change: Callable[[Crowd], Crowd], minutes: float) -> Draw:
    """When readings of each channel arrived, a row of dots per channel."""

    def draw() -> Figure:
        lab = small_lab()
        seen = change(lab).until(lab.end)
        begin = lab.middle
        when = opened(replayed(seen)[0].alerts.values(), kind)
        lines = []
        for row, (_name, batch) in enumerate(reversed(list(lab.channels.items()))):
            here = seen.channels.get(_name, batch.take(slice(0, 0)))
            x = (here.numbers("arrival_time_second") - begin) / 60
            x = np.unique(np.round(x[(x > -30) & (x < minutes + 40)] / DOT_MINUTES) * DOT_MINUTES)
            lines.append(Line(x=x, y=np.full(len(x), float(row)), look="a", dots=True))
        panel = Panel(label="", lines=tuple(lines))
        found = None if when is None else (when - begin) / 60
        axis = "minutes since it began; a row of dots per channel, a dot where readings arrived"
        return Figure(title=title, axis=axis, panels=(panel,), span=(0, minutes), found=found)

    return draw


def of_lab(
    kind: str, title: str, change: Callable[[Crowd], Crowd], shown: Callable[[Crowd], tuple[Panel, ...]], minutes: float
) -> Draw:
    """Something of single channels of a lab, in minutes since the middle."""

    def draw() -> Figure:
        seen = change(small_lab())
        when = opened(replayed(seen)[0].alerts.values(), kind)
        found = None if when is None else (when - small_lab().middle) / 60
        return Figure(title=title, axis="minutes since it began", panels=shown(seen), span=(0, minutes), found=found)

    return draw


def minutes_of(batch: Batch) -> Numbers:
    return (batch.numbers("arrival_time_second") - small_lab().middle) / 60


def column(lab: Crowd, names: Sequence[str], what: str, label: str, looks: str = "aaaaaaaaaaaa") -> Panel:
    lines = [
        Line(x=minutes_of(lab.channels[name]), y=lab.channels[name].numbers(what), look=look)
        for name, look in zip(names, looks, strict=False)
    ]
    return Panel(label=label, lines=tuple(lines))


def _figures() -> dict[str, Draw]:
    one, two, three = (f"cycler-0{n}" for n in (1, 2, 3))
    first, second = f"{one}-01", f"{one}-02"

    def during(
        minutes: float, how: Callable[[float, float], Callable[[Batch], Batch]], names: Sequence[str] | None
    ) -> Callable[[Crowd], Crowd]:
        return lambda lab: lab.change(
            list(lab.channels) if names is None else names, how(lab.middle, lab.middle + minutes * MINUTE)
        )

    def of(cycler: str) -> list[str]:
        return [name for name in small_lab().channels if name.startswith(cycler)]

    def scan(batch: Batch) -> Batch:
        surface = batch.numbers(T).copy()
        surface[np.searchsorted(batch.numbers("unix_time_second"), small_lab().middle)] = 99.0
        return batch.with_columns(**{T: surface})

    def hour_back(batch: Batch) -> Batch:
        unix = batch.numbers("unix_time_second")
        return batch.with_columns(unix_time_second=unix - 3600 * (unix >= small_lab().middle))

    def swap(lab: Crowd) -> Crowd:
        a, b = lab.channels[first], lab.channels[second]
        return lab.but({first: with_sensor_of(a, b), second: with_sensor_of(b, a)})

    def clocks(lab: Crowd) -> tuple[Panel, ...]:
        batch = lab.channels[first]
        off = batch.numbers("unix_time_second") - batch.numbers("arrival_time_second")
        return (Panel(label="cycler's clock minus arrival in s", lines=(Line(x=minutes_of(batch), y=off),)),)

    drawn_at: dict[str, Draw] = {
        "contact-lost": of_fault("contact-lost", FAULTS["contact_open"], title="Contact lost in a discharge"),
        "contact-intermittent": of_fault(
            "contact-intermittent",
            FAULTS["contact_intermittent"],
            30,
            columns=(V, I),
            title="A loose contact: the voltage jumps, current and temperature do not",
        ),
        "contact-resistance": of_fault(
            "contact-resistance", FAULTS["contact_R"], 100, columns=(V, I), title="A contact with 100 mΩ more"
        ),
        "thermocouple-detached": of_fault(
            "thermocouple-detached",
            FAULTS["tc_detach"],
            title="The thermocouple fell off and reads the chamber's air (grey)",
            columns=(I, T),
        ),
        "thermocouple-open": of_fault(
            "thermocouple-open",
            FAULTS["tc_open"],
            title="The thermocouple is open: the logger writes a code",
            columns=(I, T),
        ),
        "chamber-off-setpoint": of_fault(
            "chamber-off-setpoint",
            FAULTS["chamber"],
            3,
            columns=(CHAMBER, T),
            title="The chamber leaves its setpoint by 3 K",
            step="CV_CHG",
            share=0.1,
        ),
        "abnormal-heating": of_fault(
            "abnormal-heating",
            FAULTS["heat"],
            2,
            title="A cell heats by 2 K a minute more than it should",
            columns=(I, T),
        ),
        "thermal-runaway": of_fault(
            "thermal-runaway", FAULTS["heat"], 20, title="A cell heats by 20 K a minute", columns=(V, T)
        ),
        "over-temperature": of_fault(
            "over-temperature",
            _fault("hot", lambda play: play.but(**{T: play[T] + 4 * play.k})),
            title="A cell above its limit of chamber + 35 K",
            columns=(I, T),
        ),
        "over-voltage": of_fault(
            "over-voltage",
            FAULTS["overV"],
            title="A charge that does not stop at 4.2 V",
            step="CV_CHG",
            columns=(V, I),
            share=0.1,
        ),
        "under-voltage": of_fault(
            "under-voltage",
            _fault("deep", _deep),
            title="A discharge below its cut-off of 2.7 V",
            columns=(V, I),
            share=0.5,
        ),
        "frozen": of_fault("frozen", FAULTS["frozen_all"], title="Logging stuck: all values repeat to the bit"),
        "impossible-value": of_fault(
            "impossible-value", FAULTS["impossible"], title="Readings that no cell can give", columns=(V, I)
        ),
        "current-off-setpoint": of_fault(
            "current-off-setpoint", FAULTS["isp"], 5, columns=(I,), title="The current is 5 % below its setpoint"
        ),
        "self-discharge": of_fault(
            "self-discharge",
            FAULTS["rest_leak"],
            10,
            cell="rests",
            step="REST",
            columns=(V,),
            share=0.05,
            title="Simulated: a resting cell loses 10 mV/h more than relaxation",
        ),
        "soft-short": of_fault(
            "soft-short",
            _fault("dips", _dips),
            title="The voltage dips for single readings and recovers while the current stays",
            columns=(V, I),
        ),
        "stalled": of_fault(
            "stalled",
            _fault("nothing", _nothing_flows),
            title="A charge step in which nothing flows",
            step="CC_CHG",
            columns=(V, I),
            share=0.0,
        ),
        "finished": of_fault(
            "finished",
            _fault(
                "ends",
                lambda play: play.clean.with_columns(
                    **{
                        I: np.zeros(len(play.clean)),
                        "channel_status": np.full(len(play.clean), "finished", dtype=object),
                    }
                ),
            ),
            title="The program has ended: the cycler says finished",
            columns=(V, I),
            share=0.9,
        ),
        "channel-silent": of_arrivals(
            "channel-silent", "One channel falls silent, its fellows report", during(30, paused, [of(two)[3]]), 30
        ),
        "cycler-silent": of_arrivals(
            "cycler-silent", "A cycler's PC restarts: all its channels at once", during(30, paused, of(two)), 30
        ),
        "power-outage": of_arrivals(
            "power-outage", "The lab's power is away for an hour", during(60, paused, None), 60
        ),
        "network-outage": of_arrivals(
            "network-outage", "The network is away, then everything is filled in", during(30, held_back, None), 30
        ),
        "never-started": of_arrivals(
            "never-started",
            "One channel of a batch never started",
            lambda lab: lab.but({of(two)[3]: lab.channels[of(two)[3]].take(slice(0, 0))}),
            0,
        ),
        "unparseable": of_arrivals(
            "unparseable",
            "A file that cannot be read: its rows are in quarantine, not in the tests",
            during(
                20,
                lambda a, b: (
                    lambda rows: rows.take(
                        (rows.numbers("arrival_time_second") < a) | (rows.numbers("arrival_time_second") > b)
                    )
                ),
                [of(three)[2]],
            ),
            20,
        ),
        "counters-reset": of_lab(
            "counters-reset",
            "The cycler begins a new file: its counters start again",
            lambda lab: lab.change(of(one), new_file(lab.middle, lab.middle + 10 * MINUTE)).until(lab.end),
            lambda lab: (
                column(lab, [first], "cycle_count", "cycle"),
                column(lab, [first], "test_time_second", "test time in s"),
            ),
            10,
        ),
        "clock-shift": of_lab(
            "clock-shift",
            "Winter time: the PC's clock goes an hour back",
            lambda lab: lab.change(of(one), hour_back),
            clocks,
            120,
        ),
        "thermocouple-logger-fault": of_lab(
            "thermocouple-logger-fault",
            "One scan of 99.0 °C on all channels of a logger",
            lambda lab: lab.change(of(one), scan),
            lambda lab: (column(lab, of(one)[:4], T, "cells in °C"),),
            1,
        ),
        "thermocouples-swapped": of_lab(
            "thermocouples-swapped",
            "Each temperature follows the other channel's current",
            swap,
            lambda lab: (
                column(lab, [first], I, f"{first}: current in A"),
                column(lab, [first, second], T, "cells in °C (this one, and the other)", "ab"),
                column(lab, [second], I, f"{second}: current in A", "b"),
            ),
            120,
        ),
        "capacity-drop": of_cycles(
            "capacity-drop",
            lambda life: lives.drop(life, 70, 3),
            "capacity",
            "discharge capacity in Ah",
            "A sudden loss of 3 %",
            70,
        ),
        "knee": of_cycles(
            "knee",
            lambda life: lives.faster(life, 70, 4),
            "capacity",
            "discharge capacity in Ah",
            "From here on the cell fades four times as fast",
            70,
        ),
        "efficiency-out-of-band": of_cycles(
            "efficiency-out-of-band",
            lambda life: lives.efficiency(life, 70, 1),
            "efficiency",
            "discharge / charge",
            "More charge goes in than comes out: 1 %",
            70,
        ),
        "resistance-rise": of_cycles(
            "resistance-rise",
            lambda life: lives.resistance(life, 70, 20),
            "ohm",
            "resistance in mΩ",
            "The resistance rises by 20 %",
            70,
        ),
        "end-of-life": of_cycles(
            "end-of-life",
            lambda life: life,
            "capacity",
            "discharge capacity in Ah",
            "Cell B0005 falls below 80 % of its initial capacity",
            100,
        ),
        "calibration-suspect": of_cohort(
            "calibration-suspect",
            "One channel of a batch counts 2 % too much",
            lambda n, life: lives.gain(life, 60, 2) if n == 3 else life,
            60,
        ),
        "laggard": of_cohort(
            "laggard",
            "One cell of a batch fades faster than its fellows",
            lambda n, life: lives.faster(life, 50, 3) if n == 3 else life,
            50,
        ),
        "batch-shift": of_cohort(
            "batch-shift",
            "Many cells of a batch change at the same cycle",
            lambda n, life: lives.drop(life, 70, 2) if n % 4 else life,
            70,
        ),
    }
    return drawn_at


def main() -> None:
    figures = _figures()
    OUT.mkdir(parents=True, exist_ok=True)
    for kind in sys.argv[1:] or figures:
        figure = figures[kind]()
        text = drawn(figure)
        (OUT / f"{kind}.svg").write_text(text)
        print(f"{kind:28} {len(text.encode()) / 1000:5.1f} kB  {'found' if figure.found is not None else 'not found'}")


if __name__ == "__main__":
    main()
