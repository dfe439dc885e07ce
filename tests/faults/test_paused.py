"""A process stands still for a while, as on a machine that sleeps or swaps, and goes on as if nothing had been."""

from __future__ import annotations

from tests.faults.account import check_alerts, check_cycles
from tests.faults.conftest import Load
from tests.faults.house import House
from tests.faults.scale import Scale


def test_whoever_stands_still_goes_on_without_harm(house: House, load: Load, scale: Scale) -> None:
    house.start("redis", "cache", "record", "watch", "compact", "notify", "web")
    http, _feed = load.http(), load.feed()
    http.break_channel("cy-1-01")
    first = house.alert("over-voltage", "cy-1-01")
    house.say(first["id"], "acknowledge", who="ada")
    names = ("record", "watch", "compact", "redis", "web")
    for name in names:
        house.freeze(name)
        house.during(scale.frozen_seconds)
        house.go_on(name)
        house.until(lambda name=name: house.works(name), f"{name} to work again")
    assert all(house.child(name).restarts == 0 for name in names)
    told = load.settled(f"{', '.join(names)} stopped for {scale.frozen_seconds:g} s each")
    assert told.right, told
    check_cycles(house, load.sources)
    every = house.alerts()
    assert [(alert["id"], alert["acknowledged_by"]) for alert in every] == [(first["id"], "ada")]
    check_alerts(house, every)
