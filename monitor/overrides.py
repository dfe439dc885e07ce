"""Limits of detectors from a command line: ``detectors.KIND.FIELD=VALUE``, checked as those of lab.toml are."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from cycling.detectors import PLANNED, REGISTRY
from cycling.lab_file import LabFile, as_toml
from cycling.lab_topology import Detectors, read_detectors
from cycling.topology import Topology

FORM = "expected detectors.KIND.FIELD=VALUE, such as detectors.contact-lost.samples=3"
TABLE = "detectors"
TOLERANCE = "detectors.chamber-off-setpoint.tolerance_kelvin"


class Given(LabFile):
    """Limits as if they stood in a lab.toml; a fault names the option instead of a line."""

    def __init__(self, detectors: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__("--set", "")
        self.content = {TABLE: detectors}

    def fault(self, table: str, place: int, key: str, said: str) -> None:
        kind = table.partition(".")[2]
        known = self.content[TABLE].get(kind, {})
        value = f" = {as_toml(known[key])}" if key in known else ""
        self._faults.append((len(self._faults), f"--set {table}{f'.{key}' if key else ''}{value}: {said}"))


def overridden(detectors: Detectors, options: Iterable[str]) -> tuple[Detectors, tuple[str, ...]]:
    """The limits of lab.toml with those of the options in their place, and every fault of the options."""
    faults: list[str] = []
    wanted: dict[str, dict[str, Any]] = {}
    for option in options:
        path, equals, text = option.partition("=")
        table, *rest = path.strip().split(".")
        if not equals or len(rest) != 2 or not all(rest) or table != TABLE:
            close = f'; did you mean "{TABLE}.{".".join(rest)}"?' if _meant(table, rest, equals) else ""
            faults.append(f"--set {as_toml(option)}: {FORM}{close}")
        elif rest[0] in PLANNED:
            faults.append(f"--set {path.strip()}: this detector is planned, not built, so its limits change nothing")
        else:
            wanted.setdefault(rest[0], {})[rest[1]] = _value(text)
    given = Given({kind: {**detectors.get(kind, {}), **fields} for kind, fields in wanted.items()})
    found = read_detectors(given, REGISTRY)
    return {**detectors, **found}, (*faults, *given.faults)


def with_tolerance(topology: Topology, detectors: Detectors, options: Iterable[str]) -> Topology:
    """The lab with the tolerance of its chambers that the options try: what a chamber states in lab.toml goes before
    the detector's limit, and would go before the one that is tried too."""
    if not any(option.partition("=")[0].strip() == TOLERANCE for option in options):
        return topology
    _, kind, field = TOLERANCE.split(".")
    kelvin = detectors[kind][field]
    chambers = tuple(replace(chamber, tolerance_kelvin=kelvin) for chamber in topology.chambers)
    return replace(topology, chambers=chambers)


def _value(text: str) -> Any:
    """The value as TOML reads it; what is no TOML is text."""
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if len(read) == 1 else text


def _meant(table: str, rest: list[str], equals: str) -> bool:
    alike = difflib.SequenceMatcher(None, table, TABLE).ratio() > 0.6
    return bool(equals) and len(rest) == 2 and table != TABLE and alike
