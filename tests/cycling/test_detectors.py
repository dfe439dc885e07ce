"""What every reading-level detector owes, and what each of them names and leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from cycling.detectors import READING
from cycling.readings import Batch, concat
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import CHANNEL, START, cell, in_discharge, lab, spoil, watched
from tests.cycling.resting_cell import leaking, resting_cell

HELD = cell(4)
MIDDLE = in_discharge(HELD, cycle=3)
LONG = cell(5)  # cycles enough to have learned what is usual
LATE = in_discharge(LONG, cycle=5)
SPIKES = 0.3 * np.isin(np.arange(30), (5, 12, 20))
LONGER = cell(7)
OHMIC = in_discharge(LONGER, cycle=5, skip=-228, rows=300)
SAG = 0.1 * LONGER.numbers("current_ampere")[OHMIC] * (LONGER.numbers("voltage_volt")[OHMIC] < 4.05)

FAULTS = {
    "contact-lost": spoil(HELD, MIDDLE, current_ampere=0.001, voltage_volt=0.02),
    "over-voltage": spoil(HELD, slice(60, 70), voltage_volt=4.3),
    "under-voltage": spoil(HELD, MIDDLE, voltage_volt=2.4),
    "over-temperature": spoil(HELD, MIDDLE, surface_temperature_celsius=72 + 0.1 * np.sin(np.arange(30))),
    "thermocouple-open": spoil(HELD, MIDDLE, surface_temperature_celsius=1372.0),
    "thermocouple-detached": spoil(LONG, LATE, surface_temperature_celsius=25 + 0.1 * np.sin(np.arange(30))),
    "abnormal-heating": spoil(
        LONG, LATE, surface_temperature_celsius=29 + np.minimum(np.arange(30), 9) + 0.1 * np.sin(np.arange(30))
    ),
    "thermal-runaway": spoil(
        LONG, slice(LATE.start, LATE.start + 6), surface_temperature_celsius=[29, 35, 42, 49, 40, 33]
    ),
    "frozen": spoil(HELD, MIDDLE, voltage_volt=3.5, current_ampere=-2.0, surface_temperature_celsius=30.0),
    "impossible-value": spoil(HELD, slice(MIDDLE.start, MIDDLE.start + 1), voltage_volt=99.0),
    "chamber-off-setpoint": spoil(
        HELD,
        slice(MIDDLE.start, MIDDLE.start + 60),
        ambient_temperature_celsius=25 + np.minimum(0.15 * np.arange(60), 3.0) + 0.1 * np.sin(np.arange(60)),
    ),
    "counters-reset": spoil(
        HELD,
        slice(MIDDLE.start, None),
        cycle_count=HELD.numbers("cycle_count")[MIDDLE.start :] - 2,
        test_time_second=30.0 * np.arange(len(HELD) - MIDDLE.start),
    ),
    "finished": spoil(
        HELD.with_columns(channel_status=np.full(len(HELD), "running", dtype=object)), MIDDLE, channel_status="stopped"
    ),
    "clock-shift": spoil(
        HELD, slice(MIDDLE.start, None), unix_time_second=HELD.numbers("unix_time_second")[MIDDLE.start :] - 3600
    ),
    "contact-intermittent": spoil(HELD, MIDDLE, voltage_volt=HELD.numbers("voltage_volt")[MIDDLE] + SPIKES),
    "current-off-setpoint": spoil(HELD, in_discharge(HELD, cycle=4), current_ampere=-1.9),
    "contact-resistance": spoil(LONGER, OHMIC, voltage_volt=LONGER.numbers("voltage_volt")[OHMIC] + SAG),
    "self-discharge": leaking(resting_cell(2, hours=5), {0: 10.0}),
    "soft-short": spoil(HELD, MIDDLE, voltage_volt=HELD.numbers("voltage_volt")[MIDDLE] - SPIKES / 6),
    "stalled": spoil(HELD, slice(0, 30), current_ampere=0.001 * np.sin(np.arange(30)), voltage_volt=3.4),
}
each = pytest.mark.parametrize("kind", sorted(FAULTS))


def test_every_registered_detector_has_a_fault_here() -> None:
    assert sorted(FAULTS) == sorted(detector.kind for detector in READING)


def test_a_healthy_cell_is_left_alone() -> None:
    assert watched(cell(12)).kinds() == []


def test_nothing_is_found_without_data() -> None:
    assert watched(cell(1).take(slice(0, 0))).kinds() == []


@each
def test_a_fault_is_found_by_its_name_and_nothing_else_is(kind: str) -> None:
    assert watched(FAULTS[kind]).kinds() == [kind]


@each
def test_a_fault_is_over_when_the_readings_are_well_again(kind: str) -> None:
    alert = watched(FAULTS[kind]).of(kind)
    assert alert.cleared_at is not None
    assert alert.cleared_at > alert.opened_at
    if alert.severity is Severity.P1:  # danger waits until somebody has acknowledged it
        assert alert.state == "returned"
    else:
        assert alert.closed_at == alert.cleared_at


@each
def test_the_message_names_the_channel_and_says_what_to_do(kind: str) -> None:
    alert = watched(FAULTS[kind]).of(kind)
    assert alert.message.startswith(f"{CHANNEL}: ")
    assert alert.action.endswith(".")
    assert alert.scope == f"channel:{CHANNEL}"
    assert alert.test == "T1"


@each
def test_a_switched_off_detector_stays_silent(kind: str) -> None:
    assert kind not in watched(FAULTS[kind], detectors={kind: {"enabled": False}}).kinds()


@each
def test_each_row_in_a_batch_of_its_own_gives_the_same(kind: str) -> None:
    batch = FAULTS[kind]
    one, many = watched(batch), watched(batch, cuts=list(range(MIDDLE.start - 60, MIDDLE.stop + 40)))
    assert one.alerts == many.alerts


@each
def test_a_restart_in_the_middle_gives_the_same(kind: str) -> None:
    batch = FAULTS[kind]
    one = watched(batch)
    again = watched(batch, cuts=[65, MIDDLE.start + 1, MIDDLE.start + 12, MIDDLE.stop], restarts=True)
    assert one.alerts == again.alerts
    assert one.notices == again.notices


@each
def test_repeated_and_late_rows_change_nothing(kind: str) -> None:
    batch = FAULTS[kind]
    order = np.repeat(np.arange(len(batch)), 2)
    late = np.insert(order, len(order) // 2, order[len(order) // 2 - 6])
    assert watched(batch.take(late)).kinds() == [kind]


@each
def test_missing_numbers_are_survived(kind: str) -> None:
    holes = spoil(cell(2), slice(5, None, 7), surface_temperature_celsius=np.nan, ambient_temperature_celsius=np.nan)
    assert kind not in watched(holes).kinds()


def test_a_crashing_detector_becomes_an_alert_and_the_others_go_on() -> None:
    class Broken:
        kind, severity, samples, delay_seconds, clear_samples = "broken", Severity.P2, 1, 0.0, 1

        def check(self, sight: object) -> None:
            raise RuntimeError("no such column")

    def break_it(watch: Watch) -> None:
        watch._reading = (Broken(), *watch._reading)

    seen = watched(FAULTS["contact-lost"], change=break_it)
    assert seen.kinds() == ["contact-lost", "detector-failed"]
    assert "no such column" in seen.of("detector-failed").message


def test_contact_lost_needs_two_readings_and_says_which_current_is_missing() -> None:
    one = spoil(HELD, slice(MIDDLE.start, MIDDLE.start + 1), current_ampere=0.0, voltage_volt=0.02)
    assert watched(one).kinds() == []
    alert = watched(FAULTS["contact-lost"]).of("contact-lost")
    assert alert.opened_at == START + 30.0 * (MIDDLE.start + 1)
    assert "of 2.00 A in discharge" in alert.message


def test_contact_lost_is_seen_when_only_the_current_lead_is_off() -> None:
    floating = spoil(HELD, slice(MIDDLE.start, MIDDLE.stop), current_ampere=0.001, voltage_volt=3.72)
    assert watched(floating).kinds() == ["contact-lost"]


def test_a_discharge_that_ended_by_itself_is_no_lost_contact() -> None:
    end = in_discharge(HELD, cycle=3, skip=112, rows=8)
    relaxing = spoil(HELD, end, current_ampere=0.001, voltage_volt=3.2)
    assert watched(relaxing).kinds() == []


def test_a_tapering_charge_is_no_lost_contact() -> None:
    charge = np.flatnonzero((HELD.numbers("cycle_count") == 3) & (HELD.texts("step_type") == "CCCV_CHG"))
    tail = slice(int(charge[-12]), int(charge[-1]) + 1)
    assert watched(spoil(HELD, tail, current_ampere=0.002)).kinds() == []


def test_a_paused_channel_has_lost_no_contact() -> None:
    status = np.full(len(HELD), "running", dtype=object)
    status[MIDDLE] = "paused"
    paused = spoil(HELD, MIDDLE, current_ampere=0.0, voltage_volt=3.7).with_columns(channel_status=status)
    assert watched(paused).kinds() == []


def test_a_voltage_at_the_rail_without_current_is_a_contact_not_an_over_voltage() -> None:
    assert watched(spoil(HELD, MIDDLE, current_ampere=0.0, voltage_volt=4.6)).kinds() == ["contact-lost"]


def test_the_temperature_limit_of_the_test_replaces_the_default() -> None:
    warm = spoil(HELD, MIDDLE, surface_temperature_celsius=50 + 0.1 * np.sin(np.arange(30)))
    assert watched(warm).kinds() == []

    def strict(watch: Watch) -> None:
        watch.facts["T1"] = type(watch.facts["T1"])(test="T1", temperature_max_celsius=45.0)

    assert watched(warm, change=strict).kinds() == ["over-temperature"]


def test_heat_that_ramps_through_99_degrees_is_heat() -> None:
    rows = np.arange(30)
    ramp = np.minimum(30 + 6.9 * rows, 99.0)
    seen = watched(spoil(HELD, MIDDLE, surface_temperature_celsius=ramp))
    assert seen.kinds() == ["over-temperature", "thermal-runaway"]


def test_a_jump_to_99_degrees_is_a_sensor() -> None:
    assert watched(spoil(HELD, MIDDLE, surface_temperature_celsius=99.0)).kinds() == ["thermocouple-open"]


def test_a_channel_that_never_had_a_thermocouple_is_not_blamed() -> None:
    never = spoil(HELD, slice(None), surface_temperature_celsius=np.nan)
    assert watched(never).kinds() == []


def test_a_frozen_temperature_alone_is_found_where_it_used_to_move() -> None:
    still = in_discharge(HELD, cycle=3, skip=20, rows=60)
    assert watched(spoil(HELD, still, surface_temperature_celsius=30.0)).kinds() == ["frozen"]


def test_polling_faster_than_the_cycler_logs_is_not_frozen() -> None:
    polled = HELD.take(np.repeat(np.arange(len(HELD)), 15))
    times = START + 2.0 * np.arange(len(polled))
    assert "frozen" not in watched(polled.with_columns(unix_time_second=times)).kinds()


def test_three_impossible_values_in_ten_minutes_are_worth_showing() -> None:
    thrice = spoil(HELD, slice(MIDDLE.start, MIDDLE.start + 9, 4), voltage_volt=99.0)
    assert watched(thrice).of("impossible-value").severity is Severity.P3
    assert watched(FAULTS["impossible-value"]).of("impossible-value").severity is Severity.P4


def test_a_new_test_on_the_channel_ends_what_was_open_of_the_old_one() -> None:
    broken = spoil(HELD, slice(MIDDLE.start, None), current_ampere=0.0, voltage_volt=0.02)
    after = cell(1, test="T2", start=float(broken.numbers("unix_time_second")[-1]) + 30)
    alert = watched(concat([broken, after])).of("contact-lost")
    assert alert.closed_at == after.numbers("unix_time_second")[0]


def test_limits_in_lab_toml_change_the_verdict() -> None:
    strict = {"over-voltage": {"margin_volt": 0.5}}
    assert watched(FAULTS["over-voltage"], detectors=strict).kinds() == []


def test_a_lab_without_topology_works_too() -> None:
    assert watched(FAULTS["frozen"], topology=lab(cyclers=0)).kinds() == ["frozen"]


def polled(batch: Batch, times: int, every: float) -> Batch:
    """The batch as a poll sees it that asks ``times`` per measurement: values repeat, the clocks go on."""
    held = batch.take(np.repeat(np.arange(len(batch)), times))
    clock = every * np.arange(len(held))
    return held.with_columns(
        unix_time_second=START + clock, test_time_second=clock, record_index=np.arange(len(held), dtype=float)
    )


def test_one_measurement_polled_three_times_is_one_reading() -> None:
    """The last sample of a discharge may overshoot its limit; a fast poll shows it several times."""
    last = in_discharge(HELD, cycle=3, skip=119, rows=1)
    overshoot = spoil(HELD, last, voltage_volt=2.5)
    assert watched(polled(overshoot, 3, 5.0)).kinds() == []


def test_what_stands_still_for_long_beyond_a_limit_is_named() -> None:
    stuck = polled(spoil(HELD, MIDDLE, voltage_volt=4.6, current_ampere=-2.0, surface_temperature_celsius=30.0), 3, 5.0)
    assert "over-voltage" in watched(stuck).kinds()


def test_a_load_that_switches_on_late_is_no_lost_contact() -> None:
    start = in_discharge(HELD, cycle=3, skip=0, rows=2)
    late = spoil(HELD, start, current_ampere=0.0005, voltage_volt=4.15)
    assert watched(polled(late, 6, 5.0)).kinds() == []


def test_a_contact_is_missed_also_after_starts_without_current() -> None:
    starts = [in_discharge(HELD, cycle=cycle, skip=0, rows=1) for cycle in (1, 2, 3)]
    batch = HELD
    for start in starts:
        batch = spoil(batch, start, current_ampere=-0.001, voltage_volt=4.15)
    noise = np.random.default_rng(1)
    batch = polled(batch, 6, 5.0)
    lost = slice(MIDDLE.start * 6, MIDDLE.stop * 6)
    count = lost.stop - lost.start
    batch = spoil(batch, lost, current_ampere=noise.normal(0, 0.0015, count), voltage_volt=3.72)
    assert watched(batch).kinds() == ["contact-lost"]


def test_a_slow_check_up_after_fast_cycles_is_no_lost_contact() -> None:
    fast = HELD.with_columns(current_ampere=HELD.numbers("current_ampere") * 3)
    checkup = in_discharge(HELD, cycle=3, skip=0, rows=120)
    assert watched(spoil(fast, checkup, current_ampere=-0.1 + 1e-4 * np.sin(np.arange(120)))).kinds() == []


def test_a_new_file_in_the_tail_of_a_discharge_is_no_lost_contact() -> None:
    tail = in_discharge(HELD, cycle=3, skip=110, rows=10)
    relaxing = spoil(HELD, tail, current_ampere=0.001, voltage_volt=3.2)
    seam = tail.start + 2
    restarted = {
        name: np.where(np.arange(len(HELD)) >= seam, values - values[seam], values)
        for name, values in HELD.columns.items()
        if name in ("test_time_second", "record_index", "cycle_count", "step_count")
    }
    assert watched(relaxing.with_columns(**restarted)).kinds() == ["counters-reset"]


@pytest.mark.parametrize("column", ["voltage_volt", "current_ampere"])
@pytest.mark.parametrize("value", [np.nan, 5e4])
def test_rows_that_cannot_be_read_are_no_other_fault(column: str, value: float) -> None:
    odd = np.arange(40, len(HELD), 31)
    values = HELD.numbers(column).copy()
    values[odd] = value
    bare = HELD.with_columns(**{column: values})
    for batch in (bare, Batch({n: v for n, v in bare.columns.items() if n not in ("step_type", "step_count")})):
        assert set(watched(batch).kinds()) == {"impossible-value"}


def test_coarse_values_are_not_frozen() -> None:
    """Rounded to 1 mV, 10 mA and 0.1 K readings repeat by themselves for minutes."""
    coarse = cell(8, every=10.0)
    rounded = {
        name: np.round(coarse.numbers(name) / step) * step
        for name, step in (("voltage_volt", 5e-3), ("current_ampere", 1e-2), ("surface_temperature_celsius", 0.5))
    }
    assert watched(coarse.with_columns(**rounded)).kinds() == []


def test_ten_minutes_of_standstill_are_found_at_two_minutes_per_reading() -> None:
    slow = cell(4, every=120.0)
    still = in_discharge(slow, cycle=3, rows=6)
    everything = {"voltage_volt": 3.5, "current_ampere": -2.0, "surface_temperature_celsius": 30.0}
    assert watched(spoil(slow, still, **everything)).kinds() == ["frozen"]
    assert watched(spoil(slow, still, surface_temperature_celsius=30.0)).kinds() == ["frozen"]


def test_a_blank_temperature_is_found_in_two_readings_also_by_a_fast_poll() -> None:
    fast = cell(2, every=5.0)
    gone = in_discharge(fast, cycle=2)
    alert = watched(spoil(fast, gone, surface_temperature_celsius=np.nan)).of("thermocouple-open")
    assert alert.opened_at == START + 5.0 * (gone.start + 1)


def test_a_temperature_measured_less_often_than_the_voltage_is_not_open() -> None:
    rare = cell(2, every=2.0)
    values = np.where(np.arange(len(rare)) % 5 == 0, rare.numbers("surface_temperature_celsius"), np.nan)
    kinds = watched(rare.with_columns(surface_temperature_celsius=values)).kinds()
    assert kinds in ([], ["thermocouple-open"])  # at most once, until the way of the logger is known


def stuck(volt: float, *, rows: int = 6, every: float = 1.0) -> Batch:
    """A cell at 3.6 V, then readings a second apart that are the same to the bit."""
    count = 20 + rows
    return Batch(
        {
            "channel": np.full(count, CHANNEL, dtype=object),
            "test": np.full(count, "T1", dtype=object),
            "unix_time_second": START + every * np.arange(count),
            "voltage_volt": np.append(np.linspace(3.5, 3.6, 20), np.full(rows, volt)),
            "current_ampere": np.full(count, 1.0),
            "surface_temperature_celsius": np.full(count, 25.0),
        }
    )


def test_a_voltage_far_beyond_its_limit_counts_even_when_it_repeats_to_the_bit() -> None:
    assert watched(stuck(4.4)).kinds() == ["over-voltage"]
    assert watched(stuck(1.9)).kinds() == ["under-voltage"]


def test_one_overshooting_sample_polled_again_is_one_reading() -> None:
    assert watched(stuck(4.26, rows=4)).kinds() == []
    assert watched(stuck(4.26, rows=80)).kinds() == ["over-voltage"]


def test_a_voltage_that_is_well_again_ends_the_alert_even_when_it_repeats_to_the_bit() -> None:
    batch = stuck(4.4, rows=12)
    volts = batch.numbers("voltage_volt").copy()
    volts[-5:] = 3.6
    assert watched(batch.with_columns(voltage_volt=volts)).of("over-voltage").cleared_at is not None
