"""What only shows beside other channels: logger faults, cells that never started, swapped thermocouples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from cycling.judge import Finding
from cycling.readings import Batch
from cycling.topology import Chamber, Cycler, TestFacts, Topology, places_of
from cycling.types import Severity
from cycling.watch import Watch
from tests.cycling.build import START, cell, together

NAMES = [f"sim-1-{n:02d}" for n in range(1, 7)]
KINDS = ("never-started", "thermocouples-swapped", "thermocouple-logger-fault")
SURFACE = "surface_temperature_celsius"


def rig(cycles: int = 3, *, every: float = 30.0, count: int = 6) -> dict[str, Batch]:
    """Channels of a batch whose cells are some hours apart in their cycles and some seconds in their polls."""
    return {
        name: late(cell(cycles, channel=name, test=f"T{n}", start=START + 3 * n, every=every, seed=n), 61 * n)
        for n, name in enumerate(NAMES[:count])
    }


def late(batch: Batch, rows: int) -> Batch:
    """The cell begun that many readings into its life, so that it is out of step with the others."""
    times = ("unix_time_second", "test_time_second", "record_index")
    cut = {
        name: batch.columns[name][: len(batch) - rows] if name in times else v[rows:]
        for name, v in batch.columns.items()
    }
    return Batch(cut)


def topology(*, logger: bool = False, batch: str | None = "b1") -> Topology:
    cyclers = (Cycler(id="sim-1", channels=6, chamber="c1", poll_seconds=30.0),)
    wired = {name: {"logger": "daq-1"} for name in NAMES} if logger else {}
    tests = tuple(
        TestFacts(test=f"T{n}", channel=name, batch=batch, nominal_capacity_ah=2.0) for n, name in enumerate(NAMES)
    )
    return Topology(
        cyclers=cyclers,
        places=places_of(cyclers, wired),
        chambers=(Chamber(id="c1", setpoint_celsius=25.0),),
        tests=tests,
    )


def findings(
    channels: dict[str, Batch], lab: Topology, *, cuts: Sequence[int] = (), restarts: bool = False
) -> list[Finding]:
    """What the watch hands to its book of these kinds."""
    rows, found = together(*channels.values()), []

    def watching() -> Watch:
        watch = Watch(lab)
        to_book: Callable[[Finding, float], None] = watch._book.find

        def find(finding: Finding, clock: float) -> None:
            found.extend([finding] if finding.kind in KINDS else [])
            to_book(finding, clock)

        watch._book.find = find  # type: ignore[method-assign]
        return watch

    watch = watching()
    for begin, end in pairwise([0, *cuts, len(rows)]):
        piece = rows.take(slice(begin, end))
        watch.fold(piece, float(piece.numbers("unix_time_second").max()))
        if restarts:
            saved, watch = watch.save(), watching()
            watch.restore(saved)
    return found


def said(found: Sequence[Finding]) -> list[tuple[str, str, str | None, tuple[str, ...]]]:
    return [(one.kind, one.what, one.scope, one.channels) for one in found]


def scanned(
    channels: dict[str, Batch], names: Sequence[str], code: float, *, row: int = 600, rows: int = 1
) -> dict[str, Batch]:
    """One scan (or more) in which a logger tells these channels a code."""
    out = dict(channels)
    for name in names:
        values = channels[name].numbers(SURFACE).copy()
        values[row : row + rows] = code
        out[name] = channels[name].with_columns(**{SURFACE: values})
    return out


def swapped(channels: dict[str, Batch], a: str, b: str) -> dict[str, Batch]:
    count = min(len(channels[a]), len(channels[b]))
    first, second = channels[a].take(slice(0, count)), channels[b].take(slice(0, count))
    return channels | {
        a: first.with_columns(**{SURFACE: second.numbers(SURFACE)}),
        b: second.with_columns(**{SURFACE: first.numbers(SURFACE)}),
    }


def test_healthy_channels_are_left_alone() -> None:
    assert findings(rig(16), topology()) == []


@pytest.mark.parametrize("code", [99.0, -200.0, 1372.0, -2500.0])
def test_one_scan_of_one_code_on_many_channels_is_one_finding_about_all(code: float) -> None:
    found = findings(scanned(rig(), NAMES[:5], code), topology(logger=True))
    assert said(found) == [
        ("thermocouple-logger-fault", "begins", "logger:daq-1", tuple(NAMES[:5])),
        ("thermocouple-logger-fault", "ends", "logger:daq-1", tuple(NAMES[:5])),
    ]
    assert found[0].severity is Severity.P3
    assert START + 600 * 30 <= found[0].at < found[1].at <= START + 601 * 30 + 20
    assert found[0].words is not None
    assert f"5 channels read {code:.1f} °C in one scan" in found[0].words.message


def test_without_a_logger_the_cycler_is_named() -> None:
    found = findings(scanned(rig(), NAMES[:3], 99.0, rows=20), topology())
    assert [one.scope for one in found] == ["cycler:sim-1", "cycler:sim-1"]
    assert found[1].at - found[0].at >= 19 * 30


def test_two_channels_or_different_codes_or_times_are_no_logger() -> None:
    assert findings(scanned(rig(), NAMES[:2], 99.0), topology(logger=True)) == []
    differing = scanned(scanned(rig(), NAMES[:2], 99.0), NAMES[2:4], 1372.0)
    assert findings(differing, topology(logger=True)) == []
    apart = rig()
    for n, name in enumerate(NAMES[:3]):
        apart = scanned(apart, [name], 99.0, row=600 + 10 * n)
    assert findings(apart, topology(logger=True)) == []


def idle(batch: Batch) -> Batch:
    count = len(batch)
    return batch.with_columns(
        current_ampere=np.zeros(count), voltage_volt=np.full(count, 3.4) + 1e-4 * np.sin(np.arange(count))
    )


def test_a_cell_that_never_starts_is_told_after_two_hours_and_is_worse_after_a_day() -> None:
    channels = rig(10)
    channels[NAMES[2]] = idle(channels[NAMES[2]])
    first, second = findings(channels, topology())
    assert (first.what, first.channel, first.severity) == ("begins", NAMES[2], Severity.P3)
    assert first.at == pytest.approx(START + 6 + 7200, abs=1)
    assert (second.what, second.severity) == ("worsens", Severity.P2)
    assert second.at == pytest.approx(START + 6 + 86_400, abs=1)


def test_a_cell_that_starts_late_ends_it() -> None:
    channels = rig(4)
    rows = np.arange(len(channels[NAMES[2]])) < 400
    current = np.where(rows, 0.0, channels[NAMES[2]].numbers("current_ampere"))
    channels[NAMES[2]] = channels[NAMES[2]].with_columns(current_ampere=current)
    assert [one.what for one in findings(channels, topology())] == ["begins", "ends"]


def test_a_channel_that_never_said_anything_is_told_too() -> None:
    channels = rig(3)
    del channels[NAMES[4]]
    (found,) = findings(channels, topology())
    assert (found.what, found.channel, found.test) == ("begins", NAMES[4], "T4")
    assert found.words is not None
    assert "no reading at all" in found.words.message


def test_a_batch_that_rests_as_a_whole_or_a_channel_without_a_test_is_not() -> None:
    resting = {name: idle(batch) for name, batch in rig(3).items()}
    assert findings(resting, topology()) == []
    channels = rig(3)
    spare = idle(channels[NAMES[2]])
    channels[NAMES[2]] = spare.with_columns(test=np.full(len(spare), "unknown", dtype=object))
    assert [one for one in findings(channels, topology()) if one.test == "unknown"] == []


def test_swapped_thermocouples_are_one_finding_about_both() -> None:
    (found,) = findings(swapped(rig(16), NAMES[1], NAMES[4]), topology())
    assert (found.kind, found.what, found.severity) == ("thermocouples-swapped", "begins", Severity.P3)
    assert (found.scope, found.channels) == (f"channel:{NAMES[1]}", (NAMES[1], NAMES[4]))
    assert found.at <= START + 24.5 * 3600


def test_channels_in_step_cannot_be_told_apart() -> None:
    step = {name: cell(16, channel=name, test=f"T{n}", seed=n) for n, name in enumerate(NAMES)}
    assert findings(swapped(step, NAMES[1], NAMES[4]), topology()) == []


def test_swapping_them_back_ends_it() -> None:
    channels = rig(40)
    wrong = swapped(channels, NAMES[1], NAMES[4])
    for name in (NAMES[1], NAMES[4]):
        half = len(wrong[name]) // 3
        right = channels[name].take(slice(0, len(wrong[name])))
        values = np.where(np.arange(len(right)) < half, wrong[name].numbers(SURFACE), right.numbers(SURFACE))
        channels[name] = right.with_columns(**{SURFACE: values})
    assert [one.what for one in findings(channels, topology())] == ["begins", "ends"]


def test_cuts_and_restarts_change_nothing() -> None:
    channels = scanned(swapped(rig(12), NAMES[1], NAMES[4]), NAMES[2:5], 99.0, row=700)
    channels[NAMES[0]] = idle(channels[NAMES[0]])
    whole = findings(channels, topology(logger=True))
    assert {one.kind for one in whole} == set(KINDS)
    rows = sum(len(batch) for batch in channels.values())
    cuts = sorted(np.random.default_rng(3).choice(np.arange(1, rows), 40, replace=False).tolist())

    def key(one: Finding) -> tuple[str, str, float, str]:
        return one.kind, one.what, round(one.at), one.channel

    again = findings(channels, topology(logger=True), cuts=cuts, restarts=True)
    assert sorted(map(key, again)) == sorted(map(key, whole))
