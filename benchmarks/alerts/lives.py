"""Faults of whole cycles, put into measured lives: a capacity per cycle becomes readings that say so, and the watch
counts cycles of them as of any others. Needs a table of measured cycles (columns dataset, cell, capacity)."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.alerts.clean import START, Numbers
from benchmarks.alerts.score import shown
from benchmarks.alerts.stations import fold
from cycling.readings import Batch, concat
from cycling.topology import TestFacts, Topology
from cycling.types import Alert
from cycling.watch import Watch
from monitor.findings import Findings

EFFICIENCY, EFFICIENCY_NOISE = 0.9995, 0.0003
OHM, OHM_NOISE = 0.016, 0.013  # share; what an Arbin measures scatters so from cycle to cycle
CYCLE_SECONDS = 3600.0
STEPS = ("CC_CHG",) * 3 + ("REST",) + ("CC_DCH",) * 3 + ("REST",)
FIRST, BEFORE_ONSET = 60, 0.6  # cycles, and the share of a life in which faults are put
WATCHED = 20  # cycles after the fault begins
COHORT = 8


@dataclass(frozen=True, kw_only=True)
class Life:
    """What is measured of a cell's cycles."""

    cell: str
    discharge: Numbers  # Ah per cycle
    charge: Numbers
    resistance: Numbers  # ohm

    def but(self, **changes: Numbers) -> Life:
        return Life(**{**self.__dict__, **changes})

    def until(self, cycles: int) -> Life:
        return Life(
            cell=self.cell,
            discharge=self.discharge[:cycles],
            charge=self.charge[:cycles],
            resistance=self.resistance[:cycles],
        )


@dataclass(frozen=True, kw_only=True)
class CycleFault:
    """``spoil`` is given a life, the cycle (0 first) at which it begins and the level in percent or times."""

    name: str
    spoil: Callable[[Life, int, float], Life]
    right: frozenset[str]
    levels: tuple[float, ...]
    cohort: bool = False


@dataclass(frozen=True, kw_only=True)
class CycleScore:
    fault: str
    count: int
    recall: float
    in_three: float
    delay: float  # cycles, median
    wrong: Counter[str]


def lives(path: Path, *, kept_back: bool, datasets: Sequence[str] = ("MIT", "TJU")) -> list[Life]:
    """The lives of a table; half of the cells (those whose name hashes even) are for tuning."""
    table = pd.read_parquet(path, columns=["dataset", "cell", "capacity"])
    found = []
    for (_dataset, cell), rows in table[table["dataset"].isin(datasets)].groupby(["dataset", "cell"], sort=True):
        odd = zlib.crc32(str(cell).encode()) % 2 == 1
        if odd == kept_back and len(rows) > FIRST / BEFORE_ONSET + WATCHED:
            found.append(life(str(cell), rows["capacity"].to_numpy(float)))
    return found


def life(cell: str, capacity: Numbers) -> Life:
    """A life with the efficiency and the resistance that such cells have."""
    rng = np.random.default_rng([sum(map(ord, cell)), len(capacity)])
    efficiency = EFFICIENCY + rng.normal(0, EFFICIENCY_NOISE, len(capacity))
    resistance = OHM * (1 + rng.normal(0, OHM_NOISE, len(capacity)))
    return Life(cell=cell, discharge=capacity, charge=capacity / efficiency, resistance=resistance)


