"""Which window of time a channel's page shows."""

from __future__ import annotations

import pytest

from components.channel import VIEW, channel_page, window_of, with_setpoint
from cycling.topology import Chamber, Setpoint
from tests.components.build import nodes

NOW = 1_800_000_000.0


def test_without_a_wish_the_last_hour_is_shown_and_grows() -> None:
    found = window_of({"span": "1h"}, None, NOW, "UTC")
    assert (found.start, found.end, found.live) == (NOW - 3600, NOW, True)


def test_a_zoom_into_the_past_does_not_grow() -> None:
    found = window_of({"span": "1h"}, {"from": NOW - 900.0, "to": NOW - 600.0}, NOW, "UTC")
    assert (found.start, found.end, found.live) == (NOW - 900, NOW - 600, False)


def test_a_zoom_that_ends_now_grows() -> None:
    assert window_of({"span": "1h"}, {"from": NOW - 900.0, "to": NOW - 1.0}, NOW, "UTC").live


def test_a_live_graph_keeps_its_span_when_it_is_drawn_anew() -> None:
    found = window_of({"span": "24h"}, {"last_second": 120.0}, NOW, "UTC")
    assert (found.start, found.end, found.live) == (NOW - 120, NOW, True)


def test_a_window_that_runs_backwards_is_not_taken() -> None:
    assert window_of({"span": "15m"}, {"from": 20.0, "to": 10.0}, NOW, "UTC").end == NOW


def test_an_unknown_span_is_an_hour() -> None:
    found = window_of({"span": "yesterday"}, {"from": None, "to": None}, NOW, "UTC")
    assert found.end - found.start == 3600


def test_the_clock_is_the_one_of_the_lab() -> None:
    assert window_of({"span": "1h"}, None, NOW, "Europe/Zurich").offset_second == 3600.0


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "../etc/passwd", ""])
def test_a_zone_nobody_knows_is_utc(zone: str) -> None:
    assert window_of({"span": "1h"}, None, NOW, zone).offset_second == 0.0


def test_what_the_chamber_was_told_stands_at_each_time() -> None:
    chamber = Chamber(id="c", setpoint_celsius=25.0, setpoints=(Setpoint(at=15.0, celsius=45.0),))
    told = with_setpoint({"unix_time_second": [10.0, 20.0]}, chamber)
    assert told["setpoint_celsius"] == [25.0, 45.0]
    assert "setpoint_celsius" not in with_setpoint({"unix_time_second": [10.0]}, None)


def test_the_address_says_the_window() -> None:
    page = channel_page("a-01", "6h", "100", "nan")
    stores = {node.id: node.data for node in nodes(page) if type(node).__name__ == "Store" and hasattr(node, "data")}
    assert stores[VIEW] == {"channel": "a-01", "span": "6h"}
    assert stores["channel-ask"] == {"from": 100.0, "to": None}


def test_a_demo_begins_with_a_shorter_window() -> None:
    page = channel_page("a-01", "", "", "", time_factor=240.0)
    view = next(node for node in nodes(page) if getattr(node, "id", "") == VIEW)
    assert view.data["span"] == "15m"


def test_a_channel_with_odd_characters_has_an_address() -> None:
    links = [getattr(node, "href", "") for node in nodes(channel_page("a b/c?", "", "", ""))]
    assert "/channels/a%20b%2Fc%3F?window=1h" in links
