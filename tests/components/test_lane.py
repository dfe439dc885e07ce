"""What happened on the time axis: few names that never overprint, pauses, seams and notes."""

from __future__ import annotations

import itertools
import math

from components.figures.curves import chosen, curves
from components.figures.lane import MOST_LABELS, MOST_SPANS, labels, pauses, seams
from components.figures.trace import trace
from components.figures.window import how_long
from cycling.annotations import Annotation
from cycling.types import Severity
from tests.components.build import alert, cycles, readings, window

EVEN = [10.0 * n for n in range(101)]


def test_of_many_alerts_few_have_a_name_and_no_two_names_overprint() -> None:
    many = [alert(opened=2.0 * n, closed=2.0 * n + 900) for n in range(400)]
    drawn = trace(readings(EVEN), channel="a-01", window=window(), alerts=many)
    named = [note for note in drawn["layout"]["annotations"] if note["text"].startswith("P2")]
    assert 2 <= len(named) <= MOST_LABELS
    starts = sorted(window().pixel(note["x"] / 1000) for note in named)
    assert all(later - start > 7 * len("P2 contact lost") for start, later in itertools.pairwise(starts))
    assert len([shape for shape in drawn["layout"]["shapes"] if shape["name"].startswith("contact")]) == MOST_SPANS
    assert len(drawn["data"][7]["x"]) == 400  # each has a sign that says more when one points at it


def test_the_worst_alert_has_its_name_first() -> None:
    worst = alert("over-voltage", opened=500.0, severity=Severity.P1)
    named = labels([alert(opened=480.0), worst, alert(opened=520.0)], window())
    assert [note["text"] for note in named] == ["P1 over voltage"]


def test_what_an_alert_says_is_text_and_never_markup() -> None:
    drawn = trace(readings(EVEN), channel="a-01", window=window(), alerts=[alert(message="<b>a</b> & b")])
    assert drawn["data"][7]["text"] == ["P2 contact lost: &lt;b&gt;a&lt;/b&gt; &amp; b"]


def test_a_pause_is_said_where_there_is_room_and_signed_where_there_is_not() -> None:
    times = [*[10.0 * n for n in range(21)], 440.0, *[680.0 + 10 * n for n in range(33)]]
    volts = [3.7 if time != 440.0 else None for time in times]
    drawn = trace(readings(times, voltage_volt=volts), channel="a-01", window=window())
    assert [shape["name"] for shape in drawn["layout"]["shapes"]] == ["pause"]
    assert drawn["layout"]["annotations"][-1]["text"] == "no readings 8 min"
    narrow = [*[10.0 * n for n in range(21)], 240.0, *[280.0 + 10 * n for n in range(73)]]
    volts = [3.7 if time != 240.0 else None for time in narrow]
    drawn = trace(readings(narrow, voltage_volt=volts), channel="a-01", window=window())
    assert drawn["data"][9]["text"] == ["no readings 80 s"]


def test_a_window_that_begins_before_the_first_reading_says_so() -> None:
    assert pauses(readings([500.0 + 10 * n for n in range(51)]), window()) == [(0.0, 500.0)]
    assert pauses(readings([10.0 * n for n in range(51)]), window()) == [(500.0, 1000.0)]
    assert pauses(readings([]), window()) == []


def test_readings_that_are_far_apart_by_habit_are_no_pause() -> None:
    assert pauses(readings([120.0 * n for n in range(9)]), window(end=960.0)) == []


def test_a_test_clock_that_begins_anew_is_a_seam() -> None:
    told = readings([10.0, 20.0, 30.0, 40.0], test_time_second=[100.0, 110.0, 0.0, 10.0])
    assert [(event.time, event.says) for event in seams(told)] == [
        (30.0, "Test time began anew: a restart, or another test")
    ]
    assert [event.says for event in seams(told, [(32.0, "two")])] == ["Test two begins"]
    drawn = trace(told, channel="a-01", window=window(end=50.0))
    assert "seam" in [shape["name"] for shape in drawn["layout"]["shapes"]]


def test_a_note_stands_on_the_axis_with_who_and_what() -> None:
    moment = Annotation(id="1", channel="a-01", start=500.0, end=500.0, text="changed the <b>", who="Åsa", at=600.0)
    outside = Annotation(id="2", channel="a-01", start=5000.0, end=5000.0, text="later", who="Bo", at=600.0)
    drawn = trace(readings(EVEN), channel="a-01", window=window(), notes=[moment, outside])
    assert drawn["data"][8]["text"] == ["Note of Åsa: changed the &lt;b&gt;"]
    assert drawn["data"][8]["x"] == [500_000.0]
    assert [shape["name"] for shape in drawn["layout"]["shapes"]] == ["note:1"]


def test_the_setpoint_has_a_band_between_two_lines_that_are_not_drawn() -> None:
    band = {"unix_time_second": [0.0, 1000.0], "low": [23.0, 23.0], "high": [27.0, 27.0], "tolerance_kelvin": 2.0}
    drawn = trace(readings(EVEN), channel="a-01", window=window(), band=band)
    low, high = drawn["data"][5:7]
    assert (low["y"], high["y"], high["fill"]) == ([23.0, 23.0], [27.0, 27.0], "tonexty")
    assert drawn["layout"]["meta"]["tolerance_kelvin"] == 2.0


def test_a_window_without_any_number_is_a_sentence_and_no_axes() -> None:
    unmeasured = readings([10.0, 20.0], voltage_volt=[math.nan, None])
    for told, what in ((readings([]), "readings"), (unmeasured, "measured value")):
        drawn = trace(told, channel="a-01", window=window())
        (note,) = drawn["layout"]["annotations"]
        assert note["text"].startswith(f"No {what} from 1 Jan 00:00 to 1 Jan 00:16 (UTC). They will be drawn")
        assert drawn["layout"]["meta"]["empty"]
        assert drawn["layout"]["yaxis"]["visible"] is False
        assert len(drawn["data"]) == 7  # assets/trace.js counts on them


def test_lengths_of_time_are_said_in_words() -> None:
    assert [how_long(s) for s in (45, 119, 720, 7200, 90_000, 259_200)] == [
        "45 s",
        "119 s",
        "12 min",
        "2 h",
        "25 h",
        "3 d",
    ]


def test_an_early_a_middle_and_the_last_whole_cycle_are_put_beside_each_other() -> None:
    kinds = ["incomplete", *["regular"] * 10, "faulty"]
    told = cycles([2.0] * 12, kind=kinds, start_unix_time_second=[1000.0 * n for n in range(12)])
    assert chosen(told) == [(4, 3000.0, 3000.0), (7, 6000.0, 6000.0), (11, 10_000.0, 10_000.0)]
    assert chosen({}) == []


def test_the_last_discharge_stands_in_front_of_the_earlier_ones() -> None:
    drawn = curves([(3, [0.0, 1.0], [4.0, 3.0]), (7, [], []), (9, [0.0, 0.9], [4.0, 2.9])], test="one")
    assert [line["name"] for line in drawn["data"]] == ["cycle 3", "cycle 9"]
    assert [line["line"]["dash"] for line in drawn["data"]] == ["dot", "solid"]
    empty = curves([(3, [0.0, 1.0], [math.nan, math.nan])], test="one")
    assert empty["layout"]["annotations"][0]["text"].startswith("No whole cycle")
