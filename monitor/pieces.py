"""The two kinds of work a reprocess is parted into. A piece can be sent to another process and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cycling.readings import EMPTY
from cycling.topology import TestFacts, Topology
from cycling.types import Alert, Notice
from cycling.watch import Watch
from data_access import fleet_summary
from data_access.arrivals import in_order_of_arrival
from data_access.fleet import Fleet, Unit
from monitor.clock_order import by_clock, in_record_order
from monitor.findings import Findings


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Files whose cycles are to be summed up; ``threads`` that the query may use (None: all)."""

    files: Fleet
    threads: int | None


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A unit and all that its watch must know. ``end`` is the newest arrival of the whole fleet: up to then the lab
    was heard, so up to then it counts who was silent."""

    unit: Unit
    topology: Topology
    detectors: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, TestFacts]
    end: float


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the watch found in one unit; ``cycles`` is an Arrow table."""

    rows: int
    alerts: list[Alert]
    notices: list[Notice]
    cycles: Any


def scan(piece: Scan) -> Any:
    """The cycles as far as these files tell, for ``fleet_summary.whole``. Raises StoreAway."""
    return fleet_summary.part(piece.files, piece.threads)


def fold(piece: Fold) -> Found:
    """Runs the watch over the readings of one unit, from the first to the end. Raises StoreAway."""
    watch = Watch(piece.topology, piece.detectors, piece.facts)
    findings, rows = Findings(), 0
    for arrived in in_order_of_arrival(piece.unit):
        rows += len(arrived)
        for batch in by_clock(in_record_order(arrived)):
            findings.take(watch.fold(batch, float(batch.numbers("arrival_time_second").max())))
    findings.take(watch.fold(EMPTY, piece.end))
    findings.add_cycles(watch.finish())
    return Found(
        rows=rows,
        alerts=findings.alerts_by_time(),
        notices=findings.notices,
        cycles=findings.cycles_table(),
    )


def of_unit(topology: Topology, unit: Unit) -> Topology:
    """The lab as far as the unit's channels are concerned: it is sent with every unit, and a lab can be large."""
    mine = set(unit.channels)
    places = {channel: place for channel, place in topology.places.items() if channel in mine}
    cyclers = {place.cycler for place in places.values()}
    return replace(
        topology,
        places=places,
        cyclers=tuple(cycler for cycler in topology.cyclers if cycler.id in cyclers),
        tests=(),
    )
