"""GET /attention over real stores: cycles of the archive and those still in Redis as one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from data_access.archive import Part
from data_access.attention import recent_cycles
from data_access.lab import Lab, Published
from tests.api.conftest import row
from tests.api.test_routes import state
from tests.cycling.build import cell
from tests.data_access.builders import cycle

HOUR = 3600.0


def faded(count: int, now: float, **facts: Any) -> Any:
    """A cycle of test "t" an hour after the last; the hundredth ends now with 81 %."""
    ends = now - (100 - count) * HOUR
    health = 0.81 + 0.001 * (100 - count)
    return cycle(count, "t", end_unix_time_second=ends, state_of_health=health, kind="regular", **facts)


def test_cycles_come_from_the_archive_and_from_redis_and_the_newest_word_counts(lab: Lab) -> None:
    now = time.time()
    lab.archive.merge_cycles([faded(n, now) for n in range(1, 60)], 0, 7)
    fresh = [faded(59, now, charging_capacity_ah=9.0), *(faded(n, now) for n in range(60, 101))]
    lab.live.publish(Published(now=now, cycles=[faded(59, now).__class__(**{**vars(fresh[0]), "kind": "faulty"})]))
    lab.live.publish(Published(now=now, cycles=fresh[1:]))
    recent = recent_cycles(lab, ["t", "unknown"], {})
    assert list(recent) == ["t"]
    assert recent["t"].cycle_count.tolist() == list(range(1, 101))
    assert [n + 1 for n, judged in enumerate(recent["t"].judged) if not judged] == [59]
    assert recent["t"].state_of_health[-1] == pytest.approx(0.81)
    by_checkup = recent_cycles(lab, ["t"], {"t": {"end_of_life_reference": "first-checkup"}})
    assert not by_checkup["t"].judged.any()


def test_the_route_tells_what_there_is_to_look_at(client: FlaskClient, lab: Lab) -> None:
    now = time.time()
    lab.tests.put("t", {"cell": "c1", "batch": "b", "owner": "Bo"}, "me", 0.0, "api")
    lab.archive.merge_cycles([faded(n, now) for n in range(1, 101)], 0, 1)
    free = state("arbin-1-02", phase="finished", test=None)
    lab.live.publish(Published(now=now, states=(state(cadence_second=100.0), free)))
    client.post("/api/v1/readings", json={"readings": [row(voltage_volt="n/a")]})
    told = client.get("/api/v1/attention").json
    assert told is not None
    (ageing,), (ending,), (rejected,) = told["ageing"], told["ending"], told["rejected"]
    assert (ageing["channel"], ageing["cell"]) == ("arbin-1-01", "c1")
    assert ageing["state_of_health"] == pytest.approx(0.811)
    assert ending["at"] == pytest.approx(now + 10 * HOUR, abs=60)
    assert (rejected["rows"], told["rejected_more"]) == (1, False)
    assert [one["channel"] for one in told["free"]] == ["arbin-1-02"]
    assert told["slots"] == [{"cycler": "arbin-1", "channels": 3, "unheard": 1}]
    assert told["missing"] == {"nominal_capacity_ah": ["arbin-1-01"]}
    assert told["tests"] == {"t": {"batch": "b", "owner": "Bo"}}
    assert (told["first"], told["away"]) == (None, "")


def test_an_empty_lab_needs_nothing_but_cells(client: FlaskClient) -> None:
    told = client.get("/api/v1/attention").json
    assert told is not None
    lists = ("ageing", "ending", "finished", "free", "rejected", "unlisted")
    assert [told[name] for name in lists] == [[]] * len(lists)
    assert told["slots"] == [{"cycler": "arbin-1", "channels": 3, "unheard": 3}]


def test_without_the_archive_the_rest_is_told_and_why(client: FlaskClient, lab: Lab, tmp_path: Path) -> None:
    lab.archive.append_readings([Part(cycler="arbin-1", after=0, upto=1, readings=cell(10))])
    lab.archive.merge_cycles([faded(100, time.time())], 0, 1)
    lab.live.publish(Published(now=time.time(), states=(state(phase="idle"),)))
    shutil.rmtree(tmp_path / "archive" / "cycles")
    (tmp_path / "archive" / "cycles").write_text("no folder")
    told = client.get("/api/v1/attention").json
    assert told is not None
    assert "cycles" in told["away"]
    assert [one["channel"] for one in told["free"]] == ["arbin-1-01"]
