"""Causes: what one part of the lab did to many channels is one incident and one notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cycling.book import Book
from cycling.readings import Batch
from cycling.topology import Chamber, Cycler, Maintenance, Topology, places_of
from cycling.types import Alert, Notice, Severity
from cycling.watch import Watch
from monitor.clock_order import by_clock

START = 1_700_000_000.0
EVERY = 30.0


def lab_of(
    cyclers: int, channels: int, overrides: Mapping[str, Mapping[str, Any]] | None = None, **facts: Any
) -> Topology:
    every = tuple(
        Cycler(id=f"c{n}", channels=channels, chamber=f"room-{n % 2}", power_circuit="AB"[n % 2])
        for n in range(cyclers)
    )
    rooms = tuple(Chamber(id=f"room-{n}", setpoint_celsius=25.0) for n in (0, 1))
    return Topology(cyclers=every, chambers=rooms, places=places_of(every, overrides or {}), **facts)


def rows(topology: Topology, minutes: float, seed: int = 0) -> Batch:
    """Every channel in a long discharge, a reading each 30 s."""
    names = list(topology.places)
    steps, count = int(minutes * 60 / EVERY), len(names)
    noise = np.random.default_rng(seed)
    second = np.repeat(np.arange(steps) * EVERY, count)
    total = steps * count
    return Batch(
        {
            "channel": np.tile(np.array(names, dtype=object), steps),
            "test": np.tile(np.array([f"T-{name}" for name in names], dtype=object), steps),
            "unix_time_second": START + second,
            "arrival_time_second": START + second,
            "test_time_second": second + 1000.0,
            "voltage_volt": 4.0 - second / 40_000 + noise.normal(0, 1e-4, total),
            "current_ampere": -2.0 + noise.normal(0, 1e-3, total),
            "surface_temperature_celsius": 27.0 + noise.normal(0, 0.05, total),
            "ambient_temperature_celsius": 25.0 + noise.normal(0, 0.05, total),
            "cycle_count": np.full(total, 5.0),
            "step_count": np.full(total, 17.0),
            "step_type": np.full(total, "CC_DCH", dtype=object),
            "record_index": np.repeat(np.arange(steps, dtype=float) + 500, count),
        }
    )


def where(batch: Batch, begin: float, end: float, wanted: Callable[[str], bool]) -> np.ndarray:
    """The rows of some channels between two minutes."""
    minute = (batch.numbers("unix_time_second") - START) / 60
    chosen = {name: wanted(name) for name in set(batch.texts("channel"))}
    return (minute >= begin) & (minute < end) & np.array([chosen[name] for name in batch.texts("channel")])


def changed(batch: Batch, which: np.ndarray, **columns: Any) -> Batch:
    new = {}
    for name, value in columns.items():
        values = batch.columns[name].copy()
        values[which] = value
        new[name] = values
    return batch.with_columns(**new)


class Play:
    """A lab that was watched, and what it told."""

    def __init__(self, topology: Topology, batch: Batch, *, until: float = 0.0, detectors: Any = None) -> None:
        watch, self.alerts, self.notices = Watch(topology, detectors), dict[str, Alert](), list[Notice]()
        for piece in [*by_clock(batch), Batch({})]:
            now = (
                float(piece.numbers("arrival_time_second").max()) if len(piece) else max(watch.now, START + 60 * until)
            )
            told = watch.fold(piece, now)
            self.alerts |= {alert.id: alert for alert in told.alerts}
            self.notices += told.notices

    def of(self, kind: str) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.kind == kind]

    def told(self) -> list[tuple[str, str, int]]:
        return [(notice.kind, notice.reason, notice.channel_count) for notice in self.notices]


def test_half_a_cycler_that_loses_its_contacts_together_is_one_incident() -> None:
    topology = lab_of(2, 8)
    lost = rows(topology, 30)
    lost = changed(lost, where(lost, 20, 30, lambda name: name < "c0-06"), current_ampere=0.0, voltage_volt=0.01)
    play = Play(topology, lost)
    [incident] = [alert for alert in play.of("contact-lost") if alert.members]
    assert incident.scope == "cycler:c0"
    assert incident.channels == ("c0-01", "c0-02", "c0-03", "c0-04", "c0-05")
    members = [alert for alert in play.of("contact-lost") if not alert.members]
    assert {(alert.incident, alert.suppressed) for alert in members} == {(incident.id, "incident")}
    assert sorted(incident.members) == sorted(alert.id for alert in members)
    assert play.told() == [("contact-lost", "opened", 5)]


def test_a_board_explains_what_all_its_channels_show() -> None:
    boards = {f"c0-{n:02d}": {"board": str((n - 1) // 4)} for n in range(1, 17)}
    topology = lab_of(1, 16, boards)
    lost = rows(topology, 30)
    lost = changed(lost, where(lost, 20, 30, lambda name: name <= "c0-04"), current_ampere=0.0, voltage_volt=0.01)
    [incident] = [alert for alert in Play(topology, lost).alerts.values() if alert.members]
    assert incident.scope == "board:c0/0"


def test_a_few_of_many_are_told_together_but_have_no_common_cause() -> None:
    topology = lab_of(2, 24)
    lost = rows(topology, 30)
    lost = changed(lost, where(lost, 20, 30, lambda name: name <= "c0-04"), current_ampere=0.0, voltage_volt=0.01)
    play = Play(topology, lost)
    assert [alert.incident for alert in play.of("contact-lost")] == [None] * 4
    assert play.told() == [("contact-lost", "opened", 4)]
    assert play.notices[0].channels == ("c0-01", "c0-02", "c0-03", "c0-04")


def test_danger_is_never_absorbed_and_five_hundred_are_one_notice_with_the_exact_count() -> None:
    topology = lab_of(10, 50)
    hot = rows(topology, 20)
    hot = changed(hot, where(hot, 15, 20, lambda name: True), surface_temperature_celsius=80.0)
    jump = where(hot, 14, 15, lambda name: True)
    hot = changed(hot, jump, surface_temperature_celsius=72.0)
    play = Play(topology, hot)
    alerts = play.of("over-temperature")
    assert len(alerts) == 500
    assert {(alert.suppressed, alert.incident) for alert in alerts} == {(None, None)}
    assert ("over-temperature", "opened", 500) in play.told()
    [text] = [notice.text for notice in play.notices if notice.kind == "over-temperature"]
    assert len(text) <= 1500
    assert "495 more" in text


def gone(batch: Batch, begin: float, end: float, wanted: Callable[[str], bool] = lambda name: True) -> Batch:
    return batch.take(~where(batch, begin, end, wanted))


def paused(batch: Batch, begin: float, end: float) -> Batch:
    """The test clocks stand still while nothing arrives."""
    after = where(batch, end, 1e9, lambda name: True)
    late = batch.numbers("test_time_second") - np.where(after, (end - begin) * 60 - EVERY, 0.0)
    return gone(batch.with_columns(test_time_second=late), begin, end)


def restarted(batch: Batch, begin: float, wanted: Callable[[str], bool]) -> Batch:
    """New files: counters begin again."""
    which = where(batch, begin, 1e9, wanted)
    since = batch.numbers("unix_time_second")[which] - START - begin * 60
    return changed(batch, which, test_time_second=since, record_index=since / EVERY, cycle_count=1.0, step_count=1.0)


def fate(name: str) -> str:
    number = int(name.rpartition("-")[2])
    return "never" if number % 10 == 0 else "new" if number % 5 == 1 else "resumes"


@pytest.mark.parametrize("minutes", [2.5, 60.0, 480.0])
def test_an_outage_of_a_thousand_channels_is_at_most_three_notices(minutes: float) -> None:
    topology = lab_of(20, 50)
    back = 15 + minutes
    batch = rows(topology, 15)
    later = rows(topology, 25, seed=1)
    shift = (back * 60) // EVERY * EVERY
    later = later.with_columns(
        unix_time_second=later.numbers("unix_time_second") + shift,
        arrival_time_second=later.numbers("arrival_time_second") + shift,
        test_time_second=later.numbers("test_time_second") + 15 * 60,
        record_index=later.numbers("record_index") + 15 * 60 / EVERY,
    )
    later = restarted(later, back, lambda name: fate(name) == "new")
    later = later.take(~where(later, 0, 1e9, lambda name: fate(name) == "never"))
    columns = {name: np.concatenate([batch.columns[name], later.columns[name]]) for name in batch.columns}
    play = Play(topology, Batch(columns))
    assert 1 <= len(play.notices) <= 3
    [outage] = play.of("power-outage")
    assert outage.scope == "lab"
    assert len(outage.channels) == 1000
    said = outage.evidence
    assert (said["resumed"], len(said["not_resumed"]), len(said["restarted_channels"])) == (900, 100, 200)
    text = play.notices[-1].text
    assert "900 of 1000 resumed" in text
    assert "100 did not resume" in text
    assert "200 restarted as new" in text
    told = {alert.id for alert in play.alerts.values() if alert.kind == "channel-silent"}
    assert len(told & set(outage.members)) == 1000


def test_a_power_circuit_is_named_when_only_it_went_dark() -> None:
    topology = lab_of(6, 8)
    play = Play(topology, gone(rows(topology, 60), 20, 60, lambda name: name[1] in "024"))
    [outage] = play.of("power-outage")
    assert outage.scope == "power_circuit:A"
    assert outage.severity is Severity.P2
    assert play.told() == [("power-outage", "opened", 24)]


@pytest.mark.parametrize("seed", range(20))
def test_a_blip_of_the_network_that_is_filled_in_notifies_nobody(seed: int) -> None:
    topology = lab_of(4, 12)
    batch = rows(topology, 40)
    begin = START + 15 * 60 + 7.0 * seed
    end = begin + 30 + 3 * seed
    clock = batch.numbers("unix_time_second").copy()
    clock[(clock >= begin) & (clock < end)] = end
    play = Play(topology, batch.with_columns(arrival_time_second=clock))
    assert play.notices == []


def test_a_network_that_is_cut_for_an_hour_and_filled_in_is_called_so() -> None:
    topology = lab_of(4, 12)
    batch = rows(topology, 110)
    clock = batch.numbers("unix_time_second").copy()
    clock[(clock >= START + 900) & (clock < START + 4500)] = START + 4500
    play = Play(topology, batch.with_columns(arrival_time_second=clock))
    [outage] = play.of("network-outage")
    assert outage.evidence["filled"] == 48
    assert [reason for _, reason, _ in play.told()] == ["opened", "resolved"]
    assert "filled in later" in play.notices[-1].text


def test_a_channel_that_goes_silent_clears_nothing() -> None:
    topology = lab_of(1, 4)
    hot = rows(topology, 60)
    for minute, celsius in ((14, 72.0), (15, 80.0)):
        hot = changed(hot, where(hot, minute, 60, lambda name: True), surface_temperature_celsius=celsius)
    play = Play(topology, gone(hot, 16, 60), until=120)
    assert {alert.state for alert in play.of("over-temperature")} == {"active"}
    assert [reason for _, reason, _ in play.told() if reason == "resolved"] == []


def test_planned_work_silences_all_but_danger_and_what_outlasts_it_is_told() -> None:
    window = Maintenance(start=START + 15 * 60, end=START + 40 * 60, scope="cycler:c0", reason="rewiring")
    topology = replace(lab_of(2, 4), maintenance=(window,))
    lost = rows(topology, 60)
    lost = changed(lost, where(lost, 20, 60, lambda name: name == "c0-01"), current_ampere=0.0, voltage_volt=0.01)
    lost = changed(lost, where(lost, 20, 30, lambda name: name == "c0-02"), current_ampere=0.0, voltage_volt=0.01)
    play = Play(topology, lost)
    [notice] = play.notices
    assert notice.channels == ("c0-01",)
    assert notice.sent_at >= window.end
    assert {a.suppressed for a in play.of("contact-lost") if a.channels == ("c0-02",)} == {"maintenance"}


def test_noise_on_a_limit_is_one_notice() -> None:
    topology = lab_of(1, 1)
    batch = rows(topology, 300)
    noisy = where(batch, 20, 300, lambda name: True)
    heat = 60.0 + np.random.default_rng(3).normal(0, 1, int(noisy.sum()))
    ramp = where(batch, 10, 20, lambda name: True)
    batch = changed(batch, ramp, surface_temperature_celsius=np.linspace(28, 59, int(ramp.sum())))
    batch = changed(batch, noisy, surface_temperature_celsius=heat)
    limits = {"over-temperature": {"limit_celsius": 60.0, "deadband_kelvin": 0.0}}
    play = Play(topology, batch, detectors=limits)
    assert [told for told in play.told() if told[1] == "opened"] == [("over-temperature", "opened", 1)]


def test_the_same_is_told_however_the_rows_are_cut() -> None:
    topology = lab_of(4, 6)
    lost = rows(topology, 60)
    lost = changed(lost, where(lost, 20, 40, lambda name: name < "c0-05"), current_ampere=0.0, voltage_volt=0.01)
    lost = gone(lost, 45, 52, lambda name: name < "c2")
    whole = Play(topology, lost)
    watch = Watch(topology)
    alerts: dict[str, Alert] = {}
    notices: list[Notice] = []
    for begin in range(0, len(lost), 131):
        piece = lost.take(slice(begin, begin + 131))
        told = watch.fold(piece, float(piece.numbers("arrival_time_second").max()))
        alerts |= {alert.id: alert for alert in told.alerts}
        notices += told.notices
        again = Watch(topology)
        again.restore(watch.save())
        watch = again
    assert alerts == whole.alerts
    assert notices == whole.notices


def test_a_chamber_is_one_alert_in_the_words_of_its_channels_each_member_once() -> None:
    topology = lab_of(2, 6)  # every other cycler in the same room
    warm = rows(topology, 60)
    minute = (warm.numbers("unix_time_second") - START) / 60
    off = np.where(where(warm, 15, 60, lambda name: name < "c1"), np.minimum(0.3 * (minute - 15), 5.0), 0.0)
    play = Play(
        topology, warm.with_columns(ambient_temperature_celsius=warm.numbers("ambient_temperature_celsius") + off)
    )
    [incident] = [alert for alert in play.of("chamber-off-setpoint") if alert.members]
    assert incident.scope == "chamber:room-0"
    assert len(set(incident.members)) == len(incident.members) == 6
    assert incident.message.startswith("Chamber room-0: Chamber off its setpoint: the air reads")
    assert incident.message.endswith("6 channels are in it.")
    assert play.told() == [("chamber-off-setpoint", "opened", 6)]


def test_a_chamber_that_drifts_soon_after_a_power_cut_is_one_alert_not_one_for_each_channel() -> None:
    """Within a quarter of an hour it may be what the cut did, and is a member of it; then it is told, as one."""
    lab = lab_of(2, 6)
    dark = gone(rows(lab, 90), 10, 20, lambda name: name.startswith("c1"))
    warm = changed(dark, where(dark, 21, 90, lambda name: name.startswith("c1")), ambient_temperature_celsius=29.0)
    play = Play(lab, warm)
    drift = play.of("chamber-off-setpoint")
    assert [alert.scope for alert in drift if not alert.incident or alert.members] == ["chamber:room-1"]
    (chamber,) = [alert for alert in drift if alert.scope == "chamber:room-1"]
    assert {alert.incident for alert in drift if alert.scope.startswith("channel:")} == {chamber.id}
    assert len([told for told in play.told() if told[0] == "chamber-off-setpoint"]) == 1


def test_a_sensor_that_disagrees_with_its_chamber_is_told_by_itself() -> None:
    topology = lab_of(1, 6)
    odd = rows(topology, 60)
    minute = (odd.numbers("unix_time_second") - START) / 60
    off = np.where(where(odd, 15, 60, lambda name: name == "c0-02"), np.minimum(0.3 * (minute - 15), 5.0), 0.0)
    play = Play(
        topology, odd.with_columns(ambient_temperature_celsius=odd.numbers("ambient_temperature_celsius") + off)
    )
    [alert] = play.of("chamber-off-setpoint")
    assert (alert.scope, alert.suppressed, alert.severity) == ("channel:c0-02", None, Severity.P3)
    assert "ambient sensor" in play.notices[0].text


def test_danger_that_waits_to_be_seen_is_left_behind_once() -> None:
    lab = lab_of(2, 4)
    incident = Alert(
        id="i",
        kind="chamber-off-setpoint",
        severity=Severity.P1,
        scope="chamber:room-0",
        channels=tuple(lab.places)[:4],
        test=None,
        opened_at=START,
        closed_at=None,
        message="room-0 is 12 K above its setpoint.",
        evidence={"resuming_since": START + 600.0},
        members=("m",),
        announced_at=START,
    )
    book = Book((), lab.place)
    book.load([incident.to_json()])
    book.tick(START + 7200.0)  # comes back at all
    [known] = book.open_alerts()
    assert (known.state, known.cleared_at) == ("returned", START + 600.0)
    assert book.due() == np.inf
