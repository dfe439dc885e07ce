"""The disk of the archive, or of Redis, is full for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.conftest import Load
from tests.faults.disk import Disk
from tests.faults.house import House
from tests.faults.scale import Scale


@pytest.fixture(params=disk.KINDS)
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk with room, until it is filled."""
    made = disk.made(request.param, tmp_path / "disk")
    yield made
    made.close()


class TestOfTheArchive:
    @pytest.fixture
    def house(self, full: Disk, tmp_path: Path, scale: Scale) -> Iterator[House]:
        built = House(tmp_path / "lab", scale, archive=full.folder / "archive")
        yield built
        built.end()

    def test_readings_wait_in_redis_until_there_is_room(
        self, house: House, load: Load, full: Disk, scale: Scale
    ) -> None:
        house.start("redis", "cache", "record", "watch", "web")
        http, _feed = load.http(), load.feed()
        house.until(lambda: sum(house.lab.archive.positions(("cy-1",)).values()) > 0, "something to be archived")
        record = house.child("record")
        full.fill(record)
        house.until(lambda: full.words in str(house.lab.live.beats()["record"]["error"]), "the recorder to say it")
        said = house.lab.live.beats()["record"]["error"]
        assert str(house.archive) in said
        assert "Make room" in said
        before, archived = http.acknowledged, house.lab.archive.positions(("cy-1",))
        house.during(scale.full_seconds)
        house.until(lambda: http.acknowledged > before, "readings to be taken all the same")
        status, ready = house.ask("GET", "/readyz")
        assert (status, ready["archive"]["ok"]) == (503, False)
        assert full.words in ready["archive"]["detail"]
        assert house.lab.archive.positions(("cy-1",)) == archived
        full.make_room(record)
        house.until(lambda: house.lab.live.beats()["record"]["error"] is None, "the recorder to go on")
        assert record.restarts == 0
        told = load.settled(f"Archive on a full disk ({full.words})")
        assert told.right, told


class TestOfRedis:
    @pytest.fixture
    def house(self, full: Disk, tmp_path: Path, scale: Scale) -> Iterator[House]:
        built = House(tmp_path / "lab", scale, redis=full.folder / "data")
        yield built
        built.end()

    def test_nothing_is_acknowledged_that_cannot_be_kept(
        self, house: House, load: Load, full: Disk, scale: Scale
    ) -> None:
        house.start("redis", "cache", "record", "web")
        http, feed = load.http(), load.feed()
        house.until(lambda: http.acknowledged > 5, "readings to be taken")
        full.fill(house.child("redis"))
        house.until(lambda: http.answers[503] > 0 and feed.feeder.waiting > 0, "readings to be refused")
        for _ in range(10):
            house.during(scale.full_seconds / 10)
            full.fill(house.child("redis"))  # a server that was started again has no limit yet
        full.make_room(house.child("redis"))
        told = load.settled(f"Redis on a full disk ({full.words})")
        assert told.right, told
