"""Silence: a channel alone, a cycler together, and who comes back."""

from __future__ import annotations

import numpy as np

from cycling.readings import Batch
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import START, Seen, cell, lab, together, watched

CHANNELS = [f"sim-1-{n:02d}" for n in (1, 2, 3, 4)]


def rig(*, cyclers: int = 1) -> Batch:
    """Four channels per cycler, polled every 30 s, a few seconds apart."""
    return together(
        *(
            cell(1, channel=f"sim-{c + 1}-{n:02d}", test=f"T{c}{n}", start=START + 7 * n + 2 * c, seed=10 * c + n)
            for c in range(cyclers)
            for n in (1, 2, 3, 4)
        )
    )


def without(batch: Batch, begin: float, end: float, *channels: str) -> Batch:
    """The batch with a gap: nothing arrives of these channels between two times after the start."""
    since = batch.numbers("unix_time_second") - START
    gone = (since >= begin) & (since < end) & np.isin(batch.texts("channel").astype(str), channels)
    return batch.take(~gone)


def test_a_channel_alone_falls_silent_after_five_minutes_and_comes_back() -> None:
    seen = watched(without(rig(), 2000, 3000, CHANNELS[1]))
    alert = seen.of("channel-silent")
    last = float(alert.evidence["last_arrival"])
    assert alert.opened_at == last + 300
    assert START + 3000 <= alert.closed_at <= START + 3040
    assert alert.incident is None


def test_a_silence_that_lasts_is_a_test_being_lost() -> None:
    seen = watched(without(rig(), 2000, 4000, CHANNELS[1]))
    assert seen.of("channel-silent").severity is Severity.P2
    assert [reason for _id, reason, _severity in seen.notices] == ["opened", "escalated", "resolved"]


def test_a_cycler_that_falls_silent_is_one_notice() -> None:
    seen = watched(without(rig(cyclers=2), 2000, 2900, *CHANNELS))
    incident = seen.of("cycler-silent")
    assert incident.scope == "cycler:sim-1"
    assert incident.channels == tuple(CHANNELS)
    members = [alert for alert in seen.alerts.values() if alert.kind == "channel-silent"]
    assert sorted(alert.id for alert in members) == sorted(incident.members)
    assert {(alert.suppressed, alert.incident) for alert in members} == {("incident", incident.id)}
    assert [reason for _id, reason, _severity in seen.notices] == ["opened", "resolved"]


def test_the_incident_ends_with_the_last_channel_that_comes_back() -> None:
    batch = without(without(rig(cyclers=2), 2000, 2900, *CHANNELS), 2900, 3300, CHANNELS[3])
    seen = watched(batch)
    assert START + 3300 <= seen.of("cycler-silent").closed_at <= START + 3340


def test_a_channel_that_stays_away_is_told_by_itself() -> None:
    batch = without(without(rig(cyclers=2), 2000, 2900, *CHANNELS), 2900, 99_999, CHANNELS[3])
    seen = watched(batch)
    incident = seen.of("cycler-silent")
    assert incident.evidence["not_resumed"] == [CHANNELS[3]]
    left = next(a for a in seen.alerts.values() if a.kind == "channel-silent" and a.channels == (CHANNELS[3],))
    assert left.suppressed is None
    assert left.open


def test_silence_does_not_depend_on_how_batches_are_cut() -> None:
    batch = without(rig(cyclers=2), 2000, 3100, *CHANNELS)
    one = watched(batch)
    for cuts in (list(range(0, len(batch), 37)), [1, 2, 3, 700, 701]):
        assert watched(batch, cuts=cuts, restarts=True).alerts == one.alerts


def test_a_finished_channel_is_allowed_to_be_silent() -> None:
    batch = cell(1)
    status = np.full(len(batch), "running", dtype=object)
    status[-1] = "finished"
    over = float(batch.numbers("unix_time_second")[-1]) + 86_400
    assert watched(batch.with_columns(channel_status=status), until=over).kinds() == ["finished"]


def test_a_silent_channel_never_clears_its_alerts() -> None:
    batch = cell(2)
    hot = batch.numbers("surface_temperature_celsius").copy()
    hot[-20:] = 80 + 0.1 * np.arange(20)
    batch = batch.with_columns(surface_temperature_celsius=hot)
    seen = watched(batch, until=float(batch.numbers("unix_time_second")[-1]) + 7200)
    assert seen.kinds() == ["channel-silent", "over-temperature"]
    assert seen.of("over-temperature").open


def test_a_slow_channel_is_judged_by_its_own_cadence() -> None:
    seen = watched(cell(1, every=240.0))
    assert seen.kinds() == []


def test_channels_outside_the_topology_are_never_a_cycler() -> None:
    batch = together(*(cell(1, channel=f"x{n}", test=f"x{n}", start=START + n) for n in range(4)))
    seen = watched(batch, until=float(batch.numbers("unix_time_second")[-1]) + 400)
    assert seen.kinds() == ["channel-silent"] * 4


def test_the_time_the_lab_itself_was_off_is_nobodys_silence() -> None:
    batch = cell(1)
    watch = Watch(lab())
    end = float(batch.numbers("unix_time_second")[-1])
    watch.fold(batch, end)
    again = Watch(lab())
    again.restore(watch.save())
    again.heard_since = end + 5000
    assert again.fold(Batch({}), end + 5010).alerts == ()
    assert [alert.kind for alert in again.fold(Batch({}), end + 5301).alerts] == ["channel-silent"]


def test_a_shorter_delay_in_lab_toml_is_followed() -> None:
    limits = {"channel-silent": {"delay_seconds": 10.0}, "cycler-silent": {"delay_seconds": 10.0}}
    batch = cell(1, every=1.0)
    seen: Seen = watched(batch, detectors=limits, until=float(batch.numbers("unix_time_second")[-1]) + 10.5)
    assert seen.kinds() == ["channel-silent"]


def test_pauses_a_channel_makes_by_itself_become_its_way() -> None:
    """In constant voltage some cyclers log on change only: Arbin up to 1136 s apart (CALCE)."""
    batch = cell(8)
    since = batch.numbers("unix_time_second") - START
    in_cycle = since % (368 * 30)
    seen = watched(batch.take(~((in_cycle > 5000) & (in_cycle < 6000))))
    assert seen.kinds() == ["channel-silent"] * 2


def test_long_silences_and_those_of_the_whole_cycler_are_never_its_way() -> None:
    alone, together_ = rig(), rig()
    for begin in (1000, 4000, 7000):
        together_ = without(together_, begin, begin + 900, *CHANNELS)
    assert watched(together_).kinds().count("cycler-silent") == 3
    for begin in (500, 4500, 8500):
        alone = without(alone, begin, begin + 2400, CHANNELS[1])
    assert watched(alone).kinds() == ["channel-silent"] * 3


def test_channels_that_come_back_hours_apart_are_told_the_same_however_the_rows_are_cut() -> None:
    batch = rig()
    batch = without(batch, 2000, 2900, *CHANNELS)
    batch = without(without(batch, 2900, 8000, CHANNELS[0]), 2900, 4500, CHANNELS[3])
    one, many = watched(batch), watched(batch, cuts=list(range(0, len(batch), 7)))
    assert one.alerts == many.alerts
    assert sorted(one.notices) == sorted(many.notices)
