"""Redis is gone for a while, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Load
from tests.faults.house import House
from tests.faults.scale import Scale

SILENT_SOON = """
[detectors.channel-silent]
delay_seconds = 3.0
margin_seconds = 0.0
[detectors.cycler-silent]
delay_seconds = 3.0
margin_seconds = 0.0
"""


@pytest.fixture
def house(tmp_path: Path, scale: Scale) -> Iterator[House]:
    """A lab where silence is noticed before Redis is back."""
    built = House(tmp_path / "lab", scale, limits=SILENT_SOON)
    yield built
    built.end()


def test_readings_are_refused_or_kept_while_redis_is_gone_and_are_all_there_afterwards(
    house: House, load: Load, scale: Scale
) -> None:
    house.start("redis", "cache", "record", "watch", "notify", "web")
    http, feed = load.http(), load.feed()
    house.until(lambda: http.acknowledged > 5 and feed.acknowledged > 5, "readings to be taken")
    house.take_away("redis")
    house.until(lambda: http.answers[503] > 0 and feed.feeder.waiting > 0, "readings to be refused")
    before = http.acknowledged
    house.during(scale.gone_seconds)
    status, refused = house.ask("POST", "/api/v1/readings", {"readings": http.first})
    assert status == 503
    assert "Redis at" in refused["error"]
    assert house.ask("GET", "/readyz")[1]["redis"]["ok"] is False
    assert http.acknowledged == before
    assert all(house.child(name).restarts == 0 for name in ("record", "watch", "notify", "web"))
    load.rest()  # so that the watch is back before the first reading is, and has only silence to judge
    house.give_back("redis")
    back = time.time()
    house.until(lambda: house.works("redis") and house.lab.live.beats()["watch"]["at"] > back, "the watch to look")
    load.go_on()
    house.until(lambda: http.acknowledged > before and feed.feeder.waiting == 0, "readings to be taken again")
    http.break_channel("cy-1-01")
    house.alert("over-voltage", "cy-1-01")
    house.until(lambda: house.ask("GET", "/readyz")[0] == 200, "the lab to be ready")
    told = load.settled(f"Redis gone for {scale.gone_seconds:g} s")
    assert told.right, told
    assert [alert["kind"] for alert in house.alerts()] == ["over-voltage"]
