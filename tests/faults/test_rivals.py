"""Two processes that do the same work at the same time, of which now and then one is killed or stands still."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import cycle

from data_access import keys
from tests.faults.account import check_compacted
from tests.faults.child import SHORT_LEASE
from tests.faults.conftest import Load
from tests.faults.house import House
from tests.faults.scale import Scale

SEED = 20261123


def test_two_recorders_on_the_same_cyclers_fence_each_other(house: House, load: Load, scale: Scale) -> None:
    rivals = ("record-1", "record-2")
    house.start("redis", *rivals)
    load.feed()
    turns = cycle(rivals)
    stop_and_kill(house, scale.rival_stops, lambda: next(turns))
    told = load.settled(f"Two recorders, {scale.rival_stops} times stopped, half of them then killed, seed {SEED}")
    assert told.right, told


def test_two_compactors_of_the_same_archive_fence_each_other(house: House, load: Load, scale: Scale) -> None:
    rivals = ("compact-1", "compact-2")
    house.start("redis", "record", *rivals)
    load.feed()
    load.reader(load.late())
    stop_and_kill(house, scale.rival_stops, lambda: holder(house, rivals))
    told = load.settled(f"Two compactors, {scale.rival_stops} times stopped, half of them then killed, seed {SEED}")
    assert told.right, told
    check_compacted(house)


def stop_and_kill(house: House, times: int, choose: Callable[[], str]) -> None:
    """Stops one for longer than its lease lasts, so that it wakes up believing what is not so any more; every
    second time it is killed a moment later."""
    chance = random.Random(SEED)
    for turn in range(times):
        victim = choose()
        house.until(lambda victim=victim: house.works(victim), f"{victim} to work")
        house.during(chance.uniform(0.0, 0.3))
        house.freeze(victim)
        house.during(SHORT_LEASE + chance.uniform(0.2, 0.5))
        house.go_on(victim)
        house.during(chance.uniform(0.2, 0.6))
        if turn % 2:
            house.kill(victim)


def holder(house: House, rivals: Sequence[str]) -> str:
    """The one of the compactors that has the lease; it is in the middle of a rewrite most of the time."""
    found: list[str] = []

    def held() -> bool:
        token = (house.lab.live.client.get(keys.lab("lease:compact")) or b"").decode()
        pids = {name: house.child(name).process for name in rivals}
        found.extend(name for name, process in pids.items() if process and f":{process.pid}:" in token)
        return bool(found)

    house.until(held, "a compactor to have the lease")
    return found[0]
