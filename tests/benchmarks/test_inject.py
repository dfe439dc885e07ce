"""The faults that the alerts' benchmark puts into clean traces are those that it says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.alerts.clean import START, TROUBLED, Trace, chamber_sensor, trace
from benchmarks.alerts.inject import CHAMBER, FAULTS, I, Placer, Play, Spot, T, V, fitting, spoiled
from cycling.readings import Batch

POLL, ROWS = 30.0, 40


def play(fault: str, level: float = float("nan"), *, kind: str = "CC_DCH", seed: int = 0) -> tuple[Batch, Batch]:
    """Clean and spoiled rows of a step at -2 A, 3.7 V and 30 °C in a chamber of 24 °C."""
    clean = Batch(
        {
            "step_type": np.full(ROWS, kind, dtype=object),
            V: np.linspace(3.7, 3.6, ROWS),
            I: np.full(ROWS, -2.0 if kind == "CC_DCH" else 1.5),
            T: np.linspace(30, 31, ROWS),
            CHAMBER: np.full(ROWS, 24.0),
            "record_index": np.arange(ROWS, dtype=float),
        }
    )
    given = Play(clean=clean, before=clean.take(slice(0, 1)), level=level, poll=POLL, rng=np.random.default_rng(seed))
    return clean, FAULTS[fault].spoil(given)


def test_contact_open_goes_to_zero_or_to_the_rail() -> None:
    _, faulty = play("contact_open")
    assert np.abs(faulty.numbers(I)).max() < 0.01
    assert 0.05 <= faulty.numbers(V)[0] < 0.06
    assert faulty.numbers(V)[20:].max() < 0.01
    ends = {round(float(play("contact_open", kind="CC_CHG", seed=seed)[1].numbers(V)[-1]), 1) for seed in range(12)}
    assert ends == {0.0, 3.9}


def test_a_floating_voltage_stays_within_30_millivolt() -> None:
    _, faulty = play("contact_open_floatV")
    assert faulty.numbers(V)[-1] == pytest.approx(3.73, abs=0.003)


def test_an_intermittent_contact_jumps_so_often_an_hour() -> None:
    counts = [
        int((a.numbers(V) != b.numbers(V)).sum())
        for a, b in (play("contact_intermittent", 30, seed=s) for s in range(200))
    ]
    assert np.mean(counts) == pytest.approx(30 * ROWS * POLL / 3600, rel=0.1)
    clean, faulty = play("contact_intermittent", 30, seed=1)
    off = np.abs(clean.numbers(V) - faulty.numbers(V))
    assert off[off > 0].min() >= 0.1
    assert off.max() <= 0.5
    assert (faulty.numbers(I) == clean.numbers(I)).all()


def test_a_contact_resistance_grows_over_ten_readings() -> None:
    clean, faulty = play("contact_R", 50)
    off = faulty.numbers(V) - clean.numbers(V)
    assert off[0] == 0
    assert off[5] == pytest.approx(-0.05)
    assert off[-1] == pytest.approx(-0.1)


def test_a_detached_thermocouple_reads_the_chamber() -> None:
    _, faulty = play("tc_detach")
    assert faulty.numbers(T)[0] == pytest.approx(30)
    assert faulty.numbers(T)[20:].mean() == pytest.approx(24, abs=0.1)


def test_an_open_thermocouple_reads_a_code_or_nothing() -> None:
    codes = {float(play("tc_open", seed=seed)[1].numbers(T)[3]) for seed in range(40)}
    assert codes == {-200.0, -99.9, 99.0, 1372.0, 3276.7}
    assert np.isnan(play("tc_nan")[1].numbers(T)).all()


def test_a_chamber_takes_its_cells_along_at_its_rate() -> None:
    clean, faulty = play("chamber", 3)
    off = faulty.numbers(CHAMBER) - clean.numbers(CHAMBER)
    assert np.abs(off[10]) == pytest.approx(0.3 * 5)
    assert np.abs(off[-1]) == pytest.approx(3)
    assert np.allclose(off, faulty.numbers(T) - clean.numbers(T))


def test_heat_rises_at_its_rate_up_to_30_kelvin() -> None:
    clean, faulty = play("heat", 2)
    off = faulty.numbers(T) - clean.numbers(T)
    assert off[10] == pytest.approx(10)
    assert off[-1] == pytest.approx(30)


def test_frozen_readings_hold_the_last_values() -> None:
    clean, faulty = play("frozen_all", 10)
    assert all((faulty.numbers(name) == clean.numbers(name)[0]).all() for name in (V, I, T))
    _, faulty = play("frozen_T", 10)
    assert (faulty.numbers(T) == clean.numbers(T)[0]).all()
    assert (faulty.numbers(V) == clean.numbers(V)).all()


def test_current_off_and_over_voltage() -> None:
    assert play("isp", 5)[1].numbers(I)[0] == pytest.approx(-1.9)
    volts = play("overV", kind="CV_CHG")[1].numbers(V)
    assert volts[[0, 5, -1]] == pytest.approx([4.2, 4.25, 4.3])


def test_a_leak_loses_so_much_an_hour() -> None:
    clean, faulty = play("rest_leak", 10)
    lost = clean.numbers(V)[-1] - faulty.numbers(V)[-1]
    assert lost == pytest.approx(0.01 * (ROWS - 1) * POLL / 3600)


def test_rows_are_spoiled_repeated_and_swapped() -> None:
    _, faulty = play("impossible", seed=3)
    odd = np.isnan(faulty.numbers(V)) | (faulty.numbers(V) == 99)
    assert 3 <= odd.sum() <= 6
    clean, faulty = play("dup")
    assert len(faulty) >= ROWS + 3
    assert set(faulty.numbers("record_index")) == set(clean.numbers("record_index"))
    _, faulty = play("reorder")
    assert sorted(faulty.numbers("record_index")) == list(range(ROWS))
    assert (np.diff(faulty.numbers("record_index")) < 0).any()


def test_a_clean_trace_is_even_and_knows_no_trouble() -> None:
    made = trace("B0006", poll=30)
    assert made.poll == 60  # the shipped cells hold no more
    assert (np.diff(made.unix) == 60).all()
    assert made.batch.numbers(V).max() < 4.5
    assert TROUBLED["B0006"] == (84, 615)
    off = made.batch.numbers(CHAMBER) - 24
    assert np.abs(off).max() < 1
    assert (made.batch.numbers(CHAMBER) == chamber_sensor(24, len(off), 60)).all()


def test_without_steps_the_readings_say_none() -> None:
    made = trace("B0029", poll=60, steps=False)
    assert not {"step_type", "step_count", "cycle_count", "test_time_second"} & set(made.batch.columns)


@pytest.fixture(scope="module")
def measured() -> Trace:
    return trace("B0006", poll=60)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "rest_leak"])
def test_faults_are_placed_by_the_rule(measured: Trace, fault: str) -> None:
    placer = Placer([measured])
    steps = {step.begin: step for step in fitting(measured, FAULTS[fault])}
    kinds = measured.batch.texts("step_type")
    for repetition in range(20):
        drawn = placer.draw(FAULTS[fault], FAULTS[fault].levels[-1], repetition)
        assert drawn is not None
        spot, _ = drawn
        step = steps[max(begin for begin in steps if begin <= spot.begin)]
        assert kinds[spot.begin] in FAULTS[fault].steps
        assert step.runs_before >= 3
        assert (step.end - step.begin) * 60 > 1800
        assert (spot.begin - step.begin + 1) / (step.end - step.begin) >= 0.1
        assert (spot.begin - step.begin) / (step.end - step.begin) <= 0.6
        if not FAULTS[fault].minutes and not FAULTS[fault].further_steps:
            assert spot.end == step.end


def test_the_same_seed_gives_the_same_fault(measured: Trace) -> None:
    made = []
    for _ in range(2):
        drawn = Placer([measured]).draw(FAULTS["tc_detach"], float("nan"), 7)
        assert drawn is not None
        made.append(spoiled(FAULTS["tc_detach"], float("nan"), *drawn).numbers(T))
    assert (made[0] == made[1]).all()


def test_a_lasting_fault_goes_through_the_steps_after_it(measured: Trace) -> None:
    drawn = Placer([measured]).draw(FAULTS["contact_R_stays"], 20, 0)
    assert drawn is not None
    assert isinstance(drawn[0], Spot)
    assert drawn[0].t0 > START
    assert drawn[0].t1 - drawn[0].t0 > 4 * 3600
