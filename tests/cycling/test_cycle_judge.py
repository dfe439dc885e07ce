"""What every cycle-level detector owes: silence without evidence, the same answer however it is told, no blindness."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cycling.cycle_judge import Known
from cycling.detectors import CYCLE, capacity_drop
from cycling.division import joined
from cycling.topology import TestFacts
from cycling.types import Cycle
from cycling.watch import Watch
from tests.cycling.build import CELL, cell, lab, together, watched
from tests.cycling.build_cycles import changed, cohort, healthy, judge_of, judged, kinds, later, less, told

EOL = {"T1": TestFacts(test="T1", end_of_life_fraction=0.98)}
BATCH, FACTS = cohort(6, 100)
SLOW = {"discharging_capacity_ah": 0.9, "charging_capacity_ah": 0.9, "discharge_duration_second": 0.9}


def bent(cycles: list[Cycle], since: int, slope: float) -> list[Cycle]:
    """The life with so much more fade per cycle from a cycle on."""
    out = []
    for one in cycles:
        share = 1 - slope * max(0, one.cycle_count - since)
        out += less([one], share, one.cycle_count)
    return out


FAULTS: dict[str, tuple[tuple[list[Cycle], ...], dict[str, TestFacts]]] = {
    "capacity-drop": ((less(healthy(60), 0.99, 40),), {}),
    "knee": ((bent(healthy(140), 90, 0.001),), {}),
    "efficiency-out-of-band": ((changed(healthy(60), 40, charging_capacity_ah=1.005),), {}),
    "resistance-rise": ((changed(healthy(60), 40, internal_resistance_ohm=1.2),), {}),
    "end-of-life": ((healthy(260),), EOL),
    "laggard": (tuple([bent(BATCH[0], 20, 0.0004), *BATCH[1:]]), FACTS),
    "batch-shift": (tuple(less(one, 1.01, 50) if n < 3 else one for n, one in enumerate(BATCH)), FACTS),
    "calibration-suspect": (tuple([changed(BATCH[0], 1, charging_capacity_ah=1.004), *BATCH[1:]]), FACTS),
}
each = pytest.mark.parametrize("kind", sorted(FAULTS))


def test_every_registered_detector_has_a_fault_here() -> None:
    assert sorted(FAULTS) == sorted(detector.kind for detector in CYCLE)


@each
def test_it_names_its_fault_and_nothing_else(kind: str) -> None:
    tests, facts = FAULTS[kind]
    assert kinds(judged(*tests, facts=facts)) == [kind]


@each
def test_the_same_answer_after_restarts_all_along(kind: str) -> None:
    tests, facts = FAULTS[kind]
    assert judged(*tests, facts=facts, restart_every=7) == judged(*tests, facts=facts)


@each
def test_a_switched_off_detector_is_silent(kind: str) -> None:
    tests, facts = FAULTS[kind]
    assert kind not in kinds(judged(*tests, facts=facts, settings={kind: {"enabled": False}}))


@pytest.mark.parametrize("seed", range(4))
def test_a_healthy_cell_is_silent(seed: int) -> None:
    assert judged(healthy(300, seed=seed)) == []


def test_a_healthy_batch_is_silent() -> None:
    assert judged(*BATCH, facts=FACTS) == []


def test_cycles_without_numbers_are_no_evidence() -> None:
    columns = [name for name in Cycle.__dataclass_fields__ if name.endswith(("_ah", "_ohm", "_celsius_mean"))]
    for name in columns:
        blank: dict[str, Any] = {name: np.nan}
        assert judged([replace(one, **blank) for one in healthy(60)]) == []


def test_cut_short_and_faulty_cycles_are_no_evidence() -> None:
    for kind in ("incomplete", "faulty"):
        odd = changed(less(healthy(80), 0.8, 40, 50), 40, 50, kind=kind)
        assert judged(odd) == []


def test_a_cycle_told_again_replaces_the_earlier_one_and_is_not_judged_twice() -> None:
    cycles = healthy(60)
    again = [one for n, one in enumerate(cycles) for one in ([one, cycles[n - 1]] if n else [one])]
    assert judged(again) == []
    low = less(healthy(60), 0.8, 20, 21)
    mended = [*low[:20], *less(low[19:20], 1 / 0.8, 20), *low[20:]]
    judge, plain = judge_of(), judge_of()
    for one in mended:
        judge.judge([Known(order=(0.0, 0, 0), at=0.0, channel="a-01", test="T1", cycles=(one,))])
    for one in cycles:
        plain.judge([Known(order=(0.0, 0, 0), at=0.0, channel="a-01", test="T1", cycles=(one,))])
    rows, expected = (one.save()["tests"]["T1"]["rows"] for one in (judge, plain))
    assert rows == expected


def test_what_is_kept_of_a_test_is_bounded() -> None:
    judge = judge_of()
    sizes = []
    for one in healthy(1500):
        judge.judge([Known(order=(0.0, 0, 0), at=0.0, channel="a-01", test="T1", cycles=(one,))])
        record = judge._histories.of("T1", "a-01")
        life = record.life
        numbers = sum(map(len, (life.slopes, life.counts, life.capacities, life.resistances, life.temperatures)))
        sizes.append(record.rows.nbytes + record.end.nbytes + 4 * numbers)
    assert max(sizes) <= 3000


def test_a_detector_that_crashes_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(capacity_drop.CapacityDrop, "check", crash)
    tests, facts = FAULTS["end-of-life"]
    found = judged(*tests, facts=facts)
    assert set(kinds(found)) == {"detector-failed", "end-of-life"}
    assert found[0].words is not None
    assert found[0].words.evidence["detector"] == "capacity-drop"


BENIGN = {
    "formation": changed(
        changed(healthy(80), 1, 4, discharge_duration_second=10.0, charging_capacity_ah=1.08), 1, 4, kind="formation"
    ),
    "check-up every 50 cycles, and the rebound after it": less(
        less(changed(changed(healthy(300), 100, 101, kind="checkup"), 200, 201, kind="checkup"), 1.07, 100, 101),
        1.004,
        101,
        104,
    ),
    "rate test": [
        one
        for share, n in ((1.08, 60), (1.05, 61), (1.0, 62), (0.9, 63), (0.7, 64))
        for one in changed(less(healthy(120)[n - 1 : n], share, n), n, kind="checkup" if share != 1.0 else "regular")
    ],
    "twelve hours of hold": later(healthy(90), 45, 12.0),
    "a week of gap and what the rest gives back": less(later(healthy(90), 45, 168.0), 1.01, 45, 47),
    "setpoint from 25 to 45 °C": less(
        changed(
            changed(healthy(120), 60, ambient_temperature_celsius_mean=1.8),
            60,
            surface_temperature_celsius_mean=1.7,
            internal_resistance_ohm=0.7,
        ),
        1.06,
        60,
    ),
}
whole = {one.cycle_count: one for one in healthy(120)}
BENIGN["rate test"] = list((whole | {one.cycle_count: one for one in BENIGN["rate test"]}).values())


@pytest.mark.parametrize("name", sorted(BENIGN))
def test_what_a_lab_does_on_purpose_is_no_fault(name: str) -> None:
    assert told(judged(BENIGN[name])) == []


def dropped() -> Any:
    """Readings of a cell whose last cycles give 3 % less."""
    batch = cell(22, every=60.0)
    share = np.where(batch.numbers("cycle_count") >= 17, 0.97, 1.0)
    return batch.with_columns(current_ampere=batch.numbers("current_ampere") * share)


def test_readings_become_cycles_become_alerts() -> None:
    alert = watched(dropped()).of("capacity-drop")
    assert alert.evidence["cycle_count"] == 17
    assert alert.severity.value == "P2"


def test_the_same_alerts_for_any_cut_and_after_restarts() -> None:
    batch = dropped()
    expected = watched(batch).alerts
    cuts = sorted(np.random.default_rng(3).choice(len(batch), 40, replace=False).tolist())
    assert watched(batch, cuts=cuts, restarts=True).alerts.keys() == expected.keys()


def test_the_last_cycle_of_a_finished_test_is_judged_at_the_row_that_says_so() -> None:
    batch = dropped()
    last = int(np.flatnonzero(batch.numbers("cycle_count") == 20)[0])
    status = np.full(len(batch), "running", dtype=object)
    status[last - 5 :] = "finished"
    ended = batch.with_columns(channel_status=status).take(slice(0, last))
    drops = [watched(ended, cuts=cuts).of("capacity-drop").opened_at for cuts in ([], [last - 3], [last - 5])]
    assert len(set(drops)) == 1


def test_a_new_test_on_the_channel_ends_what_was_open() -> None:
    batch = dropped()
    after = cell(1, test="T2", start=float(batch.numbers("unix_time_second")[-1]) + 60)
    alert = watched(together(batch, after)).of("capacity-drop")
    assert alert.closed_at == after.numbers("unix_time_second")[0]


def test_open_alerts_are_taken_over_by_another_version() -> None:
    batch = dropped()
    left = [alert for alert in watched(batch).alerts.values() if alert.kind == "capacity-drop"]
    watch = Watch(lab(), None, {"T1": CELL})
    watch.adopt(left)
    assert watch._judge_cycles.save()["tests"]["T1"]["open"] == {"capacity-drop": 2}


def test_histories_go_with_their_channel_when_a_lab_is_divided_anew() -> None:
    watch = Watch(lab(), None, {"T1": CELL})
    watch.fold(dropped(), 2e9)
    saved = watch.save()
    for wanted in (True, False):
        divided = Watch(lab(), None, {"T1": CELL})
        divided.restore(joined([(saved, lambda _channel, wanted=wanted: wanted)], whole_lab=True))
        expected = watch._judge_cycles.save()["tests"] if wanted else {}
        assert divided._judge_cycles.save()["tests"] == expected
