"""What must not alarm by its temperature: every context in which a cell is rightly warmer or colder than before."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch
from cycling.topology import Chamber, Setpoint
from tests.cycling.build import START, Seen, cell, lab, watched
from tests.cycling.warm_cell import THERMAL, Step, cycles, rows_of, steady, warm_cell

HPPC: list[Step] = [("CC_DCH", -2.0, 6.0), ("REST", 0.0, 60.0)]
PULSES: list[Step] = [("CC_DCH", -6.0, 0.5), ("REST", 0.0, 1.0), ("CC_CHG", 4.5, 0.5), ("REST", 0.0, 10.0)]
BENIGN: dict[str, list[Step]] = {
    "formation at C/10, then cycles": cycles(3, 0.2, 0.2) + cycles(6),
    "a check-up at C/3 between cycles": cycles(6) + cycles(1, 0.67, 0.67) + cycles(6),
    "pulses": cycles(5) + (HPPC + PULSES) * 9 + cycles(3),
    "a hold of 12 hours": [
        *cycles(5),
        ("CC_DCH", -2.0, 20.0),
        ("REST", 0.0, 720.0),
        ("CC_DCH", -2.0, 37.0),
        *cycles(2),
    ],
}


def alarms(seen: Seen) -> list[str]:
    return [kind for kind in seen.kinds() if kind in THERMAL]


@pytest.mark.parametrize("bare", [False, True], ids=["with steps", "bare"])
@pytest.mark.parametrize("every", [30.0, 120.0])
@pytest.mark.parametrize("protocol", BENIGN.values(), ids=BENIGN)
def test_a_protocol_that_changes_its_current_alarms_nobody(protocol: list[Step], every: float, bare: bool) -> None:
    assert alarms(watched(warm_cell(protocol, every=every, bare=bare))) == []


@pytest.mark.parametrize("bare", [False, True], ids=["with steps", "bare"])
@pytest.mark.parametrize("every", [5.0, 30.0, 120.0])
def test_a_rate_test_up_to_3_c_alarms_nobody(every: float, bare: bool) -> None:
    """Of a cell that it warms by 35 K, two minutes' worth of 2 K/min at first."""
    rates = [step for rate in (0.2, 0.5, 1, 2, 3) for step in cycles(2, 1.0, 2.0 * rate)]
    batch = warm_cell(rates + cycles(4) + rates, every=every, bare=bare, joule=0.001)
    assert alarms(watched(batch)) == []


def stepped(time: np.ndarray) -> np.ndarray:
    """25 °C, and from the middle of a charge on 45 °C, reached at 1 K a minute; back later."""
    up = np.clip((time - 70_000) / 60.0, 0, 20) - np.clip((time - 130_000) / 60.0, 0, 20)
    return np.asarray(25.0 + up)


@pytest.mark.parametrize("bare", [False, True], ids=["with steps", "bare"])
def test_a_new_setpoint_of_the_chamber_alarms_nobody(bare: bool) -> None:
    assert alarms(watched(warm_cell(cycles(14), chamber=stepped, bare=bare))) == []


@pytest.mark.parametrize("stated", [True, False], ids=["stated", "unknown"])
def test_nor_does_one_of_a_chamber_without_a_sensor(stated: bool) -> None:
    changes = (Setpoint(at=START + 70_000, celsius=45.0), Setpoint(at=START + 130_000, celsius=25.0))
    chamber = Chamber(id="c", setpoint_celsius=25.0, setpoints=changes)
    place = lab().places["sim-1-01"]
    topology = lab()
    if stated:
        places = {"sim-1-01": type(place)(channel="sim-1-01", cycler="sim-1", chamber="c")}
        topology = type(topology)(cyclers=topology.cyclers, places=places, chambers=(chamber,))
    batch = warm_cell(cycles(14), chamber=stepped)
    blind = Batch({name: values for name, values in batch.columns.items() if not name.startswith("ambient")})
    assert alarms(watched(blind, topology=topology)) == []


@pytest.mark.parametrize("kelvin", [-15.0, -5.0, 5.0, 15.0])
@pytest.mark.parametrize("lag", [0.0, 960.0], ids=["at once", "slowly"])
def test_a_chamber_that_wanders_takes_its_cells_along_and_is_no_cells_fault(kelvin: float, lag: float) -> None:
    batch = warm_cell(cycles(7))
    time = batch.numbers("unix_time_second") - START
    begin = time[rows_of(batch, "CC_DCH", 5)][0]
    off = np.clip(0.3 * (time - begin) / 60.0, 0, abs(kelvin)) * np.sign(kelvin)
    late = off if lag == 0 else np.interp(time - lag, time, off)
    moved = batch.with_columns(
        ambient_temperature_celsius=batch.numbers("ambient_temperature_celsius") + off,
        surface_temperature_celsius=batch.numbers("surface_temperature_celsius") + late,
    )
    assert alarms(watched(moved)) == []


def test_without_a_temperature_nothing_is_said_of_it() -> None:
    batch = warm_cell(cycles(6))
    blind = Batch({name: values for name, values in batch.columns.items() if not name.startswith("surface")})
    assert alarms(watched(blind)) == []


def test_a_resumed_file_alarms_nobody() -> None:
    batch = warm_cell(cycles(7))
    seam = rows_of(batch, "CC_DCH", 5, begin=0.5).start
    clock = batch.numbers("test_time_second")
    clock = np.where(np.arange(len(batch)) >= seam, clock - clock[seam], clock)
    assert alarms(watched(batch.with_columns(test_time_second=clock))) == []


def test_a_pause_in_which_the_cell_cooled_alarms_nobody() -> None:
    batch = warm_cell(cycles(7))
    gone = [rows_of(batch, "REST", 2 * nth + 1, begin=0.0) for nth in (3, 4, 5)]
    kept = np.setdiff1d(np.arange(len(batch)), np.concatenate([np.arange(g.start, g.stop) for g in gone]))
    assert alarms(watched(batch.take(kept))) == []


@pytest.mark.parametrize("every", [10.0, 30.0, 120.0])
@pytest.mark.parametrize("cycles_seen", [12, 30])
def test_other_cells_than_these_alarm_nobody_either(cycles_seen: int, every: float) -> None:
    assert alarms(watched(cell(cycles_seen, every=every))) == []


def test_a_cold_chamber_is_learned_like_a_warm_one() -> None:
    assert alarms(watched(warm_cell(cycles(8), chamber=steady(4.0)))) == []
