"""Readings that piled up: folded piece by piece, every cycler up to the same moment, with a heartbeat between."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cycling.readings import Batch
from data_access.lab import Lab
from monitor.backlog import FIRST, MOST, Backlog, Entry, turn_of
from monitor.watch import Watcher

NOW = 1_700_100_000.0
HOUR = 3600.0


def entry(cycler: str, n: int, arrived: float, rows: int = 1) -> Entry:
    return cycler, n, Batch({"arrival_time_second": np.full(rows, arrived)})


def numbers(entries: list[Entry]) -> list[tuple[str, int]]:
    return [(cycler, n) for cycler, n, _batch in entries]


def test_all_that_came_is_folded_where_nothing_piles_up() -> None:
    turn = turn_of([entry("a", 1, 10.0), entry("a", 2, 12.0), entry("b", 1, 11.0)], most=3)
    assert numbers(turn.entries) == [("a", 1), ("b", 1), ("a", 2)]
    assert (turn.behind, turn.cut) == (False, False)
    assert turn_of([], most=3).entries == []


def test_nobody_goes_ahead_of_a_cycler_that_has_more() -> None:
    quick = [entry("quick", n, 10.0 * n) for n in (1, 2, 3)]
    slow = [entry("slow", n, 25.0 * n) for n in (1, 2)]
    turn = turn_of([*quick, *slow], most=3)
    assert numbers(turn.entries) == [("quick", 1), ("quick", 2), ("slow", 1), ("quick", 3)]
    assert (turn.behind, turn.cut) == (True, False)


def test_a_clock_that_was_set_back_keeps_the_entries_in_order() -> None:
    turn = turn_of([entry("a", 1, 50.0), entry("a", 2, 10.0), entry("b", 1, 20.0)], most=5)
    assert numbers(turn.entries) == [("b", 1), ("a", 1), ("a", 2)]


def test_one_fold_takes_no_more_rows_than_it_can_but_always_an_entry() -> None:
    found = [entry("a", n, float(n), rows=40) for n in (1, 2, 3)]
    assert numbers(turn_of(found, most=9, rows=80).entries) == [("a", 1), ("a", 2)]
    assert turn_of(found, most=9, rows=80).cut
    assert numbers(turn_of(found, most=9, rows=1).entries) == [("a", 1)]


def test_as_many_entries_are_read_as_one_fold_takes() -> None:
    backlog = Backlog()
    for _ in range(9):
        backlog.turn([entry("a", n, float(n)) for n in range(backlog.most)])
    assert backlog.most == MOST
    for _ in range(12):
        backlog.turn([entry("a", n, float(n), rows=100_000) for n in range(max(backlog.most, 2))])
    assert backlog.most == 1


def sent(lab: Lab, cycler: str, every: float) -> None:
    for n, at in enumerate(np.arange(NOW, NOW + HOUR, every).tolist()):
        one = {
            "unix_time_second": at,
            "voltage_volt": 3.6 + 0.1 * math.sin(n),
            "current_ampere": 1.0,
            "cycle_count": 1,
            "test": cycler,
        }
        columns = {name: np.array([value]) for name, value in {**one, "channel": f"{cycler}-01"}.items()}
        lab.live.ingest(Batch(columns), received=at, source="test")


@pytest.mark.parametrize("quick", ["arbin-1", "arbin-2"])
def test_catching_up_blames_no_cycler_for_sending_more_often_and_beats_all_the_while(lab: Lab, quick: str) -> None:
    slow = "arbin-2" if quick == "arbin-1" else "arbin-1"
    sent(lab, quick, 30.0)
    sent(lab, slow, 120.0)
    watcher = Watcher(lab, {}, NOW, demo=False)
    lags, found = [], []
    for look in range(12):
        now = NOW + HOUR + 2.0 * look
        watcher.look(now)
        found += [alert.kind for alert in lab.live.alerts()]
        beat = lab.live.beats()["watch"]
        assert beat["at"] == now
        lags.append(beat["lag_second"])
    assert found == []
    assert lags[0] == pytest.approx(HOUR - 30.0 * (FIRST - 1))
    assert lags == sorted(lags, reverse=True)
    assert lags[-1] == 0.0
    assert len(lab.live.states()) == 2
