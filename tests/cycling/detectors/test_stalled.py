"""stalled: steps that do not begin or do not end, and steps that only take their time."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.readings import Batch, concat
from tests.cycling.build import START, cell, in_discharge, spoil, watched

KIND = "stalled"
HELD = cell(5)
NOTHING = 0.001 * np.sin(np.arange(30))


def hold(batch: Batch, rows: int, *, ampere: float, volt: float, kind: str | None = None) -> Batch:
    """The batch, and its last reading going on for ``rows`` more readings."""
    last = batch.take(np.full(rows, len(batch) - 1))
    count = np.arange(1, rows + 1)
    wobble = 1e-4 * np.sin(count)
    columns = {
        "unix_time_second": last.numbers("unix_time_second") + 30.0 * count,
        "test_time_second": last.numbers("test_time_second") + 30.0 * count,
        "record_index": last.numbers("record_index") + count,
        "current_ampere": ampere * (1 + wobble),
        "voltage_volt": volt + wobble,
        "surface_temperature_celsius": 25 + wobble,
    }
    if kind:
        columns["step_type"] = np.full(rows, kind, dtype=object)
    return concat([batch, last.with_columns(**columns)])


def charging(cycle: int = 5) -> Batch:
    """Up to the constant voltage of a charge."""
    rows = np.flatnonzero((HELD.numbers("cycle_count") == cycle) & (HELD.texts("step_type") == "CCCV_CHG"))
    return HELD.take(slice(0, int(rows[-20])))


def test_a_step_without_current_is_named_after_five_minutes() -> None:
    alert = watched(spoil(HELD, slice(0, 30), current_ampere=NOTHING, voltage_volt=3.4)).of(KIND)
    assert alert.opened_at == START + 330.0
    assert "no current has come since the charge began" in alert.message


def test_a_lost_contact_is_the_cause() -> None:
    start = in_discharge(HELD, cycle=4, skip=0)
    assert watched(spoil(HELD, start, current_ampere=NOTHING, voltage_volt=4.1)).kinds() == ["contact-lost"]


def test_a_charge_that_never_ends_is_named() -> None:
    alert = watched(hold(charging(), 600, ampere=0.12, volt=4.199)).of(KIND)
    assert "by the earlier ones 1.7 h are enough" in alert.message


@pytest.mark.parametrize("kind", ["REST", "OCV"])
def test_long_rests_and_calendar_ageing_are_ordinary(kind: str) -> None:
    assert watched(hold(HELD, 3000, ampere=0.0, volt=3.3, kind=kind)).kinds() == []


def test_paused_and_finished_channels_are_ordinary() -> None:
    for word, kinds in (("paused", []), ("finished", ["finished"])):
        batch = hold(charging(), 900, ampere=0.0, volt=4.1)
        status = np.full(len(batch), "running", dtype=object)
        status[-900:] = word
        assert watched(batch.with_columns(channel_status=status)).kinds() == kinds


def test_a_full_cell_may_take_no_charge() -> None:
    assert watched(spoil(HELD, slice(0, 30), current_ampere=NOTHING, voltage_volt=4.15)).kinds() == []


def test_a_slow_check_up_after_fast_cycles_takes_its_time() -> None:
    slow = cell(2, every=300.0)
    factor = {"current_ampere": slow.numbers("current_ampere") / 10}
    later = float(HELD.numbers("unix_time_second")[-1]) + 30 - START
    moved = {name: slow.numbers(name) + later for name in ("unix_time_second", "test_time_second")}
    counted = {name: slow.numbers(name) + float(HELD.numbers(name).max()) for name in ("cycle_count", "step_count")}
    index = {"record_index": slow.numbers("record_index") + len(HELD)}
    assert KIND not in watched(concat([HELD, slow.with_columns(**factor, **moved, **counted, **index)])).kinds()


def test_a_cycle_counter_that_stands_still_is_named() -> None:
    batch = cell(14)
    counter = np.minimum(batch.numbers("cycle_count"), 5)
    assert watched(batch.with_columns(cycle_count=counter)).of(KIND).message.endswith("A.")


def test_short_pulses_do_not_shorten_the_history() -> None:
    """Twelve short discharges, then one of the usual length."""
    batch = cell(18)
    wanted = (batch.numbers("cycle_count") < 5) | (batch.numbers("cycle_count") > 16)
    short = (batch.texts("step_type") != "CC_DCH") | (np.arange(len(batch)) % 10 == 0)
    taken = batch.take(wanted | short)
    assert KIND not in watched(taken).kinds()


def test_cycles_of_a_few_readings_say_nothing_of_how_much_one_moves() -> None:
    """Somebody starts the test again and again, and then it runs."""
    batch = cell(8)
    cycle = batch.numbers("cycle_count")
    charging = np.flatnonzero((cycle < 5) & (batch.texts("step_type") == "CCCV_CHG"))
    _, first = np.unique(cycle[charging], return_index=True)
    few = charging[(first[:, None] + np.arange(4)).ravel()]
    taken = batch.take(np.sort(np.concatenate([few, np.flatnonzero(cycle >= 5)])))
    assert [alert for alert in watched(taken).alerts.values() if "without a new cycle" in alert.message] == []
