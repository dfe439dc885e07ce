"""The panel says in plain words, with units, how good the alerts are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.alarm_quality import body, days_of, panel, summary
from cycling.alarm_quality import Quality, quality
from tests.components.build import nodes, texts
from tests.cycling.test_alarm_quality import END, MIDNIGHT, notice, the_day


@pytest.fixture
def told() -> Quality:
    return quality(the_day(), [notice(1), notice(2, "resolved")], MIDNIGHT, END)


def rows(parts: list[Any], name: str) -> list[dict[str, Any]]:
    found = next(node for part in parts for node in nodes(part) if getattr(node, "id", "") == name)
    return list(json.loads(found.to_plotly_json()["props"]["data-table"])["rows"])


def test_the_summary_is_one_sentence(told: Quality) -> None:
    assert summary(told) == "24 alerts in the last 24 h; 3 of 15 figures are not as they should be"
    young = quality([], [], END - 3 * 3600, END)
    assert summary(young) == "0 alerts in the 3 h since the log begins: no more than people can answer"
    nothing = quality([], [], MIDNIGHT, END)
    assert summary(nothing) == "0 alerts in the last 24 h: no more than people can answer"


def test_every_figure_stands_beside_what_it_should_be(told: Quality) -> None:
    said = {row["name"]: (row["value"], row["aim"], row["verdict"]) for row in rows(body(told), "quality-figures")}
    assert said["Alerts a day, on average"] == ("24", "at most 150, never above 300", "✓ good")
    assert said["Alerts in the worst 10 minutes"] == ("13", "at most 10", "■ over the limit")
    assert said["Hours with more than 30 alerts"] == ("0\u00a0%", "below 1 %", "✓ good")
    assert said["Sources that come 3 times in a minute"] == ("2", "none", "■ over the limit")
    assert said["Half were acknowledged within"] == ("3\u00a0min", "", "")
    busiest = "Part of all alerts that the ten busiest sources make"
    assert said[busiest] == ("–", "at most 5 %", "too few to say")


def test_sources_that_come_for_nothing_are_named(told: Quality) -> None:
    found = {(row["kind"], row["where"]): row["remark"] for row in rows(body(told), "quality-sources")}
    assert found["Frozen", "a-01"] == found["Thermocouple open", "a-01"] == "comes 3 times in a minute"
    assert found["Over voltage", "a-01"] == "gone within a minute"


def test_what_nobody_was_told_of_is_said(told: Quality) -> None:
    words = " ".join(texts(part) for part in body(told))
    assert "2 messages were sent: 1 of something new, 1 of something that is well again." in words
    assert "4 alerts nobody was told of: 2 explained by the alert of their cause, 1 in planned maintenance" in words
    assert "21 of 24 alerts nobody has acknowledged." in words
    assert len(rows(body(told), "quality-floods")) == 1


@pytest.mark.parametrize(("text", "days"), [("", 7), ("1", 1), ("366", 366), ("0", 7), ("367", 7), ("x", 7), ("²", 7)])
def test_a_url_asks_for_days(text: str, days: int) -> None:
    assert days_of(text) == days


def test_the_panel_is_open_where_the_url_asks_for_it() -> None:
    assert (panel({}).open, panel({"days": "1"}).open) == (False, True)
    links = [node for node in nodes(panel({"days": "1", "show": "history"})) if getattr(node, "href", None)]
    assert [link.href for link in links] == [f"/alerts?days={days}&show=history" for days in (1, 7, 30)]
    current = [link.to_plotly_json()["props"].get("aria-current") for link in links]
    assert current == ["page", None, None]
