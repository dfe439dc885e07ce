"""What is counted of quarantine: per channel where a row names one, per source where it cannot or there are many."""

from __future__ import annotations

import json

from cycling.types import Rejection
from monitor.unread import Unread, of_file
from tests.cycling.build import CHANNEL, START, cell


def quarantined(channel: str | None, when: float = START, source: str = "feed") -> dict[str, object]:
    raw = None if channel is None else json.dumps({"channel": channel, "voltage_volt": "x"})
    return {"when": when, "source": source, "index": 0, "column": "voltage_volt", "reason": "no number", "raw": raw}


def test_rows_are_counted_per_channel_beside_those_that_were_read() -> None:
    unread = Unread(3600.0)
    unread.took(cell(1), START)
    unread.rejected([quarantined(CHANNEL)] * 4)
    (count,) = unread.counts(START + 10)
    assert (count.scope, count.rejected, count.taken) == (f"channel:{CHANNEL}", 4, 368)
    assert (count.column, count.reason, count.last_good) == ("voltage_volt", "no number", START)
    assert unread.counts(START + 3700) == []


def test_what_names_no_channel_or_many_is_the_labs() -> None:
    unread = Unread(3600.0)
    unread.rejected([quarantined(None), quarantined(None)])
    assert [(one.scope, one.rejected) for one in unread.counts(START)] == [("lab", 2)]
    many = Unread(3600.0)
    many.rejected([quarantined(f"sim-1-{n:02d}") for n in range(9)])
    assert [(one.scope, one.rejected) for one in many.counts(START)] == [("lab", 9)]


def test_a_recorded_file_is_counted_as_a_whole() -> None:
    rejected = [Rejection(index=3, column="unix_time_second", value=None, reason="missing")]
    count = of_file("a.csv", cell(1), rejected)
    assert (count.scope, count.taken, count.rejected, count.files) == (f"channel:{CHANNEL}", 368, 1, 0)
    assert of_file("b.csv", cell(1).take(slice(0, 0)), rejected).files == 1
