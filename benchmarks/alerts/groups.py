"""Faults of many channels at once: what people would be told of them, and whether it names the cause.

Each play is a lab with something wrong, the kinds that name it, and the most notices it may take. What the same lab
raises without the fault (a watch that knows no history yet) does not count.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from benchmarks.alerts.clean import Trace
from benchmarks.alerts.crowds import Crowd, cooled, crowd, gone, held_back, new_file, paused
from benchmarks.alerts.score import shown
from benchmarks.alerts.stations import fold
from cycling.readings import Batch, concat
from cycling.types import Alert, Notice
from cycling.watch import Watch
from monitor.findings import Findings

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TELLING = ("opened", "escalated")  # the reasons of a notice that calls or is read as news


@dataclass(frozen=True, kw_only=True)
class GroupPlay:
    """``channels`` are those concerned; ``right`` empty: nobody may be told anything."""

    name: str
    crowd: Crowd
    channels: tuple[str, ...]
    right: frozenset[str]
    most_notices: int = 3
    least_share: float = 0.95  # of the channels that the alerts of the right kind name
    beside: frozenset[str] = frozenset({"channel-silent"})


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """``notices`` that tell something new; ``share`` of the channels concerned that the right kind names;
    ``wrong`` are kinds shown that are neither right nor true beside."""

    play: str
    notices: int
    share: float
    found: bool
    raised: int  # alerts, shown or not
    severities: str
    wrong: Counter[str]
    passed: bool
    seconds: float


def plays(traces: Sequence[Trace], cyclers: int) -> Iterator[tuple[Crowd, GroupPlay]]:
    """Each play with the lab it is made of."""
    lab = crowd(traces, cyclers=3, per_cycler=16, hours=8)
    for minutes in (2, 15, 120):
        yield from ((lab, play) for play in pc_restart(lab, minutes))
    yield lab, logger_99(lab)
    yield lab, clocks(lab, "dst -3600 s", lambda unix: unix - 3600, "clock-shift")
    yield lab, clocks(lab, "skew +37 s", lambda unix: unix + 37, "clock-shift")
    long = crowd(traces, cyclers=1, per_cycler=16, hours=48)
    yield long, clocks(long, "drift +2 s/day", lambda unix: unix + (unix - unix[0]) * 2 / DAY, None)
    if not cyclers:
        return
    large = crowd(traces, cyclers=cyclers, per_cycler=50, hours=4)
    yield large, net_blips(large)
    yield large, network_cut(large, 30)
    for hours in (2 / 60, 1, 8):
        yield large, lab_outage(large, hours)


def pc_restart(lab: Crowd, minutes: float) -> Iterator[GroupPlay]:
    names = tuple(lab.of_cycler("cycler-02"))
    begin, end = lab.middle, lab.middle + minutes * MINUTE
    brief = minutes * MINUTE < 5 * MINUTE
    for how, change in (("backfill", held_back), ("paused", paused), ("new file", new_file)):
        right = set() if brief else {"cycler-silent"}
        if how == "new file":
            right |= {"counters-reset"}
        yield GroupPlay(
            name=f"pc_restart {minutes:g} min, {how}",
            crowd=lab.change(names, change(begin, end)).until(lab.end),
            channels=names,
            right=frozenset(right),
            most_notices=3,
            beside=frozenset({"channel-silent", "cycler-silent"}),  # stands on the wall meanwhile, nobody is told
        )


def lab_outage(lab: Crowd, hours: float) -> GroupPlay:
    """All cyclers silent within 30 s; 70 % go on, 20 % in a new file, 10 % never."""
    rng = np.random.default_rng([sum(map(ord, "lab_outage")), int(hours * 60)])
    changed = {}
    for cycler in lab.topology.cyclers:
        begin = lab.middle + float(rng.uniform(0, 30))
        for name in cycler.channel_ids:
            end = begin + hours * HOUR + float(rng.uniform(0, 60))
            fate = rng.random()
            stop = paused(begin, end) if fate < 0.7 else new_file(begin, end) if fate < 0.9 else gone(begin)
            changed[name] = cooled(begin, end)(stop(lab.channels[name]))
    return GroupPlay(
        name=f"lab_outage {hours * 60:g} min, {len(changed)} channels",
        crowd=lab.but(changed),
        channels=tuple(lab.channels),
        right=frozenset({"power-outage"}),
        beside=frozenset({"channel-silent", "cycler-silent", "counters-reset", "chamber-off-setpoint"}),
    )


def net_blips(lab: Crowd) -> GroupPlay:
    """Everything silent for 30 to 90 s, twenty times, each filled in at once."""
    rng = np.random.default_rng([sum(map(ord, "net_blip")), 0])
    begins = lab.middle - HOUR + 5 * MINUTE * np.arange(20)
    blips = [held_back(float(begin), float(begin + rng.uniform(30, 90))) for begin in begins]
    every = tuple(lab.channels)
    return GroupPlay(
        name="net_blip, 20 times",
        crowd=lab.change(every, lambda batch: reduce(lambda rows, blip: blip(rows), blips, batch)),
        channels=every,
        right=frozenset(),
        most_notices=0,
        beside=frozenset(),
    )


def network_cut(lab: Crowd, minutes: float) -> GroupPlay:
    every = tuple(lab.channels)
    return GroupPlay(
        name=f"network cut {minutes:g} min, filled in",
        crowd=lab.change(every, held_back(lab.middle, lab.middle + minutes * MINUTE)),
        channels=every,
        right=frozenset({"network-outage", "power-outage"}),  # which of the two shows when the data come back
        beside=frozenset({"channel-silent", "cycler-silent"}),
    )


def logger_99(lab: Crowd) -> GroupPlay:
    """One scan of 99.0 °C on the ten channels of a thermocouple logger."""
    names = tuple(lab.of_cycler("cycler-01")[:10])

    def scan(batch: Batch) -> Batch:
        surface = batch.numbers("surface_temperature_celsius").copy()
        surface[np.searchsorted(batch.numbers("unix_time_second"), lab.middle)] = 99.0
        return batch.with_columns(surface_temperature_celsius=surface)

    return GroupPlay(
        name="logger_99, one scan of 10 channels",
        crowd=lab.change(names, scan),
        channels=names,
        right=frozenset({"thermocouple-logger-fault"}),
        most_notices=1,
        beside=frozenset({"thermocouple-open"}),
    )


def clocks(lab: Crowd, name: str, change: Callable[[np.ndarray], np.ndarray], kind: str | None) -> GroupPlay:
    """The clock of one cycler's PC says something else from the middle on; test time and arrival go on."""
    names = tuple(lab.of_cycler("cycler-01"))

    def shifted(batch: Batch) -> Batch:
        unix = batch.numbers("unix_time_second")
        after = unix >= (lab.middle if kind else 0)
        return batch.with_columns(unix_time_second=np.where(after, change(unix), unix))

    return GroupPlay(
        name=name,
        crowd=lab.change(names, shifted),
        channels=names,
        right=frozenset({kind} if kind else ()),
        most_notices=1 if kind else 0,
        beside=frozenset(),
    )


