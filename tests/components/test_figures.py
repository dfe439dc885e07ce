"""What the figures show, read from their plain data."""

from __future__ import annotations

import json
import math

from components.figures.fade import fade, newest_test
from components.figures.theme import CONFIG, plain
from components.figures.trace import trace
from tests.components.build import alert, cycles, readings, window


def test_a_trace_shows_voltage_current_and_three_temperatures_with_units() -> None:
    figure = trace(readings([1.0, 2.0]), channel="a-01", window=window())
    assert [line["name"] for line in figure["data"]] == ["Voltage", "Current", "Cell", "Chamber", "Setpoint"]
    titles = [figure["layout"][axis]["title"]["text"] for axis in ("yaxis", "yaxis2", "yaxis3")]
    assert titles == ["Voltage (V)", "Current (A)", "Temperature (°C)"]


def test_a_gap_stays_a_gap() -> None:
    figure = trace(readings([1.0, 2.0, 3.0], voltage_volt=[3.7, None, 3.8]), channel="a-01", window=window())
    assert figure["data"][0]["y"] == [3.7, None, 3.8]
    assert figure["data"][0]["connectgaps"] is False


def test_a_missing_column_is_missing_and_not_zero() -> None:
    figure = trace(readings([1.0, 2.0]), channel="a-01", window=window())
    assert figure["data"][4]["y"] == [None, None]


def test_the_simulated_chamber_of_a_recorded_cell_is_labelled() -> None:
    figure = trace(readings([1.0]), channel="a-01", window=window(), chamber_simulated=True)
    assert figure["data"][3]["name"] == "Chamber (simulated)"


def test_times_stand_on_the_clock_of_the_lab() -> None:
    figure = trace(readings([100.0]), channel="a-01", window=window(offset=3600.0))
    assert figure["data"][0]["x"] == [3_700_000.0]
    assert figure["layout"]["meta"]["offset_second"] == 3600.0


def test_an_alert_is_a_span_on_the_time_axis_with_its_name() -> None:
    shapes = trace(readings([1.0]), channel="a-01", window=window(), alerts=[alert(opened=100, closed=200)])["layout"][
        "shapes"
    ]
    span, begin = shapes
    assert (span["x0"], span["x1"]) == (100_000.0, 200_000.0)
    assert begin["label"]["text"] == "P2 contact lost"


def test_an_open_alert_reaches_past_the_right_edge() -> None:
    figure = trace(readings([1.0]), channel="a-01", window=window(), alerts=[alert()])
    assert figure["layout"]["shapes"][0]["x1"] > 1_000_000.0


def test_an_alert_outside_the_window_is_not_drawn() -> None:
    later, before = alert(opened=2000), alert(opened=10, closed=20)
    figure = trace(readings([500.0]), channel="a-01", window=window(start=400), alerts=[later, before])
    assert figure["layout"]["shapes"] == []


def test_an_alert_that_began_before_the_window_begins_at_its_edge() -> None:
    figure = trace(readings([500.0]), channel="a-01", window=window(start=400), alerts=[alert(opened=10)])
    assert figure["layout"]["shapes"][0]["x0"] == 400_000.0


def test_the_zoom_of_a_reader_survives_a_new_figure_of_the_same_window() -> None:
    one, two = (trace(readings([1.0]), channel="a-01", window=window())["layout"] for _ in range(2))
    assert one["uirevision"] == two["uirevision"] == "a-01"
    assert one["xaxis"]["uirevision"] == two["xaxis"]["uirevision"]


def test_figures_are_plain_json_without_nan() -> None:
    told = readings([1.0, 2.0], voltage_volt=[math.nan, 3.7], current_ampere=[math.inf, 0.0])
    text = json.dumps(trace(told, channel="a-01", window=window()), allow_nan=False)
    assert "null" in text


def test_plain_values_are_rounded_and_missing_ones_are_none() -> None:
    assert plain([1.123456789, math.nan, None, 3]) == [1.12346, None, None, 3.0]


def test_capacity_fades_towards_the_line_that_ends_the_test() -> None:
    figure = fade(cycles([2.0, 1.9, 1.8]), test="one", end_of_life_fraction=0.8)
    (line,) = figure["layout"]["shapes"]
    assert line["y0"] == line["y1"] == 1.6
    assert line["label"]["text"] == "end of life at 80%: 1.600 Ah"
    assert figure["data"][0]["y"] == [2.0, 1.9, 1.8]


def test_no_line_is_drawn_before_the_reference_is_known() -> None:
    figure = fade(cycles([2.0], state_of_health=[math.nan]), test="one")
    assert figure["layout"]["shapes"] == []


def test_a_cycle_that_is_not_whole_stands_apart() -> None:
    figure = fade(cycles([2.0, 0.3, 1.9], kind=["regular", "incomplete", "regular"]), test="one")
    assert figure["data"][0]["y"] == [2.0, None, 1.9]
    assert figure["data"][1]["y"] == [None, 0.3, None]
    assert figure["data"][2]["y"][1] is None  # nor does it tell of efficiency


def test_the_fade_of_a_channel_without_cycles_is_an_empty_figure() -> None:
    figure = fade({}, test="")
    assert all(line["x"] == [] for line in figure["data"])


def test_the_newest_test_of_a_channel_is_the_one_that_ended_last() -> None:
    old, new = cycles([2.0, 1.9], "old"), cycles([1.1], "new", end_unix_time_second=[9e9])
    both = {name: [*old[name], *new[name]] for name in old}
    assert newest_test(both)["discharging_capacity_ah"] == [1.1]
    assert newest_test({}) == {}


def test_graphs_offer_nothing_that_leaves_the_lab() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["displaylogo"] is False
