"""History: one view of archive and tail, and traces that never hide a spike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from data_access.decimation import decimate, gaps, with_breaks
from data_access.lab import Lab
from data_access.live import Published
from monitor import record
from tests.data_access.builders import NOW, batch, cycle, seconds

VALUES = st.floats(-10, 10) | st.just(float("nan"))


def send(lab: Lab, times: list[float], channel: str = "arbin-1-01", **columns: object) -> None:
    lab.live.ingest(batch(times, channel, **columns), received=NOW, source="test")


def half_archived(lab: Lab) -> None:
    """Ten readings of two tests on two channels, the first five of each in the archive."""
    for start in (0, 5):
        for channel in ("arbin-1-01", "arbin-1-02"):
            send(lab, seconds(5, NOW + start), channel, test=f"test of {channel}")
        if not start:
            record.flush(lab, NOW)


def times(lab: Lab, **wanted: object) -> list[float]:
    _schema, found = lab.history.readings(columns=["unix_time_second"], **wanted)  # type: ignore[arg-type]
    return [second - NOW for part in found for second in part.column(0).to_pylist()]


def test_archive_and_tail_are_one(lab: Lab) -> None:
    half_archived(lab)
    assert times(lab, channel="arbin-1-01") == list(range(10))
    assert times(lab, test="test of arbin-1-02") == list(range(10))


def test_times_are_inclusive(lab: Lab) -> None:
    half_archived(lab)
    assert times(lab, channel="arbin-1-01", start=NOW + 3, end=NOW + 6) == [3, 4, 5, 6]


def test_late_readings_are_put_in_their_place(lab: Lab) -> None:
    send(lab, [NOW, NOW + 2])
    record.flush(lab, NOW)
    send(lab, [NOW + 1])
    assert times(lab, channel="arbin-1-01") == [0, 1, 2]


def test_nothing_was_ever_measured(lab: Lab) -> None:
    schema, batches = lab.history.readings(test="nobody")
    assert "voltage_volt" in schema.names
    assert list(batches) == []
    assert lab.history.trace("arbin-1-01", None, None, 100)["voltage_volt"] == []
    assert len(lab.history.cycles(test="nobody")) == 0


def test_a_name_is_data_and_not_sql(lab: Lab) -> None:
    send(lab, [NOW], test="it's; DROP TABLE tests --")
    assert times(lab, test="it's; DROP TABLE tests --") == [0]
    record.flush(lab, NOW)
    assert times(lab, test="it's; DROP TABLE tests --") == [0]


def test_extra_columns_of_archive_and_tail_meet(lab: Lab) -> None:
    send(lab, [NOW], note="text")
    record.flush(lab, NOW)
    send(lab, [NOW + 1], note=1.0)
    found = next(lab.history.readings(channel="arbin-1-01")[1])
    assert found.column("note").to_pylist() == ["text", None]
    assert found.column("note_number").to_pylist() == [None, 1.0]


def test_a_trace_has_all_points_when_there_are_few(lab: Lab) -> None:
    send(lab, seconds(3), voltage_volt=[3.1, 3.2, 3.3], surface_temperature_celsius=[20.1, np.nan, 20.2])
    record.flush(lab, NOW)
    trace = lab.history.trace("arbin-1-01", None, None, 100)
    assert trace["voltage_volt"] == [3.1, 3.2, 3.3]
    assert trace["surface_temperature_celsius"] == [20.1, None, 20.2]
    assert trace["test_time_second"] == [None] * 3


def test_a_trace_breaks_at_a_pause(lab: Lab) -> None:
    send(lab, [*seconds(5), *seconds(5, NOW + 500)])
    trace = lab.history.trace("arbin-1-01", None, None, 100)
    assert trace["voltage_volt"] == [3.7] * 5 + [None] + [3.7] * 5
    assert trace["unix_time_second"][5] == NOW + 252


def test_cycles_show_what_is_not_archived_yet_and_the_newest_values(lab: Lab) -> None:
    lab.live.publish(Published(now=NOW, cycles=[cycle(1), cycle(2), cycle(1, test="other")]))
    record.flush(lab, NOW)
    lab.live.publish(Published(now=NOW, cycles=[cycle(2, state_of_health=0.8), cycle(3)]))
    found = lab.history.cycles(test="cell-a")
    assert found["cycle_count"].tolist() == [1, 2, 3]
    assert found["state_of_health"].tolist() == [1.0, 0.8, 1.0]
    assert len(lab.history.cycles(tests=["cell-a", "other"])) == 4
    assert len(lab.history.cycles(channel="arbin-1-01")) == 4
    assert len(lab.history.cycles(channel="arbin-1-02")) == 0


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 200), st.just(2)), elements=VALUES),
    st.integers(8, 60),
)
def test_decimation_keeps_the_extremes_of_every_column(values: np.ndarray, points: int) -> None:
    clock = np.arange(len(values), dtype=float)
    columns = {"a": values[:, 0], "b": values[:, 1]}
    rows = decimate(clock, columns, points)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert {0, len(values) - 1} <= set(rows.tolist())
    for column in columns.values():
        known, kept = column[~np.isnan(column)], column[rows]
        kept = kept[~np.isnan(kept)]
        assert len(kept) > 0 or len(known) == 0
        if len(known):
            assert (kept.min(), kept.max()) == (known.min(), known.max())


@given(st.integers(0, 9_999), st.integers(200, 2000))
def test_a_single_spike_is_never_lost(place: int, points: int) -> None:
    clock = np.arange(10_000, dtype=float)
    flat, spike = np.sin(clock / 100), np.zeros(10_000)
    spike[place] = 1.0
    rows = decimate(clock, {"flat": flat, "spike": spike}, points)
    assert place in rows
    assert len(rows) <= points


@given(st.lists(st.floats(1, 500), min_size=3, max_size=300), st.integers(8, 40))
def test_the_longest_pause_keeps_both_its_edges(steps: list[float], points: int) -> None:
    clock = np.cumsum(steps)
    found = gaps(clock)
    rows = set(decimate(clock, {"v": np.zeros(len(clock))}, points).tolist())
    if len(found):
        longest = found[np.argmax(np.diff(clock)[found])]
        lengths = np.diff(clock)[found]
        if (lengths == lengths.max()).sum() == 1:
            assert {int(longest), int(longest) + 1} <= rows


def test_breaks_stand_between_the_points_around_a_pause() -> None:
    clock = np.array([0.0, 1, 2, 3, 100, 101])
    told = with_breaks({"t": clock, "v": clock}, np.array([0, 3, 4, 5]), gaps(clock), "t")
    assert told == {"t": [0, 3, 51.5, 100, 101], "v": [0, 3, None, 100, 101]}


@pytest.mark.parametrize("step", [1.0, 30.0])
def test_an_even_cadence_has_no_pauses(step: float) -> None:
    assert len(gaps(np.arange(0, 100, step))) == 0
