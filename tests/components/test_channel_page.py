"""Which window of time a channel's page shows."""

from __future__ import annotations

from typing import Any

import pytest

from components.address import Asked, asked
from components.channel import (
    TRACE,
    VIEW,
    alerts_as_of,
    begun_late,
    channel_page,
    cycles_as_of,
    notes_as_of,
    setpoint_band,
    usual_span,
    width_of,
    window_of,
    with_setpoint,
)
from cycling.annotations import Annotation
from cycling.topology import Chamber, Setpoint
from tests.components.build import alert, cycles, nodes, texts

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


def test_the_band_of_a_chamber_steps_with_its_setpoint() -> None:
    chamber = Chamber(id="c", setpoint_celsius=25.0, setpoints=(Setpoint(at=NOW - 100.0, celsius=45.0),))
    shown = window_of({"span": "1h"}, None, NOW, "UTC")
    band = setpoint_band(chamber, shown)
    assert band["unix_time_second"] == [NOW - 3600, NOW - 100, NOW]
    assert (band["low"], band["high"]) == ([23.0, 43.0, 43.0], [27.0, 47.0, 47.0])
    own = Chamber(id="c", setpoint_celsius=25.0, tolerance_kelvin=0.5)
    assert setpoint_band(own, shown)["high"] == [25.5, 25.5]
    assert setpoint_band(None, shown) == {}


def test_the_address_says_the_window() -> None:
    stores = stores_of(channel_page("a-01", asked_of(window="6h", **{"from": "1700000100", "to": "1700000900"})))
    said = {"channel": "a-01", "span": "6h", "from": 1_700_000_100.0, "to": 1_700_000_900.0, "at": None}
    assert stores[VIEW] == said | {"width": None}


def test_the_page_opens_with_its_traces_and_says_for_which_width() -> None:
    figure = {"data": [], "layout": {"meta": {"height": 660}}}
    page = channel_page("a-01", asked_of(), figure, 1100)
    drawn = next(node for node in nodes(page) if getattr(node, "id", None) == TRACE)
    assert (drawn.figure, drawn.style) == (figure, {"height": "660px"})
    assert stores_of(page)[VIEW]["width"] == 1100


def test_a_demo_begins_with_a_shorter_window() -> None:
    assert (usual_span(1.0), usual_span(240.0)) == ("1h", "15m")


def test_a_channel_with_odd_characters_has_an_address() -> None:
    links = [getattr(node, "href", "") for node in nodes(channel_page("a b/c?", asked_of()))]
    assert "/channels/a%20b%2Fc%3F?window=1h" in links


def test_a_moment_in_the_past_ends_the_window_and_nothing_grows() -> None:
    found = window_of({"span": "1h", "at": NOW - 7200.0}, None, NOW, "UTC")
    assert (found.start, found.end, found.live) == (NOW - 10_800, NOW - 7200, False)
    links = [getattr(node, "href", "") for node in nodes(channel_page("a-01", asked_of(at=str(NOW - 7200))))]
    assert f"/channels/a-01?window=6h&at={NOW - 7200:.0f}" in links


def test_alerts_are_drawn_as_they_were_known_then() -> None:
    ended, later = alert(opened=100.0, closed=300.0), alert(opened=250.0)
    (known,) = alerts_as_of([ended, later], 200.0)
    assert (known.id, known.closed_at) == (ended.id, None)
    assert alerts_as_of([ended, later], 400.0) == [ended, later]
    assert alerts_as_of([ended, later], None) == [ended, later]


def test_cycles_and_notes_are_those_of_then() -> None:
    told = cycles_as_of(cycles([2.0, 1.9, 1.8]), 1000.0)  # they end at 0, 1000 and 2000 s
    assert told["discharging_capacity_ah"] == [2.0, 1.9]
    note = Annotation(id="1", channel="a-01", start=5.0, end=5.0, text="x", who="Bo", at=50.0)
    assert (notes_as_of([note], 49.0), notes_as_of([note], 50.0)) == ([], [note])


def test_the_width_of_the_graph_is_told_in_whole_hundreds() -> None:
    assert [width_of({"width": w}) for w in (1139, 360.2, 5, 99_999, None, "wide")] == [
        1100,
        400,
        200,
        4000,
        1100,
        1100,
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"window": "yesterday"}, 'window="yesterday": expected one of 15m, 1h'),
        ({"from": "abc"}, 'from="abc": expected a time such as 2026-11-20T03:00'),
        ({"from": "nan"}, 'from="nan": expected'),
        ({"to": "1e400"}, 'to="1e400": expected'),
        ({"at": "2026-13-45"}, 'at="2026-13-45": month must be in 1..12; expected a time'),
        ({"at": "-5"}, 'at="-5": expected a time'),
        ({"at": "99999-01-01T00:00"}, "expected a time"),
        ({"at": str(NOW + 3600)}, "lies in the future; the graphs end now"),
        ({"from": str(NOW + 3600)}, "lies in the future; the last 1h is shown"),
        ({"from": str(NOW - 10), "to": str(NOW - 20)}, "is not before the end; the last 1h is shown"),
    ],
)
def test_what_an_address_cannot_mean_is_said_and_the_usual_window_shown(query: dict[str, str], sentence: str) -> None:
    found = asked(query, now=NOW, zone="UTC", usual="1h")
    assert sentence in " ".join(found.faults)
    assert (found.span, found.start, found.end, found.at) == ("1h", None, None, None)
    assert sentence in texts(channel_page("a-01", found))


def test_half_a_window_is_completed() -> None:
    found = asked({"from": str(NOW - 50)}, now=NOW, zone="UTC", usual="1h")
    assert (found.start, found.end) == (NOW - 50, NOW)
    found = asked({"to": str(NOW - 50), "window": "6h"}, now=NOW, zone="UTC", usual="1h")
    assert (found.start, found.end) == (NOW - 50 - 21_600, NOW - 50)


def test_the_same_name_twice_in_an_address_is_the_last() -> None:
    assert asked({"window": ["1h", "6h"]}, now=NOW, zone="UTC", usual="1h").span == "6h"


def asked_of(**query: str) -> Asked:
    return asked(query, now=NOW, zone="UTC", usual="1h")


def stores_of(page: Any) -> dict[str, Any]:
    return {node.id: node.data for node in nodes(page) if type(node).__name__ == "Store" and hasattr(node, "data")}


def test_the_window_of_a_young_lab_begins_with_its_first_reading_and_grows() -> None:
    view = {"span": "1h"}
    usual = window_of(view, None, NOW, "UTC")
    found = begun_late(usual, None, view, NOW - 240.0)
    assert (found.start, found.end, found.grows_to) == (NOW - 240.0, NOW, 3600.0)
    assert begun_late(usual, None, view, NOW - 86_400.0) == usual
    assert begun_late(usual, None, view, None) == usual
    assert begun_late(usual, None, view, NOW - 1.0).start == NOW - 60.0  # never a window of nothing


def test_a_window_with_edges_is_not_moved_to_the_first_reading() -> None:
    edges = {"from": NOW - 900.0, "to": NOW}
    asked = window_of({"span": "1h"}, edges, NOW, "UTC")
    assert begun_late(asked, edges, {"span": "1h"}, NOW - 240.0) == asked
    assert begun_late(asked, None, {"span": "1h"} | edges, NOW - 240.0) == asked
