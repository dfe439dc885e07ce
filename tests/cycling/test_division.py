"""A watch that begins with what others left: every kind of alert can end, and no key of a snapshot is dropped."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cycling.alerts import alert_id
from cycling.detectors import CYCLE, REGISTRY
from cycling.division import joined
from cycling.readings import Batch
from cycling.topology import Topology
from cycling.types import Alert, Severity
from cycling.unparseable import Rejects
from cycling.watch import Watch
from tests.cycling.build import START, cell, lab, spoil, together

CHANNELS = [f"sim-{cycler}-0{n}" for cycler in (1, 2) for n in (1, 2, 3)]


def topology() -> Topology:
    return lab(cyclers=2, channels=3)


def whole() -> Watch:
    """Both cyclers; the loggers of both tell nonsense, one row could not be read, a channel never started."""
    watch = Watch(topology())
    cells = [cell(1, channel=name, test=f"T-{name}", seed=n) for n, name in enumerate(CHANNELS)]
    batch = together(*[spoil(one, slice(100, 130), surface_temperature_celsius=99.0) for one in cells])
    batch = batch.take(batch.numbers("unix_time_second") < START + 30 * 120)
    watch.fold(batch, START + 30 * 120)
    rejects = [Rejects(source="x", scope=scope, rejected=9, since=START) for scope in ("lab", "channel:sim-2-01")]
    watch.heed_rejects(rejects, watch.now)
    watch.fold(Batch({}), watch.now)
    return watch


def kept_by(*cyclers: str) -> Any:
    return lambda channel: channel.rsplit("-", 1)[0] in cyclers


def plain(saved: bytes) -> Any:
    state = json.loads(saved)
    state.pop("memory")
    state["book"] = sorted(state["book"], key=lambda alert: alert["id"])
    state["unread"].sort()
    return state


def test_parts_of_a_snapshot_are_the_whole_again() -> None:
    saved = whole().save()
    first, second = (joined([(saved, kept_by(name))], name == "sim-1") for name in ("sim-1", "sim-2"))
    again = joined([(first, kept_by("sim-1")), (second, kept_by("sim-2"))], True)
    assert plain(again) == plain(saved)
    assert json.loads(again).keys() == json.loads(saved).keys()
    assert json.loads(saved)["fellows"]["loggers"]["open"].keys() == {"cycler:sim-1", "cycler:sim-2"}
    assert [one[0] for one in json.loads(second)["unread"]] == ["channel:sim-2-01"]


def test_a_part_goes_on_where_the_whole_stood() -> None:
    watch = Watch(topology())
    watch.restore(joined([(whole().save(), kept_by("sim-2"))], False))
    well = together(*[cell(1, channel=name, test=f"T-{name}", start=START + 3600) for name in CHANNELS[3:]])
    told = watch.fold(well, START + 7200)
    ended = [alert for alert in told.alerts if alert.kind == "thermocouple-logger-fault" and not alert.burning]
    assert [alert.scope for alert in ended] == ["cycler:sim-2"]


def left(kind: str, scope: str, channels: tuple[str, ...], **facts: Any) -> Alert:
    return Alert(
        id=alert_id(kind, scope, START),
        kind=kind,
        severity=Severity.P2,
        scope=scope,
        channels=channels,
        test="T1",
        opened_at=START,
        announced_at=START + 1,
        message=kind,
        **facts,
    )


@pytest.mark.parametrize("kind", sorted({*REGISTRY} - {detector.kind for detector in CYCLE} - {"finished"}))
def test_what_an_earlier_watch_left_can_end(kind: str) -> None:
    first, second = "sim-1-01", "sim-1-02"
    scope = {"cycler-silent": "cycler:sim-1", "thermocouple-logger-fault": "cycler:sim-1"}.get(kind, f"channel:{first}")
    channels = (first, second) if kind in ("thermocouples-swapped", "cycler-silent") else (first,)
    old = [left(kind, scope, channels)]
    if kind == "cycler-silent":
        silent = [left("channel-silent", f"channel:{name}", (name,)) for name in channels]
        old = [old[0].but(members=tuple(alert.id for alert in silent), evidence={"last_arrival": START})]
        old += [alert.but(incident=old[0].id, suppressed="incident", announced_at=None) for alert in silent]
    watch = Watch(topology())
    watch.adopt(old)
    again = Watch(topology())
    again.restore(watch.save())
    amperes = [np.where(np.arange(368 * 30) // 480 % 2 == n, 2.0, 0.2) for n in (0, 1)]
    cells = [
        cell(
            30 if kind in ("thermocouples-swapped", "self-discharge") else 8,
            channel=name,
            test="T1" if n == 0 else "T2",
            start=START + 600,
        )
        for n, name in enumerate((first, second))
    ]
    if kind == "thermocouples-swapped":
        cells = [
            one.with_columns(current_ampere=ampere, surface_temperature_celsius=warmth(ampere))
            for one, ampere in zip(cells, amperes, strict=True)
        ]
    batch = together(*cells)
    again.fold(batch, float(batch.numbers("unix_time_second").max()))
    for _ in range(3):
        again.heed_rejects([], again.now)
        again.fold(Batch({}), again.now + 7200)
    known = {alert.id: alert for alert in again.alerts()}
    assert not known[old[0].id].burning


def warmth(ampere: Any) -> Any:
    level, found = 0.0, []
    for one in ampere.tolist():
        level += (one**2 - level) * 30 / 960
        found.append(25 + 3 * level)
    return np.array(found)


def test_danger_that_has_gone_and_waits_for_somebody_is_found_anew() -> None:
    returned = left("over-temperature", "channel:sim-1-01", ("sim-1-01",), state="returned", cleared_at=START + 9)
    watch = Watch(lab())
    watch.adopt([returned.but(severity=Severity.P1)])
    hot = spoil(cell(1, start=START + 3600), slice(50, 60), surface_temperature_celsius=80.0)
    told = watch.fold(hot, START + 3600 + 30 * 60)
    assert next((notice.kind, notice.reason) for notice in told.notices if notice.kind == "over-temperature") == (
        "over-temperature",
        "opened",
    )


def test_what_is_of_the_lab_names_no_channel() -> None:
    [alert] = [one for one in whole().alerts() if one.kind == "unparseable" and one.scope == "lab"]
    assert (alert.channels, alert.test) == ((), None)


def test_a_detector_that_failed_on_a_test_is_not_said_to_fail_on_the_next() -> None:
    failed = left("detector-failed", "channel:sim-1-01", ("sim-1-01",))
    watch = Watch(lab())
    watch.adopt([failed])
    watch.fold(cell(1, test="T2", start=START + 3600), START + 20_000)
    assert [alert.burning for alert in watch.alerts() if alert.id == failed.id] == [False]
