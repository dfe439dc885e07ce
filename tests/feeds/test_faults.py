"""The plan of faults: what a newcomer sees in the first minutes, and that it goes on."""

from __future__ import annotations

import pytest

from feeds import faults
from feeds.faults import active, drift_kelvin, plan
from tests.feeds.build import demo_topology


def kinds_at(second: float) -> set[str]:
    return {fault.kind for fault in active(second)}


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (0, set()),
        (45, {faults.CONTACT_LOST}),
        (70, {faults.CONTACT_LOST, faults.THERMOCOUPLE_OPEN}),
        (100, {faults.CONTACT_LOST, faults.THERMOCOUPLE_OPEN, faults.CYCLER_SILENT}),
        (150, {faults.THERMOCOUPLE_OPEN}),
        (200, set()),
        (300, {faults.CHAMBER_DRIFT}),
        (500, {faults.POWER_CUT}),
        (600, set()),
    ],
)
def test_what_is_wrong_when(second: float, kinds: set[str]) -> None:
    assert kinds_at(second) == kinds


def test_the_plan_begins_again_after_a_quarter_of_an_hour_on_other_channels() -> None:
    first, second = active(70), active(70 + faults.ROUND_SECOND)
    assert [fault.kind for fault in first] == [fault.kind for fault in second]
    assert {fault.target for fault in first}.isdisjoint(fault.target for fault in second)


def test_everything_that_goes_wrong_stands_in_the_demo_lab() -> None:
    topology = demo_topology()
    known = {
        *topology.places,
        *topology.cycler_ids,
        *(chamber.id for chamber in topology.chambers),
        *(cycler.power_circuit for cycler in topology.cyclers),
    }
    assert {fault.target for number in range(40) for fault in plan(number)} <= known


def test_no_channel_has_two_faults_at_once() -> None:
    for number in range(40):
        targets = [fault.target for fault in plan(number)]
        assert len(set(targets)) == len(targets)


def test_a_drift_rises_stays_and_falls_again() -> None:
    drift = next(fault for fault in plan(0) if fault.kind == faults.CHAMBER_DRIFT)
    middle = (drift.start + drift.end) / 2
    assert drift_kelvin(drift, drift.start) == 0
    assert drift_kelvin(drift, middle) == 4.0
    assert 0 < drift_kelvin(drift, drift.end - 5) < 1