def readings(life: Life, channel: str) -> Batch:
    """Eight readings a cycle whose counters say what was measured."""
    cycles, per = len(life.discharge), len(STEPS)
    rng = np.random.default_rng([sum(map(ord, channel)), cycles])
    share_in, share_out = np.array([0, 0.5, 1, 1, 1, 1, 1, 1]), np.array([0, 0, 0, 0, 0, 0.5, 1, 1])
    before_in = np.append(0.0, np.cumsum(life.charge)[:-1])
    before_out = np.append(0.0, np.cumsum(life.discharge)[:-1])
    charged = (before_in[:, None] + life.charge[:, None] * share_in).ravel()
    discharged = (before_out[:, None] + life.discharge[:, None] * share_out).ravel()
    hours = 2 * CYCLE_SECONDS / per / 3600
    way = np.array([1, 1, 1, 0, -1, -1, -1, 0.0])
    current = np.where(way > 0, life.charge[:, None], life.discharge[:, None]) / hours * way
    volt = np.tile(np.array([3.2, 3.4, 3.55, 3.45, 3.25, 3.1, 2.4, 3.0]), cycles)
    time = CYCLE_SECONDS / per * np.arange(cycles * per)
    return Batch(
        {
            "channel": np.full(cycles * per, channel, dtype=object),
            "test": np.full(cycles * per, f"{channel}-test", dtype=object),
            "unix_time_second": START + time,
            "test_time_second": time,
            "voltage_volt": volt + rng.normal(0, 1e-3, cycles * per),
            "current_ampere": current.ravel() + rng.normal(0, 1e-4, cycles * per),
            "charging_capacity_ah": charged,
            "discharging_capacity_ah": discharged,
            "internal_resistance_ohm": np.repeat(life.resistance, per),
            "cycle_count": np.repeat(np.arange(1.0, cycles + 1), per),
            "step_count": np.repeat(np.arange(4.0 * cycles), np.tile([3, 1, 3, 1], cycles)) + 1,
            "step_type": np.tile(np.array(STEPS, dtype=object), cycles),
            "record_index": np.arange(float(cycles * per)),
        }
    )


def _from(life: Life, cycle: int) -> Numbers:
    return (np.arange(len(life.discharge)) >= cycle).astype(float)


def drop(life: Life, cycle: int, percent: float) -> Life:
    share = 1 - percent / 100 * _from(life, cycle)
    return life.but(discharge=life.discharge * share, charge=life.charge * share)


def glitch(life: Life, cycle: int, percent: float) -> Life:
    share = 1 - percent / 100 * (np.arange(len(life.discharge)) == cycle)
    return life.but(discharge=life.discharge * share, charge=life.charge * share)


def faster(life: Life, cycle: int, times: float) -> Life:
    """The slope of the hundred cycles before, so many times as steep; a flat life fades by 0.01 % a cycle first."""
    recent = life.discharge[max(0, cycle - 100) : cycle]
    slope = min(float(np.polyfit(np.arange(len(recent)), recent, 1)[0]), -1e-4 * float(recent.mean()))
    extra = (times - 1) * slope * np.maximum(np.arange(len(life.discharge)) - cycle, 0)
    return life.but(discharge=life.discharge + extra, charge=life.charge + extra)


def resistance(life: Life, cycle: int, percent: float) -> Life:
    return life.but(resistance=life.resistance * (1 + percent / 100 * _from(life, cycle)))


def efficiency(life: Life, cycle: int, percent: float) -> Life:
    return life.but(charge=life.charge / (1 - percent / 100 * _from(life, cycle)))


def gain(life: Life, cycle: int, percent: float) -> Life:
    share = 1 + percent / 100 * _from(life, cycle)
    return life.but(discharge=life.discharge * share, charge=life.charge * share)


