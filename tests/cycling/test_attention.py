"""Cells near their end, tests that end soon, free channels and data to mend: what is told, and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cycling.ageing import WEEK, Recent, counts_to, fades_to, health_now
from cycling.attention import Known, attention
from cycling.topology import Cycler, Topology
from cycling.types import Alert, ChannelState, Severity

NOW = 1_790_000_000.0
HOUR = 3600.0
LAB = Topology(cyclers=(Cycler(id="a", channels=4),))


def fading(
    cycles: int = 80, each: float = HOUR, last: float = 0.82, per_cycle: float = 0.0005, noise: float = 0.0
) -> Recent:
    """Cycles that end now, the last of them with this state of health."""
    count = np.arange(1, cycles + 1)
    wiggle = noise * np.sin(count * 2.4)
    return Recent(
        cycle_count=count,
        end=NOW - each * (cycles - count),
        judged=np.ones(cycles, dtype=bool),
        state_of_health=last + per_cycle * (cycles - count) + wiggle,
    )


def state(channel: str = "a-01", **facts: Any) -> ChannelState:
    given: dict[str, Any] = {
        "cycler": "a",
        "chamber": None,
        "phase": "charging",
        "unix_time_second": NOW - 1,
        "arrival_time_second": NOW - 1,
        "cadence_second": 10.0,
        "latest": {},
        "test": "t",
        "cycle_count": 80,
        "state_of_health": 0.82,
    }
    return ChannelState(channel=channel, **{**given, **facts})


def alert(kind: str, **facts: Any) -> Alert:
    given: dict[str, Any] = {
        "severity": Severity.P3,
        "scope": "channel:a-01",
        "channels": ("a-01",),
        "test": "t",
        "opened_at": NOW - 100,
        "message": "a-01: so it is.",
    }
    return Alert(id=f"{kind}-{facts.get('opened_at')}", kind=kind, **{**given, **facts})


def told(*states: ChannelState, **known: Any) -> Any:
    given: dict[str, Any] = {"facts": {}, "recent": {}, "alerts": (), "rejected": (), "topology": LAB}
    return attention(Known(now=NOW, states=states, **{**given, **known}))


@pytest.mark.parametrize("per_cycle", [0.0004, 0.0005, 0.001])
def test_a_straight_fade_reaches_its_limit_when_it_does(per_cycle: float) -> None:
    found = fades_to(0.80, fading(per_cycle=per_cycle), NOW)
    assert found is not None
    assert found.at == pytest.approx(NOW + HOUR * 0.02 / per_cycle, abs=1.0)
    assert (found.cycles, found.seconds) == (80, 79 * HOUR)


def test_nobody_looks_further_ahead_than_the_cycles_reach_back() -> None:
    assert fades_to(0.80, fading(cycles=80, per_cycle=0.02 / 79), NOW) is not None
    assert fades_to(0.80, fading(cycles=78, per_cycle=0.02 / 79), NOW) is None
    week = fades_to(0.80, fading(cycles=400, per_cycle=0.02 / 168), NOW)  # of 400 h only those of the last 168 count
    assert week is not None
    assert week.seconds <= WEEK
    assert fades_to(0.80, fading(cycles=400, per_cycle=0.02 / 180), NOW) is None


@pytest.mark.parametrize(
    ("what", "recent"),
    [
        ("too few cycles", fading(cycles=9, per_cycle=0.01)),
        ("no fade", fading(per_cycle=0.0)),
        ("a cell that gains", fading(per_cycle=-0.001)),
        ("a fade within its noise", fading(per_cycle=0.0005, last=0.81, noise=0.1)),
        ("past its end", fading(last=0.79)),
        ("formation and faulty cycles only", Recent(**{**vars(fading()), "judged": np.zeros(80, dtype=bool)})),
        ("health unknown", Recent(**{**vars(fading()), "state_of_health": np.full(80, np.nan)})),
    ],
)
def test_no_end_is_made_up(what: str, recent: Recent) -> None:
    assert fades_to(0.80, recent, NOW) is None, what


def test_a_test_that_pauses_does_not_go_on_as_before() -> None:
    assert fades_to(0.80, fading(), NOW + 2.5 * HOUR) is not None
    assert fades_to(0.80, fading(), NOW + 3.5 * HOUR) is None
    assert counts_to(90, fading(), NOW + 3.5 * HOUR) is None


def test_a_planned_number_of_cycles_is_reached_at_their_pace() -> None:
    found = counts_to(90, fading(), NOW)
    assert found is not None
    assert found.at == pytest.approx(NOW + 10 * HOUR)
    assert counts_to(80, fading(), NOW) is None
    assert counts_to(80 + 200, fading(), NOW) is None  # 200 h are more than a week


def test_health_is_the_median_of_the_last_three_that_tell_it() -> None:
    recent = fading(last=0.9, per_cycle=0.0)
    recent.state_of_health[-1] = 0.1
    assert health_now(recent) == pytest.approx(0.9)
    assert health_now(fading(cycles=0)) is None


def test_a_cell_within_two_points_of_its_end_is_told_with_its_numbers() -> None:
    (one,) = told(state(), recent={"t": fading(last=0.815)}, facts={"t": {"cell": "c1", "batch": "b"}}).ageing
    assert (one.channel, one.cell, one.batch, one.cycle_count, one.end_of_life_fraction) == ("a-01", "c1", "b", 80, 0.8)
    assert one.state_of_health == pytest.approx(0.8155)
    assert one.why == ()
    assert told(state(), recent={"t": fading(last=0.83)}).ageing == ()
    assert told(state(), recent={"t": fading(last=0.83)}, facts={"t": {"end_of_life_fraction": 0.82}}).ageing


def test_a_knee_is_told_however_healthy_the_cell_and_only_while_it_runs_and_is_open() -> None:
    knee = alert("knee")
    (one,) = told(state(), recent={"t": fading(last=0.95)}, alerts=[knee]).ageing
    assert (one.why, one.since) == (("knee",), NOW - 100)
    assert told(state(phase="finished"), alerts=[knee]).ageing == ()
    assert told(state(test="u"), alerts=[knee]).ageing == ()
    assert told(state(), alerts=[knee.but(closed_at=NOW - 1)]).ageing == ()


def test_tests_that_end_soon_come_soonest_first_and_say_by_what() -> None:
    facts = {"t": {"planned_cycles": 85}}
    ending = told(state(), recent={"t": fading()}, facts=facts).ending
    assert [(one.by, one.until, round((one.at - NOW) / HOUR)) for one in ending] == [
        ("planned", 85, 5),
        ("fade", 0.8, 40),
    ]
    assert told(state(phase="idle"), recent={"t": fading()}, facts=facts).ending == ()


def test_what_finished_in_the_last_week_is_told_once_for_each_test() -> None:
    days = [NOW - n * 86_400 for n in (8, 6, 2)]
    alerts = [alert("finished", opened_at=at) for at in days] + [alert("finished", test="u", opened_at=NOW - 5)]
    found = told(alerts=alerts).finished
    assert [(one.test, one.at) for one in found] == [("u", NOW - 5), ("t", days[2])]


def test_free_is_what_answers_and_has_nothing_to_do() -> None:
    states = (
        state("a-01", phase="finished"),
        state("a-02", phase="idle", test="u"),
        state("a-03", phase="idle", test=None),
        state("a-04", phase="idle", arrival_time_second=NOW - 1000),
    )
    found = told(*states, alerts=[alert("finished", opened_at=NOW - 50)], recent={"u": fading()})
    assert [(one.channel, one.state, one.since) for one in found.free] == [
        ("a-01", "finished", NOW - 50),
        ("a-02", "idle", NOW),
        ("a-03", "idle", None),
    ]
    assert found.slots == ()
    (slots,) = told(states[0]).slots
    assert (slots.cycler, slots.channels, slots.unheard) == ("a", 4, 3)


def test_rejected_rows_are_counted_by_source_for_a_week() -> None:
    rows = [
        {"when": NOW - 1, "source": "mpr", "reason": "newest"},
        {"when": NOW - 2, "source": "http", "reason": "other"},
        {"when": NOW - 3, "source": "mpr", "reason": "older"},
        {"when": NOW - WEEK - 1, "source": "http", "reason": "last month"},
    ]
    found = told(rejected=rows).rejected
    assert [(one.source, one.rows, one.reason) for one in found] == [("mpr", 2, "newest"), ("http", 1, "other")]


def test_facts_that_are_missing_are_told_of_tests_that_run() -> None:
    facts = {"t": {"cell": "c", "batch": "", "nominal_capacity_ah": 1.1}}
    states = (state(), state("a-02", test="u"), state("a-03", test=None), state("a-04", test="v", phase="finished"))
    assert told(*states, facts=facts).missing == {
        "cell": ("a-02",),
        "batch": ("a-01", "a-02"),
        "nominal_capacity_ah": ("a-02",),
    }


def test_channels_that_no_lab_toml_names_are_told_where_there_is_one() -> None:
    stranger = state("x", cycler="unlisted")
    assert told(stranger).unlisted == ("x",)
    assert told(stranger, topology=Topology()).unlisted == ()
    assert told(stranger, facts={"t": {"owner": "me"}}).tests == {"t": {"batch": None, "owner": "me"}}