def replayed(lab: Crowd) -> tuple[Findings, float]:
    """The alerts and notices of a lab, and the seconds of CPU they took."""
    watch, findings = Watch(lab.topology), Findings()
    began = time.process_time()
    fold(watch, concat(lab.channels.values()), findings)
    return findings, time.process_time() - began


def group_score(play: GroupPlay, findings: Findings, quiet: Findings, seconds: float = 0.0) -> GroupScore:
    """What was told of a play that is not told of the same lab without it."""
    known = {(alert.kind, alert.scope) for alert in quiet.alerts.values()}
    alerts = [alert for alert in findings.alerts.values() if (alert.kind, alert.scope) not in known]
    return scored(play, alerts, findings.notices, seconds)


def scored(play: GroupPlay, alerts: Sequence[Alert], notices: Sequence[Notice], seconds: float) -> GroupScore:
    ids = {alert.id for alert in alerts}
    told = [note for note in notices if note.reason in TELLING and ids & {note.alert, *note.alerts}]
    named = {channel for alert in alerts if alert.kind in play.right for channel in alert.channels}
    share = len(named & set(play.channels)) / len(play.channels)
    right = [alert for alert in alerts if alert.kind in play.right]
    wrong = Counter(a.kind for a in alerts if shown(a) and a.kind not in play.right | play.beside)
    found = bool(right) and share >= play.least_share if play.right else not told
    return GroupScore(
        play=play.name,
        notices=len(told),
        share=share,
        found=found,
        raised=len(alerts),
        severities=" ".join(sorted({f"{alert.kind} {alert.severity}" for alert in right})),
        wrong=wrong,
        passed=found and len(told) <= play.most_notices and not wrong,
        seconds=seconds,
    )


def run_groups(traces: Sequence[Trace], cyclers: int = 20) -> Iterator[GroupScore]:
    """All plays; ``cyclers`` of 50 channels each are in the large lab (0: none of its plays)."""
    quiet: dict[int, Findings] = {}
    for lab, play in plays(traces, cyclers):
        if id(lab) not in quiet:
            quiet = {id(lab): replayed(lab)[0]}
        findings, seconds = replayed(play.crowd)
        yield group_score(play, findings, quiet[id(lab)], seconds)
