"""Readings on their way out: in order of time, a little at a time, whatever lies where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_access import walking
from data_access.history import Answer
from data_access.lab import Lab, Published, StoreAway
from monitor import record
from tests.data_access.builders import NOW, batch, cycle
from tests.data_access.compacting import MIDNIGHT, append, compact, rows

DAY = 86_400.0
FEW = 10


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans of ten rows, so that a hundred readings are a long answer."""
    monkeypatch.setattr(walking, "MOST_ROWS", FEW)


def send(lab: Lab, times: list[float], channel: str = "arbin-1-01", **columns: object) -> None:
    lab.live.ingest(batch(times, channel, **columns), received=MIDNIGHT + 9 * DAY, source="test")


def told(answer: Answer, column: str = "unix_time_second") -> list[object]:
    return [value for part in answer[1] for value in part.column(column).to_pylist()]


def scattered(lab: Lab, seed: int = 0) -> list[float]:
    """Readings of three days in any order, in a dozen commits and the tail: dense for an hour, else far apart."""
    rng = np.random.default_rng(seed)
    times = np.unique(
        np.concatenate([rng.uniform(0, 3 * DAY, 80), DAY + rng.uniform(0, 3600, 60), [0.0, DAY, 2 * DAY]])
    )
    mixed = (MIDNIGHT + rng.permutation(np.round(times, 3))).tolist()
    for start in range(0, len(mixed), 12):
        send(lab, mixed[start : start + 12])
        if start < 100:
            record.flush(lab, NOW)
    return sorted(mixed)


def test_every_reading_comes_once_and_in_order(lab: Lab) -> None:
    times = scattered(lab)
    assert told(lab.history.readings(channel="arbin-1-01")) == times


def test_no_more_than_a_few_rows_are_in_memory_at_once(lab: Lab) -> None:
    times = scattered(lab)
    parts = [part.num_rows for part in lab.history.readings(channel="arbin-1-01")[1]]
    assert sum(parts) == len(times)
    assert max(parts) <= FEW


def test_rows_on_the_edge_of_a_day_are_neither_lost_nor_doubled(lab: Lab) -> None:
    edges = [MIDNIGHT + day * DAY + off for day in (0, 1, 2) for off in (0.0, 1e-6, DAY - 1e-6)]
    times = sorted({float(np.float64(edge)) for edge in edges} | {MIDNIGHT + 100.0 + n for n in range(30)})
    send(lab, times[::2])
    record.flush(lab, NOW)
    send(lab, times[1::2])
    assert told(lab.history.readings(channel="arbin-1-01")) == times
    inside = lab.history.readings(channel="arbin-1-01", start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY)
    assert told(inside) == [time for time in times if MIDNIGHT + DAY <= time <= MIDNIGHT + 2 * DAY]


def test_more_readings_at_one_moment_than_fit_come_all_the_same(lab: Lab) -> None:
    send(lab, [MIDNIGHT] * 35, record_index=list(range(35, 0, -1)))
    assert told(lab.history.readings(channel="arbin-1-01"), "record_index") == list(range(1, 36))


def test_a_test_on_several_cyclers_is_in_order_of_time_and_channel(lab: Lab) -> None:
    for start in (0, 40):
        for channel in ("arbin-2-01", "arbin-1-02"):
            send(lab, [MIDNIGHT + start + n for n in range(40)], channel, test="moved")
        if not start:
            record.flush(lab, NOW)
    send(lab, [MIDNIGHT + 5], "arbin-1-01", test="another")
    answer = list(lab.history.readings(test="moved")[1])
    found = [(row["unix_time_second"] - MIDNIGHT, row["channel"]) for part in answer for row in part.to_pylist()]
    assert found == [(float(n), channel) for n in range(80) for channel in ("arbin-1-02", "arbin-2-01")]


