"""Which alerts somebody asks for: by words, by kind and severity, and by what they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cycling.topology import Topology
from cycling.types import Alert


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an alert must be like; "" asks nothing. ``find`` is looked for in its kind, scope, channels, test and
    message, whatever the case."""

    find: str = ""
    kind: str = ""
    severity: str = ""
    channel: str = ""
    cycler: str = ""
    chamber: str = ""
    batch: str = ""
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What alerts are held against: the topology, facts by test, and the test that runs on each channel."""

    topology: Topology
    facts: Mapping[str, Mapping[str, Any]]
    running: Mapping[str, str | None]


def search(alerts: Iterable[Alert], asked: Asked, around: Surroundings) -> list[Alert]:
    """Those that fit, in the order given. What concerns the whole lab fits wherever one looks in it."""
    return [alert for alert in alerts if fits(alert, asked, around)]


def fits(alert: Alert, asked: Asked, around: Surroundings) -> bool:
    return (
        asked.kind in ("", alert.kind)
        and asked.severity in ("", alert.severity.value)
        and (not asked.channel or asked.channel in alert.channels)
        and asked.find.lower() in _words(alert)
        and _is_there(alert, asked, around)
        and _is_whose(alert, asked, around)
    )


def _words(alert: Alert) -> str:
    words = (alert.kind, alert.kind.replace("-", " "), alert.scope, *alert.channels, alert.test or "", alert.message)
    return "\n".join(words).lower()


def _is_there(alert: Alert, asked: Asked, around: Surroundings) -> bool:
    wanted = [f"{kind}:{name}" for kind, name in (("cycler", asked.cycler), ("chamber", asked.chamber)) if name]
    if not wanted or _concerns_all(alert):
        return True
    scopes = [{alert.scope}, *(set(around.topology.scopes_of(channel)) for channel in alert.channels)]
    if len(wanted) == 1:
        return any(wanted[0] in names for names in scopes)
    return any(all(one in names for one in wanted) for names in scopes)


def _is_whose(alert: Alert, asked: Asked, around: Surroundings) -> bool:
    wanted = {name: value for name, value in (("batch", asked.batch), ("owner", asked.owner)) if value}
    if not wanted or _concerns_all(alert):
        return True
    tests = [alert.test] if alert.test else [around.running.get(channel) for channel in alert.channels]
    facts = [around.facts.get(test, {}) for test in tests if test]
    return any(all(one.get(name) == value for name, value in wanted.items()) for one in facts)


def _concerns_all(alert: Alert) -> bool:
    return alert.scope == "lab"
