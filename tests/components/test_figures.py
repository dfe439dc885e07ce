"""What the figures show, read from their plain data."""

from __future__ import annotations

import json
import math

from components.figures.fade import fade, newest_test
from components.figures.theme import CONFIG, plain
from components.figures.trace import trace
from tests.components.build import alert, cycles, readings, window

EVEN = [10.0 * n for n in range(101)]  # the whole window, without a pause


def test_a_trace_shows_voltage_current_and_three_temperatures_with_units() -> None:
    figure = trace(readings([1.0, 2.0]), channel="a-01", window=window())
    assert [line["name"] for line in figure["data"]][:5] == ["Voltage", "Current", "Cell", "Chamber", "Setpoint"]
    titles = [note["text"] for note in figure["layout"]["annotations"]][:3]
    assert titles == ["Voltage (V)", "Current (A)", "Temperature (°C)"]


def test_a_gap_stays_a_gap() -> None:
    figure = trace(readings([1.0, 2.0, 3.0], voltage_volt=[3.7, None, 3.8]), channel="a-01", window=window())
    assert figure["data"][0]["y"] == [3.7, None, 3.8]
    assert figure["data"][0]["connectgaps"] is False


def test_a_missing_column_is_missing_and_not_zero() -> None:
    figure = trace(readings([1.0, 2.0]), channel="a-01", window=window())
    assert figure["data"][4]["x"] == figure["data"][4]["y"] == []


def test_the_simulated_chamber_of_a_recorded_cell_is_labelled() -> None:
    figure = trace(readings([1.0]), channel="a-01", window=window(), chamber_simulated=True)
    assert figure["data"][3]["name"] == "Chamber (simulated)"


def test_times_stand_on_the_clock_of_the_lab() -> None:
    figure = trace(readings([100.0]), channel="a-01", window=window(offset=3600.0))
    assert figure["data"][0]["x"] == [3_700_000.0]
    assert figure["layout"]["meta"]["offset_second"] == 3600.0


def test_an_alert_is_a_span_on_the_time_axis_with_its_name() -> None:
    figure = trace(readings(EVEN), channel="a-01", window=window(), alerts=[alert(opened=100, closed=200)])
    (span,) = figure["layout"]["shapes"]
    assert (span["x0"], span["x1"]) == (100_000.0, 200_000.0)
    assert figure["layout"]["annotations"][-1]["text"] == "P2 contact lost"


def test_an_open_alert_reaches_past_the_right_edge() -> None:
    figure = trace(readings(EVEN), channel="a-01", window=window(), alerts=[alert()])
    assert figure["layout"]["shapes"][0]["x1"] > 1_000_000.0


def test_an_alert_outside_the_window_is_not_drawn() -> None:
    later, before = alert(opened=2000), alert(opened=10, closed=20)
    figure = trace(readings(EVEN), channel="a-01", window=window(start=400), alerts=[later, before])
    assert figure["layout"]["shapes"] == []


def test_an_alert_that_began_before_the_window_begins_at_its_edge() -> None:
    figure = trace(readings(EVEN), channel="a-01", window=window(start=400), alerts=[alert(opened=10)])
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
    figure = fade(cycles([2.0, 1.9, 1.8]), test="one", facts={"end_of_life_fraction": 0.8})
    (line,) = figure["layout"]["shapes"]
    assert line["y0"] == line["y1"] == 1.6
    assert line["label"]["text"] == "end of life: 80% of its first cycles = 1.600 Ah"
    assert figure["data"][0]["y"] == [2.0, 1.9, 1.8]


def test_no_line_is_drawn_before_the_reference_is_known() -> None:
    figure = fade(cycles([2.0], state_of_health=[math.nan]), test="one")
    assert figure["layout"]["shapes"] == []


def test_a_cycle_that_is_not_whole_stands_apart() -> None:
    figure = fade(cycles([2.0, 0.3, 1.9], kind=["regular", "incomplete", "regular"]), test="one")
    assert figure["data"][0]["y"] == [2.0, None, 1.9]
    assert figure["data"][1]["y"] == [None, 0.3, None]
    assert figure["data"][2]["y"][1] is None  # nor does it tell of efficiency


