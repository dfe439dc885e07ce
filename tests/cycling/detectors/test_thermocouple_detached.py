"""E5 thermocouple detached: what is found, when, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.topology import TestFacts
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import START, spoil, watched
from tests.cycling.warm_cell import THERMAL, cycles, rows_of, warm_cell

KIND = "thermocouple-detached"
HEALTHY = warm_cell(cycles(8))


def loose(batch: Batch, rows: slice) -> Batch:
    """The thermocouple falls off and reads air."""
    count = np.arange(rows.stop - rows.start)
    fading = np.exp(-count / 3)
    air = batch.numbers("ambient_temperature_celsius")[rows] + np.random.default_rng(3).normal(0, 0.1, len(count))
    start = batch.numbers("surface_temperature_celsius")[rows.start - 1]
    return spoil(batch, rows, surface_temperature_celsius=start * fading + air * (1 - fading))


@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
@pytest.mark.parametrize("bare", [False, True], ids=["with steps", "bare"])
@pytest.mark.parametrize("kind", ["CC_DCH", "CC_CHG"])
def test_it_is_found_in_a_step_that_warms_the_cell(kind: str, bare: bool, every: float) -> None:
    batch = warm_cell(cycles(6), every=every)
    rows = rows_of(batch, kind, 5)
    spoiled = loose(batch, rows)
    if bare:
        hidden = ("step_count", "step_type", "test_time_second")
        spoiled = Batch({name: values for name, values in spoiled.columns.items() if name not in hidden})
    alert = watched(spoiled).of(KIND)
    assert 600 <= alert.opened_at - (START + every * rows.start) <= 1800


def test_it_stays_open_until_the_temperature_is_verified_under_load() -> None:
    fallen = rows_of(HEALTHY, "CC_DCH", 4)
    back = rows_of(HEALTHY, "CC_DCH", 6, begin=0.3)
    alert = watched(loose(HEALTHY, slice(fallen.start, back.start))).of(KIND)
    assert alert.closed_at is not None
    assert alert.closed_at >= START + 30.0 * back.start + 600


def test_it_does_not_teach_itself() -> None:
    """Off for many cycles it is still one alert, never well."""
    batch = warm_cell(cycles(16))
    alert = watched(loose(batch, slice(rows_of(batch, "CC_DCH", 5).start, len(batch)))).of(KIND)
    assert alert.closed_at is None


def test_where_the_test_relies_on_the_sensor_it_is_a_call() -> None:
    batch = loose(HEALTHY, rows_of(HEALTHY, "CC_DCH", 5))
    assert watched(batch).of(KIND).severity is Severity.P3

    def strict(watch: Watch) -> None:
        watch.facts["T1"] = TestFacts(test="T1", temperature_max_celsius=60.0)

    assert watched(batch, change=strict).of(KIND).severity is Severity.P2


@pytest.mark.parametrize("kind", ["REST", "CC_DCH"])
def test_where_nothing_warms_the_cell_nothing_can_be_seen(kind: str) -> None:
    batch = warm_cell(cycles(8, 0.2, 0.2))
    assert watched(loose(batch, rows_of(batch, kind, 6))).kinds() == []


def test_before_three_runs_nothing_is_said() -> None:
    batch = warm_cell(cycles(3))
    assert watched(loose(batch, rows_of(batch, "CC_DCH", 2))).kinds() == []


def test_it_is_told_without_a_chamber_sensor_too() -> None:
    batch = loose(HEALTHY, rows_of(HEALTHY, "CC_DCH", 5))
    blind = Batch({name: values for name, values in batch.columns.items() if not name.startswith("ambient")})
    assert set(watched(blind).kinds()) <= THERMAL  # never something else; found where rests taught the surroundings
