"""Builders of whole cycles and what the cycle-level detectors say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cycling.cycle_judge import CycleJudge, Known
from cycling.detectors import cycle_detectors
from cycling.judge import Finding
from cycling.topology import TestFacts
from cycling.types import Cycle

START = 1_700_000_000.0
FADE = 0.0001  # of the first capacity per cycle


def cycle(number: int, capacity: float, *, test: str = "T1", channel: str = "a-01", **columns: Any) -> Cycle:
    """A regular cycle of 1.8 h, two hours from start to start."""
    start = columns.pop("start", START + 7200.0 * number)
    efficiency = columns.pop("efficiency", 0.999)
    plain = Cycle(
        channel=channel,
        test=test,
        cycle_count=number,
        cycler_cycle_count=float(number),
        kind="regular",
        start_unix_time_second=start,
        end_unix_time_second=start + 6500.0,
        charging_capacity_ah=capacity / efficiency,
        discharging_capacity_ah=capacity,
        coulombic_efficiency=efficiency,
        charging_energy_wh=7.5,
        discharging_energy_wh=7.0,
        energy_efficiency=7.0 / 7.5,
        internal_resistance_ohm=0.050,
        surface_temperature_celsius_min=24.0,
        surface_temperature_celsius_mean=27.0,
        surface_temperature_celsius_max=31.0,
        ambient_temperature_celsius_mean=25.0,
        charge_duration_second=3600.0,
        discharge_duration_second=1800.0 * capacity,
        state_of_health=capacity / 2.0,
    )
    return replace(plain, **columns)


def healthy(cycles: int, *, seed: int = 0, test: str = "T1", channel: str = "a-01", **columns: Any) -> list[Cycle]:
    """A 2 Ah cell that fades by 0.01 % per cycle, with a cycler's usual scatter."""
    noise = np.random.default_rng(seed)
    return [
        cycle(
            n + 1,
            2.0 * (1 - FADE * n) * (1 + noise.normal(0, 2e-4)),
            test=test,
            channel=channel,
            efficiency=0.999 + noise.normal(0, 2e-4),
            internal_resistance_ohm=0.050 * (1 + noise.normal(0, 0.01)),
            **columns,
        )
        for n in range(cycles)
    ]


def changed(cycles: Iterable[Cycle], since: int, until: int = 10**9, **factors: Any) -> list[Cycle]:
    """Cycles from ``since`` to before ``until`` with columns multiplied (numbers) or replaced (anything else)."""
    return [
        replace(
            one,
            **{
                name: value if isinstance(value, str) else getattr(one, name) * value for name, value in factors.items()
            },
        )
        if since <= one.cycle_count < until
        else one
        for one in cycles
    ]


def less(cycles: Iterable[Cycle], share: float, since: int, until: int = 10**9) -> list[Cycle]:
    """Cycles whose charge and discharge give ``share`` of what they gave."""
    names = ("discharging_capacity_ah", "charging_capacity_ah", "discharge_duration_second", "state_of_health")
    return changed(cycles, since, until, **dict.fromkeys(names, share))


def later(cycles: Iterable[Cycle], since: int, hours: float, **columns: Any) -> list[Cycle]:
    """Cycles from ``since`` on happen so many hours later: there was a gap before."""
    moved = []
    for one in cycles:
        if one.cycle_count >= since:
            begin, end = one.start_unix_time_second + 3600 * hours, one.end_unix_time_second + 3600 * hours
            one = replace(one, start_unix_time_second=begin, end_unix_time_second=end, **columns)
        moved.append(one)
    return moved


def judged(
    *tests: Sequence[Cycle],
    facts: Mapping[str, TestFacts] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    restart_every: int = 0,
    unsure: tuple[float, float] = (0.0, 0.0),
) -> list[Finding]:
    """The findings on tests that run side by side; the cycler of a channel is its name up to the dash. ``unsure``:
    the Ah by which each charge and discharge may be wrong."""
    known = sorted(
        (
            Known(
                order=(one.end_unix_time_second, place, one.cycle_count),
                at=one.end_unix_time_second,
                channel=one.channel,
                test=one.test,
                cycles=(one,),
                unsure=unsure,
            )
            for place, cycles in enumerate(tests)
            for one in cycles
        ),
        key=lambda one: one.order,
    )
    found: list[Finding] = []
    judge = judge_of(facts, settings)
    for n, one in enumerate(known):
        found += [finding for _clock, finding in judge.judge([one])]
        if restart_every and n % restart_every == 0:
            judge = judge_of(facts, settings, json.loads(json.dumps(judge.save())))
    return found


def judge_of(
    facts: Mapping[str, TestFacts] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    saved: Mapping[str, Any] | None = None,
) -> CycleJudge:
    return CycleJudge(
        cycle_detectors(settings or {}), (facts or {}).get, lambda channel: channel.partition("-")[0], saved
    )


def told(found: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """Kind, what happened and severity of findings, without the P4 ones (the log)."""
    return [(one.kind, one.what, one.severity.value) for one in found if one.severity.value != "P4"]


def kinds(found: Iterable[Finding]) -> list[str]:
    """The kinds that began, each once, without the P4 ones."""
    return sorted({kind for kind, what, _severity in told(found) if what != "ends"})


def cohort(
    cells: int, cycles: int, *, cyclers: int = 2, **facts: Any
) -> tuple[list[list[Cycle]], dict[str, TestFacts]]:
    """Replicates of one batch, spread over cyclers, and what is known of their tests."""
    names = [f"T{n + 1}" for n in range(cells)]
    lives = [
        healthy(cycles, seed=n, test=name, channel=f"{'abcdef'[n % cyclers]}-{n + 1:02d}")
        for n, name in enumerate(names)
    ]
    return lives, {name: TestFacts(test=name, batch="B7", protocol="P", chemistry="NMC", **facts) for name in names}
