"""From the tables of a lab.toml to the topology of the lab and the limits of its detectors."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from cycling.lab_file import LabFile, Table, unique
from cycling.lab_keys import SETPOINT, Key, is_number
from cycling.lab_routing import read_routing
from cycling.topology import (
    Chamber,
    Cycler,
    Maintenance,
    Place,
    Setpoint,
    TestFacts,
    Topology,
    View,
    places_of,
)

Detectors = Mapping[str, Mapping[str, Any]]


def read_topology(
    name: str, text: str, registry: Mapping[str, type], planned: Collection[str] = ()
) -> tuple[Topology, Detectors, tuple[str, ...]]:
    """The lab that a lab.toml describes, the ``[detectors.<kind>]`` tables, and every fault of the file."""
    file = LabFile(name, text)
    if file.faults:
        return Topology(), {}, file.faults
    file.check_tables(also=["detectors"])
    chambers = tuple(_chambers(file))
    names = [chamber.id for chamber in chambers]
    cyclers = tuple(_cyclers(file, names))
    overrides = _overrides(file, names, {channel for cycler in cyclers for channel in cycler.channel_ids})
    places = places_of(cyclers, overrides)
    lab = file.single("lab")
    routing = read_routing(file, lab, cyclers, chambers, places, [*registry, *planned])
    topology = Topology(
        **lab,
        chambers=chambers,
        cyclers=cyclers,
        places=places,
        tests=tuple(_tests(file)),
        maintenance=tuple(_maintenance(file, names, cyclers, places)),
        views=tuple(_views(file)),
        routing=routing,
    )
    detectors = read_detectors(file, registry, planned)
    return topology, detectors, file.faults


def _chambers(file: LabFile) -> Iterable[Chamber]:
    for place, good in unique(file, "chambers", "id", file.repeated("chambers")):
        given = good.pop("setpoints", [])
        changes = [file.check("chambers", place, change, SETPOINT) for change in given]
        setpoints = [
            Setpoint(at=change["at"].timestamp(), celsius=change["celsius"])
            for change in changes
            if len(change) == len(SETPOINT)
        ]
        yield Chamber(**good, setpoints=tuple(sorted(setpoints, key=lambda change: change.at)))


def _cyclers(file: LabFile, chambers: list[str]) -> Iterable[Cycler]:
    for place, good in unique(file, "cyclers", "id", file.repeated("cyclers")):
        if "chamber" in good:
            file.known("cyclers", place, "chamber", good["chamber"], chambers)
        yield Cycler(**good)


def _overrides(file: LabFile, chambers: list[str], channels: set[str]) -> dict[str, Table]:
    overrides = {}
    for place, good in unique(file, "channels", "id", file.repeated("channels")):
        channel = good.pop("id")
        if "chamber" in good:
            file.known("channels", place, "chamber", good["chamber"], chambers)
        if channel in channels:
            overrides[channel] = good
        else:
            file.fault("channels", place, "id", "no cycler of this file has such a channel")
    return overrides


def _tests(file: LabFile) -> Iterable[TestFacts]:
    named = []
    for place, good in file.repeated("tests"):
        if "test" not in good and "channel" in good:
            good["test"] = f"{good['channel']}-001"  # the name its rows get when they have none
        if "test" not in good:
            file.fault("tests", place, "", "test is missing: the name of the program run")
            continue
        if good.get("voltage_min_volt", -1e9) >= good.get("voltage_max_volt", 1e9):
            file.fault("tests", place, "voltage_min_volt", "expected less than voltage_max_volt")
        named.append((place, good))
    for _, good in unique(file, "tests", "test", named):
        yield TestFacts(**good)


def _maintenance(
    file: LabFile, chambers: list[str], cyclers: tuple[Cycler, ...], places: Mapping[str, Place]
) -> Iterable[Maintenance]:
    circuits = [place.power_circuit for place in places.values() if place.power_circuit]
    known = {
        "chamber": chambers,
        "cycler": [cycler.id for cycler in cyclers],
        "power_circuit": list(dict.fromkeys(circuits)),
    }
    for place, good in file.repeated("maintenance"):
        kind, _, name = good["scope"].partition(":")
        if kind in known:
            file.known("maintenance", place, "scope", name, known[kind])
        start, end = good.pop("start").timestamp(), good.pop("end").timestamp()
        if end <= start:
            file.fault("maintenance", place, "end", "expected a time after start")
        yield Maintenance(start=start, end=end, **good)


def _views(file: LabFile) -> Iterable[View]:
    for place, good in file.repeated("views"):
        if good["show"] == "fade" and "batch" not in good:
            file.fault("views", place, "", 'batch is missing: show = "fade" needs to know whose fade to draw')
        elif good["show"] != "fade" and "batch" in good:
            file.fault("views", place, "batch", 'expected only together with show = "fade"')
        else:
            yield View(**good)


def read_detectors(file: LabFile, registry: Mapping[str, type], planned: Collection[str] = ()) -> Detectors:
    """The settings of each detector that are good, checked against the fields of its dataclass; those of planned
    detectors as they are."""
    found = {}
    for kind, given in file.content.get("detectors", {}).items():
        table = f"detectors.{kind}"
        if not isinstance(given, dict):
            file.fault("detectors", 0, kind, "expected a table [detectors.<kind>]")
        elif kind in planned:
            found[kind] = given
        elif file.known(table, 0, "", kind, registry):
            found[kind] = good = file.check(table, 0, given, _keys_of(registry[kind]))
            try:
                registry[kind](**good)
            except (
                TypeError,
                ValueError,
            ) as error:  # the detector's own check of how its limits fit together
                file.fault(table, 0, "", str(error))
    return found


def _keys_of(detector: type) -> dict[str, Key]:
    hints = get_type_hints(detector)
    keys = {field.name: _key_of(field.name, hints[field.name]) for field in fields(detector) if field.init}
    return {"enabled": Key(lambda value: isinstance(value, bool), "expected true or false"), **keys}


def _key_of(name: str, hint: Any) -> Key:
    kinds = set(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else {hint}
    if bool in kinds:
        return Key(lambda value: isinstance(value, bool), "expected true or false")
    least = 1 if name.endswith("samples") else 0 if name.endswith("_seconds") else None
    at_least = "" if least is None else f", at least {least}"
    if float in kinds:
        return Key(
            lambda value: is_number(value) and (least is None or value >= least),
            f"expected a number{at_least}",
        )
    if int in kinds:
        return Key(
            lambda value: is_number(value) and isinstance(value, int) and (least is None or value >= least),
            f"expected a whole number{at_least}",
        )
    if str in kinds:
        return Key(lambda value: isinstance(value, str), "expected text")
    return Key(lambda value: isinstance(value, list), "expected a list")
