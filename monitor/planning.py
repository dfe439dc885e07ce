"""To whom a notice goes: as the routes say, and what follows of an alert goes where its beginning went. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from cycling.reminders import ToldOf
from cycling.routing import WEBHOOK, About, Routing, recipients
from cycling.types import Notice
from data_access.deliveries import Delivery

BEGINNINGS = ("opened", "escalated")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to keep for a notice: its deliveries, to whom its alert is told, or that nothing more will be said."""

    deliveries: tuple[Delivery, ...]
    told: ToldOf | None = None
    forget: str | None = None
    unset: tuple[str, ...] = ()  # targets that are named but have no address


def plan(
    notice: Notice,
    before: ToldOf | None,
    about: About,
    routing: Routing,
    zone: ZoneInfo,
    targets: Mapping[str, Collection[str]],
    now: float,
    routine: bool = True,
) -> Plan:
    """The plan for one notice. ``targets`` says which targets stand behind each name of a route. A reminder of the
    ``routine`` is for those who are told now; one of the watch has news, which waits for the others."""
    found = {one.target: one.not_before for one in recipients(notice, about, routing, zone, now)}
    unset = tuple(name for name in found if name != WEBHOOK and not targets.get(name))
    wanted = {target: at for name, at in found.items() for target in targets.get(name, ())}
    if before is not None and notice.reason == "reminder" and routine:
        wanted = {target: at for target, at in wanted.items() if target in before.targets and at <= now}
    elif before is not None:
        earlier = {target: max(now, at) for target, at in before.targets.items()}
        wanted = earlier if notice.reason not in BEGINNINGS else {**wanted, **_earliest(earlier, wanted)}
    deliveries = tuple(
        Delivery(notice=notice.id, target=target, not_before=at, since=now) for target, at in wanted.items()
    )
    alerts = tuple(dict.fromkeys((*(before.alerts if before else ()), notice.alert, *notice.alerts)))
    if notice.reason in BEGINNINGS:
        kept = {**wanted, **(before.targets if before else {})}
        key = before.alert if before else notice.alert
        told = ToldOf(alert=key, alerts=alerts, targets=kept, at=now) if kept else None
        return Plan(deliveries=deliveries, told=told, unset=unset)
    if before is None:
        return Plan(deliveries=deliveries, unset=unset)
    if notice.reason == "resolved":
        left = tuple(one for one in before.alerts if one not in (notice.alert, *notice.alerts))
        if left:
            return Plan(deliveries=deliveries, told=replace(before, alerts=left), unset=unset)
        return Plan(deliveries=deliveries, forget=before.alert, unset=unset)
    return Plan(deliveries=deliveries, told=replace(before, at=now, reminders=before.reminders + 1), unset=unset)


def told_of(notice: Notice, known: Mapping[str, ToldOf]) -> ToldOf | None:
    """To whom the alert of a notice was told before."""
    if notice.alert in known:
        return known[notice.alert]
    return next((one for one in known.values() if notice.alert in one.alerts), None)


def _earliest(earlier: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    return {target: min(at, wanted.get(target, at)) for target, at in earlier.items()}
