"""The benchmark's short cut gives what the long way does, and its labs and lives say what was put into them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.alerts import lives
from benchmarks.alerts.benign import resting
from benchmarks.alerts.clean import Trace, trace
from benchmarks.alerts.crowds import crowd, held_back, new_file, paused
from benchmarks.alerts.inject import FAULTS, Placer, spoiled
from benchmarks.alerts.stations import Station, between, fold, new_alerts
from cycling.readings import concat
from cycling.topology import Topology
from cycling.watch import Watch
from monitor.findings import Findings


@pytest.fixture(scope="module")
def short() -> Trace:
    whole = trace("B0006", poll=60)
    return replace(whole, batch=whole.batch.take(slice(0, 4000)))


@pytest.mark.parametrize("name", ["contact_open", "tc_open", "frozen_T"])
def test_a_fault_from_a_snapshot_raises_what_the_whole_replay_does(short: Trace, name: str) -> None:
    station = Station(traces=[short])
    station.run_clean()
    fault = FAULTS[name]
    level = fault.levels[0]
    drawn = Placer([short]).draw(fault, level, 0)
    assert drawn is not None
    spot, rng = drawn
    state = rng.bit_generator.state
    quick = station.inject(fault, level, spot, rng)
    rng.bit_generator.state = state
    findings = Findings()
    rows = [short.batch.take(slice(0, spot.begin)), spoiled(fault, level, spot, rng)]
    rows.append(short.batch.take(between(short, spot.t1 + 1, spot.t1 + 660)))
    fold(station.watch(), concat(rows), findings)
    slow = new_alerts(list(findings.alerts.values()), list(station.clean.values()))
    assert quick.delay is not None
    assert quick.delay in {alert.opened_at - spot.t0 for alert in slow}
    assert set(quick.kinds) == {alert.kind for alert in slow}


def test_a_chamber_s_fault_is_in_all_its_cells() -> None:
    traces = [
        replace(t, batch=t.batch.take(slice(0, 3000))) for t in (trace("B0005", poll=60), trace("B0006", poll=60))
    ]
    station = Station(traces=traces)
    station.run_clean()
    drawn = Placer(traces).draw(FAULTS["chamber"], 5, 1)
    assert drawn is not None
    assert station.inject(FAULTS["chamber"], 5, *drawn).visible


def test_what_happens_to_the_readings_of_a_channel() -> None:
    lab = crowd([trace("B0006", poll=60)], cyclers=2, per_cycler=3, hours=2)
    assert len(lab.channels) == 6
    name, batch = next(iter(lab.channels.items()))
    assert batch.texts("channel")[0] == name
    begin, end = lab.middle, lab.middle + 600
    late = held_back(begin, end)(batch)
    assert len(late) == len(batch)
    assert not ((late.numbers("arrival_time_second") > begin) & (late.numbers("arrival_time_second") < end)).any()
    assert (late.numbers("unix_time_second") == batch.numbers("unix_time_second")).all()
    stopped = paused(begin, end)(batch)
    assert np.diff(stopped.numbers("unix_time_second")).max() == 660
    assert (stopped.numbers("test_time_second") == batch.numbers("test_time_second")).all()
    anew = new_file(begin, end)(batch)
    after = anew.numbers("unix_time_second") >= end
    assert anew.numbers("test_time_second")[after][0] == 0
    assert anew.numbers("cycle_count")[after][0] == 1


def test_readings_of_a_life_give_its_capacities() -> None:
    measured = lives.drop(lives.life("a", np.linspace(1.1, 1.0, 12)), 6, 5)
    findings = Findings()
    watch = Watch(Topology(), {"channel-silent": {"delay_seconds": 1e5}})
    fold(watch, lives.readings(measured, "a"), findings)
    findings.add_cycles(watch.finish())
    table = findings.cycles_table().to_pydict()
    assert table["discharging_capacity_ah"] == pytest.approx(measured.discharge)
    assert table["coulombic_efficiency"] == pytest.approx(measured.discharge / measured.charge)
    assert measured.discharge[6] / measured.discharge[5] == pytest.approx(0.95, abs=0.01)


def test_a_cell_that_rests_has_rests_to_leak_in() -> None:
    built = resting(60)
    assert Placer([built]).draw(FAULTS["rest_leak"], 3, 0) is not None