def test_extra_columns_are_in_every_part(lab: Lab) -> None:
    send(lab, [MIDNIGHT + n for n in range(30)])
    record.flush(lab, NOW)
    send(lab, [MIDNIGHT + DAY + n for n in range(30)], humidity=[float(n) for n in range(30)])
    record.flush(lab, NOW)
    send(lab, [MIDNIGHT + 2 * DAY + n for n in range(3)], note="text")
    schema, parts = lab.history.readings(channel="arbin-1-01")
    assert {"humidity", "note"} <= set(schema.names)
    assert "date" not in schema.names
    found = list(parts)
    assert {part.schema for part in found} == {schema}
    assert [value for part in found for value in part.column("humidity").to_pylist()] == [None] * 30 + [*range(30)] + [
        None
    ] * 3


def test_only_asked_columns_come_in_the_asked_order(lab: Lab) -> None:
    scattered(lab)
    schema, parts = lab.history.readings(channel="arbin-1-01", columns=["voltage_volt", "channel"])
    assert schema.names == ["voltage_volt", "channel"]
    assert {part.schema for part in parts} == {schema}


def test_what_is_rewritten_on_the_way_is_read_from_the_new_files(lab: Lab, tmp_path: Path) -> None:
    days = [[MIDNIGHT + day * DAY + n for n in range(30)] for day in range(3)]
    append(lab.archive, *(rows(day) for day in days))
    old = lab.archive.tables["readings"].snapshot(files=True).files
    _schema, parts = lab.history.readings(channel="arbin-1-01")
    found = next(parts).column("unix_time_second").to_pylist()
    compact(lab.archive, tmp_path / "scratch", MIDNIGHT + 9 * DAY)
    for name in old:
        Path(name).unlink()
    found += [value for part in parts for value in part.column("unix_time_second").to_pylist()]
    assert found == [time for day in days for time in day]


def test_a_file_that_is_lost_for_good_is_said_and_not_left_out(lab: Lab) -> None:
    append(lab.archive, rows([MIDNIGHT + n for n in range(30)]), rows([MIDNIGHT + DAY + n for n in range(30)]))
    lost = lab.archive.tables["readings"].snapshot(files=True).files[0]
    Path(lost).unlink()
    with pytest.raises(StoreAway, match="is missing"):
        told(lab.history.readings(channel="arbin-1-01"))


def test_few_points_are_whole_rows_with_the_extremes(lab: Lab) -> None:
    times = [MIDNIGHT + 10.0 * n for n in range(3000)]
    volts = np.round(3.7 + 0.1 * np.sin(np.arange(3000) / 200), 4)
    volts[[700, 2999]] = 4.9, 1.1
    send(lab, times[:2500], voltage_volt=volts[:2500].tolist(), record_index=list(range(2500)))
    record.flush(lab, NOW)
    send(lab, times[2500:], voltage_volt=volts[2500:].tolist(), record_index=list(range(2500, 3000)))
    schema, parts = lab.history.readings(channel="arbin-1-01", points=100)
    found = [row for part in parts for row in part.to_pylist()]
    assert len(found) <= 100
    assert schema.names == list(found[0])
    told_volts = {row["record_index"]: row["voltage_volt"] for row in found}
    assert told_volts[700] == pytest.approx(4.9)
    assert told_volts[2999] == pytest.approx(1.1)
    assert [row["unix_time_second"] for row in found] == sorted(row["unix_time_second"] for row in found)


def test_one_cycle_is_read_by_its_times(lab: Lab) -> None:
    send(lab, [MIDNIGHT + n for n in range(60)], test="cell-a")
    ran = cycle(2, start_unix_time_second=MIDNIGHT + 20, end_unix_time_second=MIDNIGHT + 44)
    lab.live.publish(Published(now=NOW, cycles=[ran]))
    found = lab.history.cycle("cell-a", 2)
    assert found is not None
    assert told(found) == [MIDNIGHT + n for n in range(20, 45)]
    assert lab.history.cycle("cell-a", 3) is None


def test_the_last_day_ends_now(lab: Lab) -> None:
    scattered(lab)
    found = told(lab.history.recent("arbin-1-01", MIDNIGHT + 2 * DAY))
    assert found == [time for time in told(lab.history.readings()) if MIDNIGHT + DAY <= time <= MIDNIGHT + 2 * DAY]  # type: ignore[operator]
