"""Leases: one holder at a time, whatever becomes of him."""

from __future__ import annotations

import time

from data_access.lab import Lab
from data_access.leases import Lease
from tests.data_access.builders import another


def test_a_lease_has_one_holder(lab: Lab) -> None:
    mine, theirs = Lease(lab.live, "compact"), Lease(another(lab).live, "compact")
    token = mine.hold()
    assert token is not None
    assert theirs.hold() is None
    assert mine.hold() == token


def test_the_next_one_has_it_once_it_is_released(lab: Lab) -> None:
    mine, theirs = Lease(lab.live, "compact"), Lease(another(lab).live, "compact")
    mine.hold()
    mine.release()
    assert theirs.hold() is not None
    assert mine.hold() is None


def test_a_holder_that_slept_gets_another_token_or_none(lab: Lab) -> None:
    mine, theirs = Lease(lab.live, "compact", seconds=0.05), Lease(another(lab).live, "compact")
    first = mine.hold()
    time.sleep(0.1)
    second = mine.hold()
    assert second not in (None, first)
    time.sleep(0.1)
    assert theirs.hold() is not None
    assert mine.hold() is None
    mine.release()
    assert theirs.hold() is not None


def test_other_work_has_other_leases(lab: Lab) -> None:
    assert Lease(lab.live, "compact").hold() is not None
    assert Lease(another(lab).live, "watch-1-of-2").hold() is not None
