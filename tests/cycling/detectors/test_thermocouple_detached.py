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
def test_where_nothing_warms_the_cell_a_noisy_sensor_shows_nothing(kind: str) -> None:
    batch = warm_cell(cycles(8, 0.2, 0.2))
    assert watched(loose(batch, rows_of(batch, kind, 6))).kinds() == []


def test_before_three_runs_nothing_is_said() -> None:
    batch = warm_cell(cycles(3))
    assert watched(loose(batch, rows_of(batch, "CC_DCH", 2))).kinds() == []


def test_it_is_told_without_a_chamber_sensor_too() -> None:
    batch = loose(HEALTHY, rows_of(HEALTHY, "CC_DCH", 5))
    blind = Batch({name: values for name, values in batch.columns.items() if not name.startswith("ambient")})
    assert set(watched(blind).kinds()) <= THERMAL  # never something else; found where rests taught the surroundings


# Where the cell is as cold as its chamber, the air's flutter tells.

SMOOTH = warm_cell(cycles(3, 0.2, 0.2, rest=120.0), sensor=0.01)
LATE = rows_of(SMOOTH, "CC_DCH", 2, end=0.5)


@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
@pytest.mark.parametrize("kind", ["REST", "CC_DCH", "CV_CHG"])
def test_air_flutters_as_no_cell_does(kind: str, every: float) -> None:
    batch = SMOOTH if every == 30 else warm_cell(cycles(2, 0.2, 0.2, rest=120.0), sensor=0.01, every=every)
    rows = rows_of(batch, kind, 1, begin=0.1)
    seen = watched(loose(batch, rows))
    alert = seen.of(KIND)
    assert seen.kinds() == [KIND]
    assert 600 <= alert.opened_at - (START + every * rows.start) <= 2400
    assert "flutters like air" in alert.message


def test_it_is_over_when_the_temperature_is_calm_again() -> None:
    alert = watched(loose(SMOOTH, LATE)).of(KIND)
    assert alert.closed_at is not None
    assert 1200 <= alert.closed_at - (START + 30.0 * LATE.stop) <= 2400


def test_still_air_shows_nothing_where_nothing_warms_the_cell() -> None:
    air = 25 + 0.4 * np.sin(2 * np.pi * 30.0 * np.arange(len(SMOOTH)) / 1500)
    still = spoil(SMOOTH, LATE, surface_temperature_celsius=air[LATE])
    assert watched(still).kinds() == []


def test_noise_on_a_warm_cell_is_not_air() -> None:
    batch = warm_cell(cycles(8), sensor=0.01)
    rows = rows_of(batch, "CC_DCH", 5)
    noisy = batch.numbers("surface_temperature_celsius")[rows]
    noisy = noisy + np.random.default_rng(1).normal(0, 0.15, len(noisy))
    assert watched(spoil(batch, rows, surface_temperature_celsius=noisy)).kinds() == []


def test_a_sensor_that_always_flutters_is_usual() -> None:
    assert watched(warm_cell(cycles(3, 0.2, 0.2), sensor=0.15)).kinds() == []


def test_without_a_chamber_sensor_the_air_is_not_known() -> None:
    batch = loose(SMOOTH, LATE)
    blind = Batch({name: values for name, values in batch.columns.items() if not name.startswith("ambient")})
    assert watched(blind).kinds() == []


def test_the_first_two_hours_teach() -> None:
    early = warm_cell(cycles(1, 0.2, 0.2), sensor=0.01)
    assert watched(loose(early, slice(160, 220))).kinds() == []


@pytest.mark.parametrize("restarts", [False, True])
def test_flutter_is_the_same_however_the_rows_come(restarts: bool) -> None:
    batch = loose(SMOOTH, LATE).take(slice(LATE.start - 400, LATE.stop + 200))
    cuts = list(range(390, 520, 7 if restarts else 1))
    whole = watched(batch)
    assert whole.kinds() == [KIND]
    assert watched(batch, cuts=cuts, restarts=restarts).alerts == whole.alerts
