"""The watch as a fold: cuts, restarts and order must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cycling.readings import Batch
from cycling.watch import OtherSnapshot, Watch
from tests.cycling.build import START, cell, in_discharge, lab, spoil, together, watched


def troubled() -> Batch:
    """Two channels side by side, each with troubles of its own, and a restart of the counters."""
    one = cell(4, every=60.0)
    one = spoil(one, in_discharge(one, cycle=2, rows=12), current_ampere=0.0, voltage_volt=0.02)
    one = spoil(one, in_discharge(one, cycle=3, rows=12), surface_temperature_celsius=np.nan)
    one = spoil(one, slice(400, 401), voltage_volt=99.0)
    two = cell(4, channel="sim-1-02", test="T2", every=60.0, start=START + 13, seed=5)
    restarted = two.numbers("cycle_count").copy()
    restarted[800:] -= restarted[800] - 1
    two = spoil(two.with_columns(cycle_count=restarted), in_discharge(two, cycle=2), surface_temperature_celsius=99.0)
    return together(one, two)


TROUBLED = troubled()
WHOLE = watched(TROUBLED)


def test_the_troubles_are_all_found() -> None:
    assert WHOLE.kinds() == [
        "contact-lost",
        "counters-reset",
        "impossible-value",
        "thermocouple-open",
        "thermocouple-open",
    ]
    assert len(WHOLE.cycles) >= 6


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, len(TROUBLED)), max_size=12), restarts=st.booleans())
def test_however_the_batches_are_cut_the_result_is_the_same(cuts: list[int], restarts: bool) -> None:
    seen = watched(TROUBLED, cuts=cuts, restarts=restarts)
    assert seen.alerts == WHOLE.alerts
    assert seen.notices == WHOLE.notices
    assert {key: repr(cycle) for key, cycle in seen.cycles.items()} == {
        key: repr(cycle) for key, cycle in WHOLE.cycles.items()
    }


def test_channels_do_not_look_into_each_other() -> None:
    alone = watched(TROUBLED.take(TROUBLED.texts("channel") == "sim-1-02"))
    beside = {key: repr(c) for key, c in WHOLE.cycles.items() if key[0] == "T2"}
    assert {key: repr(c) for key, c in alone.cycles.items()} == beside


def test_an_empty_fold_says_nothing() -> None:
    assert watched(Batch({})).kinds() == []


def test_rows_without_a_test_belong_to_one_of_their_own() -> None:
    batch = cell(2)
    nameless = Batch({name: values for name, values in batch.columns.items() if name != "test"})
    assert {test for test, _n in watched(nameless).cycles} == {"sim-1-01-001"}


def test_a_watch_without_its_snapshot_takes_over_open_alerts_and_can_end_them() -> None:
    batch = cell(4)
    fault = in_discharge(batch, cycle=2, rows=20)
    batch = spoil(batch, fault, current_ampere=0.0, voltage_volt=0.02)
    before = watched(batch.take(slice(0, fault.start + 10)))
    (left,) = before.alerts.values()
    after = watched(batch.take(slice(fault.start + 10, None)), change=lambda watch: watch.adopt([left]))
    (ended,) = after.alerts.values()
    assert ended.id == left.id
    assert ended.closed_at is not None


def test_a_snapshot_of_another_form_is_refused() -> None:
    with pytest.raises(OtherSnapshot, match="form 99"):
        Watch(lab()).restore(b'{"form": 99}')
