"""Frames: whoever has a full frame and those after it knows what was told, in few bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycling.frames import Teller, together
from cycling.types import ChannelState
from tests.cycling.frame_reader import FIELDS, Page

NOW = 1_795_392_000.123456
LAB = {"name": "Lab", "time_factor": 1.0, "counts": {}, "cyclers": [], "chambers": [{"id": "a", "measured": 25.0}]}

numbers = st.one_of(st.none(), st.floats(-1e4, 1e4), st.sampled_from([0.0, float("nan"), float("inf"), 1e300, -1e12]))
changes = st.fixed_dictionaries(
    {
        "channel": st.sampled_from([f"c-{n}" for n in range(9)]),
        "voltage_volt": numbers,
        "current_ampere": numbers,
        "surface_temperature_celsius": numbers,
        "test_time_second": numbers,
        "moment": st.floats(NOW, NOW + 1e5),
        "cadence_second": st.floats(0.1, 1e5),
        "phase": st.sampled_from(["charging", "resting", "idle"]),
        "test": st.one_of(st.none(), st.text(max_size=5)),
        "cycle_count": st.one_of(st.none(), st.integers(0, 2**31 - 1)),
    }
)
rounds = st.lists(st.lists(changes, max_size=12, unique_by=lambda one: one["channel"]), min_size=1, max_size=8)


def state(channel: str, moment: float = NOW, **told: Any) -> ChannelState:
    readings = ("voltage_volt", "current_ampere", "surface_temperature_celsius", "test_time_second")
    latest = {name: told.pop(name, None) for name in (*readings, "ambient_temperature_celsius")}
    facts = {"chamber": "a", "phase": "charging", "test": "t", "cycle_count": 1, "cadence_second": 1.0} | told
    return ChannelState(
        channel=channel,
        cycler=channel.rpartition("-")[0],
        unix_time_second=moment,
        arrival_time_second=moment + 0.01,
        state_of_health=0.98,
        latest=latest,
        **facts,
    )


@settings(max_examples=40)
@given(rounds=rounds)
def test_any_full_frame_and_those_after_it_come_to_the_same(rounds: list[list[dict[str, Any]]]) -> None:
    teller = Teller("run")
    told = []
    for n, found in enumerate(rounds):
        lab = LAB | {"counts": {"charging": n}, "chambers": [{"id": "a", "measured": 25.0 + n // 3}]}
        states = [state(**one) for one in found]
        told.append((teller.changes(NOW + n, states, (), {}, lab, {}), teller.everything(NOW + n, ())))
    last = Page().apply(told[-1][1])
    for begin, (_changes, full) in enumerate(told):
        page = Page().apply(full)
        for later, _full in told[begin + 1 :]:
            page.apply(later)
        assert (page.channels, page.lab) == (last.channels, last.lab)


@given(found=changes)
def test_a_page_reads_the_digits_it_shows_and_the_moment_itself(found: dict[str, Any]) -> None:
    page = Page().apply(Teller("run").changes(NOW, [state(**found)], (), {}, LAB, {"a": 25.0}))
    told = page.channels[found["channel"]]
    assert told["unix_time_second"] == pytest.approx(found["moment"], abs=2**-22, rel=0)
    for name, digit in (("voltage_volt", 1e-4), ("current_ampere", 1e-4), ("surface_temperature_celsius", 1e-2)):
        value = found[name]
        if value is None or value != value or abs(value) == float("inf"):
            assert told[name] is None
        else:
            assert told[name] == pytest.approx(value, abs=0.51 * digit, rel=1e-12)
    assert told["cadence_second"] == pytest.approx(found["cadence_second"], abs=0.0006)
    assert (told["phase"], told["test"], told["cycle_count"]) == (found["phase"], found["test"], found["cycle_count"])
    assert told["setpoint_celsius"] == 25.0


def test_moments_of_these_decades_are_told_to_the_last_bit() -> None:
    moments = [NOW + random.Random(1).random() * k for k in range(50)]
    states = [state(f"c-{k}", moment) for k, moment in enumerate(moments)]
    page = Page().apply(Teller("run").changes(NOW, states, (), {}, LAB, {}))
    assert [page.channels[f"c-{k}"]["unix_time_second"] for k in range(50)] == moments


def test_what_is_as_it_was_is_not_told_again() -> None:
    teller = Teller("run")
    states = [state(f"c-{n}", voltage_volt=3.7) for n in range(50)]
    teller.changes(NOW, states, (), {}, LAB, {})
    again = Page().apply(teller.changes(NOW + 1, states, (), {}, LAB, {}))
    assert (again.channels, again.lab) == ({}, {})
    other = Page()
    other.names[""] = [f"c-{n}" for n in range(50)]
    other.apply(teller.changes(NOW + 2, [state("c-7", voltage_volt=3.8)], (), {}))
    assert other.channels == {"c-7": dict.fromkeys(FIELDS) | {"voltage_volt": 3.8}}


def noisy(channels: int, seconds: int) -> Iterator[list[ChannelState]]:
    """Every channel at work, each with noise of its own; a cycler of 50 reports at one moment."""
    drawn = random.Random(7)
    for second in range(seconds):
        yield [
            state(
                f"cycler-{n // 50}-{n % 50:02d}",
                NOW + second + 0.017 * (n // 50),
                voltage_volt=3.7 + 0.3 * (n % 7) / 7 + drawn.gauss(0, 0.005),
                current_ampere=(-1) ** n + drawn.gauss(0, 0.005),
                surface_temperature_celsius=26 + n % 5 + drawn.gauss(0, 0.2),
                ambient_temperature_celsius=25 + drawn.gauss(0, 0.2),
                test_time_second=NOW + second + 0.017 * (n // 50) - 1.7e9 + 1000 * n,
                test=f"test-{n}",
            )
            for n in range(channels)
        ]


def test_a_frame_in_which_all_of_1000_channels_change_has_15_kb_and_of_50_of_them_one_and_a_half() -> None:
    teller = Teller("run")
    first, second, third = noisy(1000, 3)
    chambers = [{"id": name, "setpoint": 25.0, "measured": 25.0, "measuring": 250} for name in "abcd"]
    teller.changes(NOW, first, (), {}, LAB | {"chambers": chambers}, {})
    warmer = [chamber | {"measured": 25.01} for chamber in chambers]
    assert len(teller.changes(NOW + 1, second, (), {}, LAB | {"chambers": warmer}, {})) <= 15_000
    some = random.Random(3).sample(third, 50)
    assert len(teller.changes(NOW + 2, some, (), {}, LAB | {"chambers": chambers}, {})) <= 1500


def test_the_parts_of_a_lab_stand_beside_each_other_in_one_full_frame() -> None:
    tellers = [Teller(f"run-{n}", f"{n}-of-2") for n in (1, 2)]
    fulls = []
    for n, teller in enumerate(tellers):
        teller.changes(NOW, [state(f"part{n}-1")], (), {}, LAB, {})
        fulls.append(teller.everything(NOW + n, ()))
    page = Page().apply(together(fulls))
    assert sorted(page.channels) == ["part0-1", "part1-1"]
    page.apply(tellers[1].changes(NOW + 9, [state("part1-1", phase="resting"), state("part1-2")], (), {}))
    assert {name: told["phase"] for name, told in page.channels.items()} == {
        "part0-1": "charging",
        "part1-1": "resting",
        "part1-2": "charging",
    }