def test_the_fade_of_a_channel_without_cycles_is_a_sentence_and_no_axes() -> None:
    figure = fade({}, test="")
    assert figure["data"] == []
    assert figure["layout"]["annotations"][0]["text"].startswith("No finished cycle yet")
    assert figure["layout"]["xaxis"]["visible"] is False


def test_cycles_that_hold_no_number_are_a_sentence_and_no_axes() -> None:
    told = {name: [math.nan] * 3 for name in cycles([1.0]) if name not in ("cycle_count", "kind")}
    figure = fade({**told, "cycle_count": [1, 2, 3], "kind": ["regular"] * 3}, test="one")
    assert figure["data"] == []
    assert figure["layout"]["annotations"][0]["text"] == "The cycles of this test hold no measured<br>value."
    assert figure["layout"]["xaxis"]["visible"] is False


def test_bad_cycles_are_hollow_and_formation_and_check_ups_are_series_of_their_own() -> None:
    kinds = ["formation", "regular", "faulty", "checkup", "incomplete"]
    lines = {line["name"]: line for line in fade(cycles([2.1, 2.0, 0.1, 2.2, 0.3], kind=kinds), test="one")["data"]}
    assert lines["Formation"]["y"] == [2.1, None, None, None, None]
    assert lines["Discharge capacity"]["y"] == [None, 2.0, None, None, None]
    assert lines["Check-up"]["y"] == [None, None, None, 2.2, None]
    assert lines["Faulty"]["marker"]["symbol"] == "x-open"
    assert lines["Not whole"]["marker"]["symbol"] == "circle-open"
    assert lines["Coulombic efficiency"]["y"][2] is None


def test_replicates_are_a_band_behind_the_cell() -> None:
    band = {"cycle_count": [1.0, 2.0], "p5": [1.8, 1.7], "p25": [1.9, 1.8], "p50": [2.0, 1.9]}
    band |= {"p75": [2.1, 2.0], "p95": [2.2, 2.1]}
    figure = fade(cycles([2.0, 1.9]), test="one", facts={"fellows": 5, "batch": "<b>"}, band=band)
    names = [line["name"] for line in figure["data"]]
    assert names[1] == "P5 to P95 of 5 replicates in &lt;b&gt;"
    assert figure["data"][1]["fill"] == "tonexty"
    assert (figure["data"][0]["y"], figure["data"][1]["y"]) == ([1.8, 1.7], [2.2, 2.1])
    assert names.index("Discharge capacity") > names.index("their median")


def test_resistance_has_a_graph_only_where_it_is_known() -> None:
    assert "yaxis4" not in fade(cycles([2.0], internal_resistance_ohm=[math.nan]), test="one")["layout"]
    known = fade(cycles([2.0], internal_resistance_ohm=[0.035]), test="one")
    assert known["data"][-1]["y"] == [35.0]
    assert known["layout"]["xaxis"]["anchor"] == "y4"


def test_the_end_of_life_says_of_what_it_is_a_share() -> None:
    facts = {"end_of_life_reference": "nominal", "end_of_life_fraction": 0.7}
    figure = fade(cycles([2.0]), test="one", facts=facts)
    assert figure["layout"]["shapes"][0]["label"]["text"] == "end of life: 70% of the nominal capacity = 1.400 Ah"


def test_the_newest_test_of_a_channel_is_the_one_that_ended_last() -> None:
    old, new = cycles([2.0, 1.9], "old"), cycles([1.1], "new", end_unix_time_second=[9e9])
    both = {name: [*old[name], *new[name]] for name in old}
    assert newest_test(both)["discharging_capacity_ah"] == [1.1]
    assert newest_test({}) == {}


def test_graphs_offer_nothing_that_leaves_the_lab() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["displaylogo"] is False