def _kinds(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


CYCLE_FAULTS = (
    CycleFault(name="drop", spoil=drop, right=_kinds("capacity-drop"), levels=(0.3, 0.5, 1, 2, 5)),
    CycleFault(name="glitch", spoil=glitch, right=_kinds(), levels=(3,)),
    CycleFault(name="slope times", spoil=faster, right=_kinds("knee"), levels=(3,)),
    CycleFault(name="resistance", spoil=resistance, right=_kinds("resistance-rise"), levels=(10, 20, 50)),
    CycleFault(name="efficiency", spoil=efficiency, right=_kinds("efficiency-out-of-band"), levels=(0.5, 2)),
    CycleFault(
        name="gain, one of a batch",
        spoil=gain,
        right=_kinds("calibration-suspect", "laggard"),
        levels=(-2, -1, -0.5, 0.5, 1, 2),
        cohort=True,
    ),
)


def false_alarms(found: Sequence[Life]) -> tuple[list[Alert], int]:
    """What is shown of lives before their onset, as they are, and how many cycles they have."""
    early = [each.until(int(BEFORE_ONSET * len(each.discharge))) for each in found]
    alerts = _watched([(f"life-{n:03}", each) for n, each in enumerate(early)], None)
    return [alert for alert in alerts if shown(alert)], sum(len(each.discharge) for each in early)


def run_cycles(found: Sequence[Life], count: int) -> Iterator[CycleScore]:
    """Each fault at each level, in ``count`` lives at once: every channel is a lab of its own."""
    for fault in CYCLE_FAULTS:
        for level in fault.levels:
            yield _score(fault, level, found, count)


def _score(fault: CycleFault, level: float, found: Sequence[Life], count: int) -> CycleScore:
    begun, rows = {}, []
    for repetition in range(count):
        rng = np.random.default_rng([sum(map(ord, fault.name)), repetition])
        picked = found[int(rng.integers(len(found)))]
        cycle = int(rng.uniform(FIRST, BEFORE_ONSET * len(picked.discharge)))
        channel = f"life-{repetition:03}"
        begun[channel] = cycle
        rows.append(
            (channel, fault.spoil(picked.until(cycle + WATCHED + 1), cycle, level), picked.until(cycle + WATCHED + 1))
        )
        if fault.cohort:
            fellows = rng.choice(len(found), size=COHORT - 1, replace=False)
            scaled = [_like(found[int(n)], picked).until(cycle + WATCHED + 1) for n in fellows]
            rows += [(f"{channel}-{n}", each, each) for n, each in enumerate(scaled)]
    batch = (lambda channel: channel[:8]) if fault.cohort else None
    clean = {(a.kind, a.scope, a.opened_at) for a in _watched([(c, quiet) for c, _s, quiet in rows], batch)}
    alerts = [a for a in _watched([(c, s) for c, s, _q in rows], batch) if (a.kind, a.scope, a.opened_at) not in clean]
    delays, wrong = [], Counter[str]()
    for channel, cycle in begun.items():
        of = [a for a in alerts if channel in a.channels and shown(a) and _cycle(a) >= cycle]
        named = [_cycle(a) - cycle for a in of if a.kind in fault.right]
        delays += [min(named)] if named else []
        wrong.update({a.kind for a in of if a.kind not in fault.right})
    return CycleScore(
        fault=f"{fault.name} {level:g}",
        count=count,
        recall=len(delays) / count,
        in_three=sum(delay <= 3 for delay in delays) / count,
        delay=float(np.median(delays)) if delays else float("nan"),
        wrong=wrong,
    )


def _like(other: Life, model: Life) -> Life:
    """Another life as if the cell were of the model's size."""
    share = float(np.median(model.discharge[2:12]) / np.median(other.discharge[2:12]))
    return other.but(discharge=other.discharge * share, charge=other.charge * share)


def _cycle(alert: Alert) -> int:
    """The cycle (0 first) that had ended when the alert opened."""
    return int((alert.opened_at - START) // CYCLE_SECONDS) - 1


def _watched(rows: Sequence[tuple[str, Life]], batch: Callable[[str], str] | None) -> list[Alert]:
    tests = tuple(
        TestFacts(
            test=f"{channel}-test",
            channel=channel,
            batch=batch(channel) if batch else None,
            nominal_capacity_ah=round(float(np.median(each.discharge[2:12])), 1),
            voltage_max_volt=3.6,
            voltage_min_volt=2.0,
        )
        for channel, each in rows
    )
    slow = {"delay_seconds": 1e5}  # eight readings a cycle are no silence
    settings = {"channel-silent": slow, "cycler-silent": slow}
    watch, findings = Watch(Topology(tests=tests), settings), Findings()
    fold(watch, concat(readings(each, channel) for channel, each in rows), findings)
    return list(findings.alerts.values())
