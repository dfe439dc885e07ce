"""Everything is killed, again and again, while readings come in."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.account import check_alerts, check_compacted, check_cycles, check_journal, only
from tests.faults.conftest import Load
from tests.faults.house import House
from tests.faults.scale import Scale

SEED = 20261122
LONGEST_LIFE = 0.6  # seconds a process may work before it is killed


def test_nothing_is_lost_doubled_or_forgotten_when_everything_is_killed(house: House, load: Load, scale: Scale) -> None:
    house.start("redis", "cache", "record", "watch", "compact", "notify", "web")
    http, feed, late = load.http(), load.feed(), load.late()
    load.reader(http)
    load.reader(late)
    http.break_channel("cy-1-01")
    first = house.alert("over-voltage", "cy-1-01")
    house.say(first["id"], "acknowledge", who="ada")
    house.say(first["id"], "comment", who="ada", text="I go and look.")
    kill(house, scale.kills, halfway=lambda: http.break_channel("cy-2-01"))
    second = house.alert("over-voltage", "cy-2-01")
    house.say(second["id"], "acknowledge", who="bob")
    told = load.settled(f"Killed {dict(scale.kills)}, seed {SEED}")
    assert told.right, told
    assert feed.most_waiting > 0
    assert http.answers[0] + http.answers[503] > 0
    check_compacted(house)
    check_cycles(house, load.sources)
    every = house.alerts()
    assert {alert["id"]: alert["message"] for alert in every} == {one["id"]: one["message"] for one in (first, second)}
    assert only(every, "over-voltage", "cy-1-01")["acknowledged_by"] == "ada"
    assert [said["text"] for said in only(every, "over-voltage", "cy-1-01")["comments"]] == ["I go and look."]
    assert only(every, "over-voltage", "cy-2-01")["acknowledged_by"] == "bob"
    check_alerts(house, every)
    check_journal(house)


def kill(house: House, kills: Mapping[str, int], halfway: Callable[[], Any]) -> None:
    """Kills processes at their work, in an order and at moments that the seed gives."""
    chance = random.Random(SEED)
    order = [name for name, count in kills.items() for _ in range(count)]
    chance.shuffle(order)
    for turn, victim in enumerate(order):
        if turn == len(order) // 2:
            halfway()
        house.until(lambda victim=victim: house.works(victim), f"{victim} to work")
        house.during(chance.uniform(0.0, LONGEST_LIFE))
        house.kill(victim)
