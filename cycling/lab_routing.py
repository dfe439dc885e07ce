"""From the tables of a lab.toml to who is told of what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import time
from typing import Any

from cycling.lab_file import LabFile, Table, unique
from cycling.routing import OWNER, VARIABLE, WEBHOOK, WORKING_HOURS, Hours, Person, Route, Routing
from cycling.topology import Chamber, Cycler, Place
from cycling.types import Severity

OF_LAB = ("digest_at", "digest_days", "remind_p1_minutes", "remind_p2_minutes", "undelivered_hours")
HOUSE_KINDS = ("recording-held-up", "detector-failed", "finished", "forecast-moved", "batch-shift")


def read_routing(
    file: LabFile,
    lab: Table,
    cyclers: Sequence[Cycler],
    chambers: Sequence[Chamber],
    places: Mapping[str, Place],
    kinds: Collection[str],
) -> Routing:
    """Who is told of what; takes its settings out of those of ``[lab]``."""
    given: dict[str, Any] = {name: lab.pop(name) for name in OF_LAB if name in lab}
    if "digest_at" in given:
        given["digest_at"] = time.fromisoformat(given["digest_at"])
    if "digest_days" in given:
        given["digest_days"] = tuple(given["digest_days"])
    known = {
        "cycler": [cycler.id for cycler in cyclers],
        "chamber": [chamber.id for chamber in chambers],
        "channel": list(places),
        "power_circuit": list(dict.fromkeys(p.power_circuit for p in places.values() if p.power_circuit)),
    }
    people = tuple(_people(file))
    return Routing(people=people, routes=tuple(_routes(file, people, known, kinds)), **given)


def _people(file: LabFile) -> Iterable[Person]:
    for _, good in unique(file, "people", "id", file.repeated("people")):
        days = {"days": tuple(good.pop("days"))} if "days" in good else {}
        begin, _dash, end = good.pop("working_hours", "08:00-18:00").partition("-")
        hours = Hours(begin=time.fromisoformat(begin), end=time.fromisoformat(end), **days)
        yield Person(**{**good, "notify": tuple(good.get("notify", ())), "hours": hours})


def _routes(
    file: LabFile, people: Sequence[Person], known: Mapping[str, Sequence[str]], kinds: Collection[str]
) -> Iterable[Route]:
    to = [*(person.id for person in people), OWNER, WEBHOOK]
    for place, good in file.repeated("routes"):
        for key in ("to", "unattended"):
            for name in good.get(key, ()):
                if not name.startswith(VARIABLE):
                    file.known("routes", place, key, name, to)
        for scope in good.get("scopes", ()):
            kind, _, name = scope.partition(":")
            if kind in known:
                file.known("routes", place, "scopes", name, known[kind])
        for one in good.get("kinds", ()):
            file.known("routes", place, "kinds", one, [*kinds, *HOUSE_KINDS])
        if "unattended" in good and good.get("when") != WORKING_HOURS:
            file.fault("routes", place, "unattended", f'expected only together with when = "{WORKING_HOURS}"')
        lists = {key: tuple(value) for key, value in good.items() if isinstance(value, list)}
        if "severities" in lists:
            lists["severities"] = tuple(Severity(one) for one in lists["severities"])
        yield Route(**{**good, **lists})
