"""What stands where: cyclers and their channels, chambers, power circuits, and what runs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cycling.routing import Routing

UNLISTED = "unlisted"  # the cycler of channels that lab.toml does not name; it has no topology
MOST_UNLISTED = 10_000


@dataclass(frozen=True, kw_only=True)
class Setpoint:
    """A commanded change of a chamber, at UTC seconds."""

    at: float
    celsius: float


@dataclass(frozen=True, kw_only=True)
class Chamber:
    """A climate chamber and what it was told to hold."""

    id: str
    setpoint_celsius: float
    tolerance_kelvin: float | None = None  # None: as the detector has it
    setpoints: tuple[Setpoint, ...] = ()

    def setpoint_at(self, unix_time_second: float) -> float:
        """The commanded temperature in °C at a time: the last change before it, else the standing setpoint."""
        celsius = self.setpoint_celsius
        for change in self.setpoints:  # in order of time
            if change.at <= unix_time_second:
                celsius = change.celsius
        return celsius


@dataclass(frozen=True, kw_only=True)
class Cycler:
    """A cycler with one PC: its channels are ``{id}-01`` … with max(2, digits of ``channels``) places."""

    id: str
    channels: int
    chamber: str | None = None
    power_circuit: str | None = None
    poll_seconds: float | None = None
    source: str = "measured"  # measured | recorded | simulated; the demo lab labels what is not measured here

    @cached_property
    def channel_ids(self) -> tuple[str, ...]:
        places = max(2, len(str(self.channels)))
        return tuple(f"{self.id}-{number:0{places}d}" for number in range(1, self.channels + 1))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one channel stands."""

    channel: str
    cycler: str
    chamber: str | None = None
    power_circuit: str | None = None
    board: str | None = None
    logger: str | None = None  # the thermocouple logger it is wired to
    poll_seconds: float | None = None
    source: str = "measured"


@dataclass(frozen=True, kw_only=True)
class TestFacts:
    """What is known of a test besides its readings (lab.toml ``[[tests]]``, feeds, API, pages)."""

    __test__ = False  # not a test class for pytest

    test: str
    channel: str | None = None
    cell: str | None = None
    batch: str | None = None
    protocol: str | None = None
    chemistry: str | None = None
    nominal_capacity_ah: float | None = None
    voltage_min_volt: float | None = None
    voltage_max_volt: float | None = None
    temperature_max_celsius: float | None = None
    end_of_life_fraction: float = 0.80
    end_of_life_reference: str = "initial"  # nominal | initial | first-checkup
    owner: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Planned work: nothing inside it is announced, danger excepted."""

    start: float
    end: float
    scope: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """One of the views a wall goes through when its address names none."""

    show: str  # grid | chambers | alerts | fade
    batch: str | None = None  # of fade
    seconds: float = 30.0  # how long it stays

    @property
    def name(self) -> str:
        """The view as an address of the wall says it: ``grid``, ``fade:<batch>``."""
        return f"{self.show}:{self.batch}" if self.batch else self.show


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The whole lab as lab.toml tells it."""

    name: str = "Lab"
    timezone: str = "UTC"
    time_factor: float = 1.0
    chambers: tuple[Chamber, ...] = ()
    cyclers: tuple[Cycler, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)  # every channel lab.toml names, in order
    tests: tuple[TestFacts, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    views: tuple[View, ...] = ()  # of the wall, in turn
    wall_night: str | None = None  # local times between which walls are dimmed, such as 22:00-06:00
    routing: Routing = field(default_factory=Routing)

    def place(self, channel: str) -> Place:
        """Where a channel stands; a channel that nobody named stands under the cycler ``unlisted``."""
        return self.places.get(channel) or Place(channel=channel, cycler=UNLISTED)

    def chamber(self, chamber_id: str | None) -> Chamber | None:
        return next((chamber for chamber in self.chambers if chamber.id == chamber_id), None)

    def scopes_of(self, channel: str) -> tuple[str, ...]:
        """The scopes in which a channel stands, as ``cycler:…``, ``chamber:…`` and ``power_circuit:…``."""
        place = self.place(channel)
        told = {"cycler": place.cycler, "chamber": place.chamber, "power_circuit": place.power_circuit}
        return tuple(f"{kind}:{name}" for kind, name in told.items() if name)

    @cached_property
    def cycler_ids(self) -> tuple[str, ...]:
        """Every cycler that can have a stream, ``unlisted`` last."""
        return (*(cycler.id for cycler in self.cyclers), UNLISTED)


def places_of(cyclers: tuple[Cycler, ...], overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Place]:
    """Every channel of the cyclers, and what ``[[channels]]`` says differently for one of them."""
    places = {}
    for cycler in cyclers:
        for channel in cycler.channel_ids:
            facts: dict[str, Any] = {
                "chamber": cycler.chamber,
                "power_circuit": cycler.power_circuit,
                "poll_seconds": cycler.poll_seconds,
                "source": cycler.source,
            }
            facts.update(overrides.get(channel, {}))
            places[channel] = Place(channel=channel, cycler=cycler.id, **facts)
    return places
