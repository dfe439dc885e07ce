"""Redis forgets what is archived and an hour old, and catches up when it could not for long."""

from __future__ import annotations

from data_access import keys
from data_access.lab import Lab
from tests.data_access.builders import NOW

HOUR = 3600.0


def filled(lab: Lab, entries: int) -> None:
    """One entry a second, the last one now."""
    with lab.live.client.pipeline(transaction=False) as pipe:
        for n in range(1, entries + 1):
            pipe.xadd(keys.readings("arbin-1"), {"b": b"x", "t": NOW - entries + n, "r": 1}, id=f"{n}-0")
        pipe.execute()


def test_a_day_that_could_not_be_trimmed_goes_in_one_call(lab: Lab) -> None:
    filled(lab, 30_000)
    assert lab.live.trim("arbin-1", 30_000, NOW) == 30_000 - 3601
    assert lab.live.beginning("arbin-1") == 30_000 - 3601
    assert lab.live.trim("arbin-1", 30_000, NOW) == 0


def test_what_is_not_archived_stays_however_old(lab: Lab) -> None:
    filled(lab, 50)
    assert lab.live.trim("arbin-1", 20, NOW + 2 * HOUR) == 20
    assert lab.live.beginning("arbin-1") == 20
    assert lab.live.trim("arbin-1", 50, NOW + HOUR - 20.5) == 9
    assert lab.live.beginning("arbin-1") == 29


def test_an_empty_stream_and_one_that_is_all_young_stay_as_they_are(lab: Lab) -> None:
    assert lab.live.trim("arbin-1", 10, NOW) == 0
    filled(lab, 10)
    assert lab.live.trim("arbin-1", 10, NOW) == 0
    assert lab.live.trim("arbin-1", 10, NOW + 2 * HOUR) == 10
    assert lab.live.trim("arbin-1", 10, NOW + 2 * HOUR) == 0
