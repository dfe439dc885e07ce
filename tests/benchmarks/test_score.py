"""The scorer counts hand-made cases exactly."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchmarks.alerts.score import Outcome, episodes, outcome, poisson_bound, rates, score
from benchmarks.alerts.stations import new_alerts
from cycling.types import Alert, Severity

HEAT, OTHER = "abnormal-heating", "over-temperature"


def alert(kind: str, opened_at: float, channel: str = "a", severity: Severity = Severity.P2, **more: Any) -> Alert:
    return Alert(
        id=f"{kind}-{channel}-{opened_at}",
        kind=kind,
        severity=severity,
        scope=f"channel:{channel}",
        channels=(channel,),
        test=None,
        opened_at=opened_at,
        message="",
        **more,
    )


def of(*alerts: Alert, visible: bool = True) -> Outcome:
    return outcome(
        spot="",
        t0=1000,
        t1=2000,
        channels=["a"],
        right=frozenset({HEAT}),
        beside=frozenset({OTHER}),
        visible=visible,
        alerts=alerts,
        met=1060,
        poll=30,
    )


def test_an_alert_in_its_window_is_found_with_its_delay() -> None:
    found = of(alert(HEAT, 1120), alert(HEAT, 1500))
    assert found.delay == 120
    assert found.readings == 2
    assert found.wrong == ()


@pytest.mark.parametrize("opened_at", [999, 2601])
def test_alerts_before_it_or_ten_minutes_after_it_do_not_count(opened_at: float) -> None:
    assert of(alert(HEAT, opened_at)).delay is None


def test_alerts_up_to_ten_minutes_after_it_and_of_other_channels() -> None:
    assert of(alert(HEAT, 2600)).delay == 1600
    assert of(alert(HEAT, 1500, channel="b")).kinds == ()


def test_other_kinds_are_wrong_unless_they_are_true_beside_it() -> None:
    found = of(alert(OTHER, 1100), alert("contact-lost", 1100))
    assert found.delay is None
    assert found.kinds == ("contact-lost", OTHER)
    assert found.wrong == ("contact-lost",)


def test_the_figures_of_four_repetitions() -> None:
    figures = score(
        [
            of(alert(HEAT, 1060)),
            of(alert(HEAT, 1300), alert("contact-lost", 1300)),
            of(alert("contact-lost", 1100)),
            of(visible=False),
        ]
    )
    assert figures.count == 4
    assert figures.recall == 0.5
    assert (figures.visible, figures.visible_recall) == (3, 2 / 3)
    assert (figures.delay_median, figures.delay_95) == (5.0, 5.0)
    assert figures.readings_95 == 8
    assert figures.named == 2 / 3
    assert figures.wrong == {"contact-lost": 2}
    assert math.isnan(score([of()]).delay_median)


def test_alerts_within_an_hour_of_the_one_before_are_one_episode() -> None:
    found = episodes(
        [alert(HEAT, 0), alert(HEAT, 3600), alert(HEAT, 7200), alert(HEAT, 10801), alert(HEAT, 100, channel="b")]
    )
    assert [(a.channels[0], a.opened_at) for a in found] == [("a", 0), ("b", 100), ("a", 10801)]


def test_an_episode_lasts_as_long_as_its_alert() -> None:
    assert len(episodes([alert(HEAT, 0, closed_at=9000), alert(HEAT, 12000)])) == 1


def test_rates_count_what_calls_and_what_is_shown() -> None:
    found = rates(
        [
            alert(HEAT, 0, severity=Severity.P1),
            alert(OTHER, 0, severity=Severity.P3),
            alert("frozen", 0, severity=Severity.P4),
            alert("channel-silent", 0, suppressed="incident"),
        ],
        months=2,
    )
    assert found["P1+P2"].per_month == 0.5
    assert found["P1-P3"].per_month == 1.0
    assert "frozen" not in found
    assert "channel-silent" not in found


def test_the_bound_is_that_of_a_poisson_process() -> None:
    assert poisson_bound(0) == pytest.approx(2.996, abs=1e-3)
    assert poisson_bound(1) == pytest.approx(4.744, abs=1e-3)
    assert poisson_bound(10) == pytest.approx(16.962, abs=1e-3)


def test_only_alerts_that_are_not_there_without_the_fault_count() -> None:
    clean = [alert(HEAT, 100)]
    assert new_alerts([alert(HEAT, 100), alert(HEAT, 130), alert(OTHER, 100)], clean) == [
        alert(HEAT, 130),
        alert(OTHER, 100),
    ]
