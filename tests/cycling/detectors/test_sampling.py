"""Charge integrated from readings is no finer than they are: one reading more or less is no change of a cell."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from tests.cycling.build import cell, watched
from tests.cycling.build_cycles import changed, healthy, judged, kinds, less

ONE_READING = 2.0 / 60  # Ah: 2 A for a minute


def sampled(every: float, capacities: list[float]) -> Batch:
    """A cell cycled at 2 A without a constant-voltage part, read every so many seconds, ``capacities`` Ah a cycle."""
    rows, clock = list[tuple[float, float, int, str, int]](), 0.0
    step = 0
    for number, capacity in enumerate(capacities, 1):
        active = 1800 * capacity
        plan = (("CC_CHG", 2.0, active), ("REST", 0.0, 600.0), ("CC_DCH", -2.0, active), ("REST", 0.0, 600.0))
        for kind, ampere, seconds in plan:
            step += 1
            end = clock + seconds
            first = np.ceil(clock / every) * every
            rows += [(at, ampere, number, kind, step) for at in np.arange(first, end, every).tolist()]
            clock = end
    time, current, cycle, kinds_, steps = (np.array(values) for values in zip(*rows, strict=True))
    way = np.sign(current)
    part = cell(1).take(np.zeros(len(time), dtype=int))
    return part.with_columns(
        unix_time_second=1.7e9 + time,
        test_time_second=time,
        current_ampere=current.astype(float),
        voltage_volt=3.6 + 0.2 * way + 0.01 * np.sin(time / 700),
        surface_temperature_celsius=np.full(len(time), 25.0) + 0.3 * np.sin(time / 5000),
        cycle_count=cycle.astype(float),
        step_count=steps.astype(float),
        step_type=kinds_.astype(object),
        record_index=np.arange(len(time), dtype=float),
    )


def fading(cycles: int) -> list[float]:
    return [2.0 * (1 - 0.0004 * n) for n in range(cycles)]


@pytest.mark.parametrize("every", [30.0, 60.0, 120.0])
def test_a_slow_fade_read_seldom_is_no_drop(every: float) -> None:
    batch = sampled(every, fading(90))
    kinds_ = {alert.kind for alert in watched(batch, cuts=[]).alerts.values()}
    assert not kinds_ & {"capacity-drop", "efficiency-out-of-band", "calibration-suspect"}


@pytest.mark.parametrize("every", [5.0, 30.0])
def test_a_drop_of_more_than_a_reading_is_still_told(every: float) -> None:
    capacities = [c * (0.96 if n >= 40 else 1.0) for n, c in enumerate(fading(60))]
    assert watched(sampled(every, capacities), cuts=[]).of("capacity-drop").severity.value == "P2"


def test_a_small_drop_is_told_where_the_cycler_counts_and_not_where_a_reading_explains_it() -> None:
    cycles = less(healthy(60), 0.99, 40)
    assert "capacity-drop" in kinds(judged(cycles))
    assert kinds(judged(cycles, unsure=(ONE_READING / 2, ONE_READING))) == []


def test_an_efficiency_that_a_reading_explains_is_none() -> None:
    shifted = changed(healthy(60), 40, charging_capacity_ah=0.99)
    assert "efficiency-out-of-band" in kinds(judged(shifted))
    assert kinds(judged(shifted, unsure=(ONE_READING / 2, ONE_READING))) == []


def test_more_out_than_in_ends_clearly_below_the_limit_and_not_at_it() -> None:
    about = [0.0015, 0.0022, 0.0018]  # the limit is 0.002
    cycles = healthy(200)
    for n, off in enumerate(about * 4):
        cycles = changed(cycles, 20 + 15 * n, 35 + 15 * n, charging_capacity_ah=(1 - 0.001) / (1 + off))
    told = [one for one in judged(cycles) if one.kind == "calibration-suspect" and one.what == "begins"]
    assert len(told) <= 1
