"""contact-lost in the last of a taper: what is cut there, and what ends as it should."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.types import Severity
from tests.cycling.build import START, watched
from tests.cycling.charged_cell import Charge, charged

KIND = "contact-lost"
END = 0.03  # A at which a usual taper ends, of 1.5 A
USUAL = Charge(cutoff=END)
FEW = 5  # charges before


def tapers(batch: Batch) -> list[np.ndarray]:
    """The rows of every constant-voltage step."""
    rows = np.flatnonzero(batch.texts("step_type") == "CV_CHG")
    return list(np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1))


def below(batch: Batch, ampere: float, charge: int = FEW) -> int:
    """The first row of a taper with less current."""
    rows = tapers(batch)[charge]
    return int(rows[np.argmax(batch.numbers("current_ampere")[rows] < ampere)])


def lost(batch: Batch, rows: slice) -> Batch:
    """The current lead is off: no current, and the voltage floats."""
    count = len(range(*rows.indices(len(batch))))
    ampere, volt = batch.numbers("current_ampere").copy(), batch.numbers("voltage_volt").copy()
    ampere[rows] = np.random.default_rng(1).normal(0, 0.0015, count)
    volt[rows] -= 0.03 * (1 - np.exp(-np.arange(count) / 10))
    return batch.with_columns(current_ampere=ampere, voltage_volt=volt)


def renamed(batch: Batch, rows: int) -> Batch:
    """A cycler that goes on logging under the name of the charge for some rows of the rest after it."""
    names, steps = batch.texts("step_type").copy(), batch.numbers("step_count").copy()
    for taper in tapers(batch):
        late = slice(taper[-1] + 1, taper[-1] + 1 + rows)
        names[late], steps[late] = "CV_CHG", steps[taper[-1]]
    return batch.with_columns(step_type=names, step_count=steps)


@pytest.mark.parametrize(("every", "ampere"), [(5.0, 0.14), (30.0, 0.14), (30.0, 0.09), (120.0, 0.08)])
def test_a_current_lead_lost_where_less_than_a_tenth_flows_is_found(every: float, ampere: float) -> None:
    batch = charged([USUAL] * (FEW + 2), every=every)
    first = below(batch, ampere)
    seen = watched(lost(batch, slice(first, int(tapers(batch)[FEW][-1]) + 1)))
    assert seen.kinds() == [KIND]
    alert = seen.of(KIND)
    assert alert.severity is Severity.P2
    assert alert.opened_at == START + every * (first + 1)
    flowed = float(batch.numbers("current_ampere")[first - 1])
    assert f"in charge, where {flowed:.3f} A flowed at constant voltage" in alert.message
    assert alert.cleared_at is not None  # with the discharge after it


def test_it_is_over_when_the_current_flows_again_in_the_same_taper() -> None:
    batch = charged([USUAL] * (FEW + 1))
    first = below(batch, 0.12)
    alert = watched(lost(batch, slice(first, first + 6))).of(KIND)
    assert alert.cleared_at == START + 30.0 * (first + 7)


def test_any_cut_gives_the_same() -> None:
    batch = charged([USUAL] * (FEW + 1), every=60.0)
    batch = lost(batch, slice(below(batch, 0.12), int(tapers(batch)[FEW][-1]) + 1))
    first = below(batch, 0.01)
    cuts = sorted({*range(5, len(batch), 23), first - 1, first, first + 1})
    assert watched(batch).alerts == watched(batch, cuts=cuts, restarts=True).alerts


@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
def test_a_taper_that_ends_as_usual_under_the_name_of_its_step_is_none(every: float) -> None:
    batch = charged([USUAL] * (FEW + 1), every=every)
    assert watched(renamed(batch, round(600 / every))).kinds() == []


def test_one_that_ends_somewhat_higher_is_none() -> None:
    """NASA's cells end at up to 1.7 times the usual current."""
    assert watched(renamed(charged([*[USUAL] * FEW, Charge(cutoff=1.7 * END)]), 20)).kinds() == []


def test_one_that_ends_by_the_clock_on_a_higher_current_is_none() -> None:
    """A slower taper, ended after the usual time at more than twice the usual current."""
    usual = Charge(cutoff=0.001, longest=3600.0)  # ends on 0.027 A
    slow = Charge(cutoff=0.001, longest=3600.0, taper=1500.0)  # on 0.136 A
    assert watched(renamed(charged([*[usual] * FEW, slow]), 20)).kinds() == []


def test_a_program_that_ends_the_step_early_is_none() -> None:
    assert watched(charged([*[USUAL] * FEW, Charge(cutoff=0.12)])).kinds() == []


def test_while_the_first_charges_are_learned_from_nothing_is_said() -> None:
    batch = charged([USUAL] * 3)
    assert watched(lost(batch, slice(below(batch, 0.12, charge=2), int(tapers(batch)[2][-1]) + 1))).kinds() == []


@pytest.mark.parametrize("minutes", [25, 35])
def test_an_end_that_fell_into_missing_data_is_none(minutes: int) -> None:
    """What was cut may have ended meanwhile: the taper had 18 minutes to go."""
    batch = renamed(charged([USUAL] * (FEW + 1)), 39)
    first, rows = below(batch, 0.1), np.arange(len(batch))
    assert KIND not in watched(batch.take((rows < first) | (rows >= first + 2 * minutes))).kinds()


def test_a_second_charge_that_the_program_begins_without_current_is_none() -> None:
    early = charged([*[USUAL] * FEW, Charge(cutoff=0.12)])
    names = renamed(early, 20).columns["step_type"]
    assert watched(early.with_columns(step_type=names)).kinds() == []


def test_a_pause_that_the_cycler_reports_is_none() -> None:
    batch = charged([USUAL] * (FEW + 1))
    away = slice(below(batch, 0.12), int(tapers(batch)[FEW][-1]) + 1)
    status = np.full(len(batch), "running", dtype=object)
    status[away] = "paused"
    assert watched(lost(batch, away).with_columns(channel_status=status)).kinds() == []
