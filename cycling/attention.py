"""What a lab should look at besides its alerts: cells near their end, tests that end soon, free channels, and data to
mend. Everything is worked out from what is known at ``now``; what is not known is not told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cycling.ageing import WEEK, Ahead, Recent, counts_to, fades_to, health_now
from cycling.topology import UNLISTED, TestFacts, Topology
from cycling.types import Alert, ChannelState

NEAR = 0.02  # of the reference: so far above its end of life a cell is near it
OF_AGE = ("end-of-life", "knee", "capacity-drop")  # alerts that belong to a cell near its end
NEEDED = ("cell", "batch", "nominal_capacity_ah")  # facts without which a test cannot be compared
END_OF_LIFE = TestFacts(test="").end_of_life_fraction
MOST_SOURCES = 5


@dataclass(frozen=True, kw_only=True)
class Ageing:
    """A running cell near its end: ``why`` has the kinds of its open alerts, and is empty when only numbers say so."""

    channel: str
    test: str
    cell: str | None
    batch: str | None
    cycle_count: int | None
    state_of_health: float | None
    end_of_life_fraction: float
    why: tuple[str, ...]
    since: float | None  # when the first of these alerts opened


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A running test that ends within 7 days if it goes on as it did: ``by`` its fade or its planned cycles."""

    channel: str
    test: str
    cell: str | None
    batch: str | None
    by: str  # fade | planned
    until: float  # the state of health or the number of cycles at which it ends
    at: float
    cycles: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A test that finished in the last 7 days."""

    channel: str
    test: str | None
    at: float
    message: str


@dataclass(frozen=True, kw_only=True)
class Free:
    """A channel that answers and has nothing to do: finished or idle. ``since`` None: not known."""

    channel: str
    state: str
    test: str | None
    since: float | None


@dataclass(frozen=True, kw_only=True)
class Slots:
    """How many channels of a cycler never sent anything."""

    cycler: str
    channels: int
    unheard: int


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """Rows of the last 7 days that could not be taken, of one source; ``reason`` is that of the newest."""

    source: str
    rows: int
    newest: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Attention:
    """All of it. ``tests`` maps a running test to its batch and owner; ``first`` is when the archive begins, None where
    that is not known; ``away`` why the cycles could not be read, "" when they could."""

    at: float
    first: float | None
    away: str
    ageing: tuple[Ageing, ...]
    ending: tuple[Ending, ...]
    finished: tuple[Finished, ...]
    free: tuple[Free, ...]
    slots: tuple[Slots, ...]
    rejected: tuple[Rejected, ...]
    rejected_more: bool  # there are more than were looked through
    missing: Mapping[str, tuple[str, ...]]  # fact -> channels whose test lacks it
    unlisted: tuple[str, ...]
    tests: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, under the names of the API."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known at ``now``: the newest states, facts by test, newest cycles by test, alerts and rejected rows
    (newest first) of the last 7 days."""

    now: float
    topology: Topology
    states: Sequence[ChannelState]
    facts: Mapping[str, Mapping[str, Any]]
    recent: Mapping[str, Recent]
    alerts: Sequence[Alert]
    rejected: Sequence[Mapping[str, Any]]
    rejected_more: bool = False
    first: float | None = None
    away: str = ""


def attention(known: Known) -> Attention:
    """What there is to look at."""
    running = [state for state in known.states if state.test and state.phase not in ("finished", "idle")]
    return Attention(
        at=known.now,
        first=known.first,
        away=known.away,
        ageing=_ageing(running, known),
        ending=_ending(running, known),
        finished=_finished(known),
        free=_free(known),
        slots=_slots(known),
        rejected=_rejected(known.rejected, known.now),
        rejected_more=known.rejected_more,
        missing=_missing(running, known),
        unlisted=tuple(sorted(s.channel for s in known.states if s.cycler == UNLISTED and known.topology.cyclers)),
        tests={s.test: _whose(s.test, known) for s in known.states if s.test},
    )


def _whose(test: str, known: Known) -> dict[str, Any]:
    facts = known.facts.get(test, {})
    return {name: facts.get(name) for name in ("batch", "owner")}


def _limit(test: str, known: Known) -> float:
    return float(known.facts.get(test, {}).get("end_of_life_fraction") or END_OF_LIFE)


def _ageing(running: Iterable[ChannelState], known: Known) -> tuple[Ageing, ...]:
    """Nearest to their end first."""
    found = [one for state in running if (one := _age(state, known)) is not None]
    return tuple(sorted(found, key=lambda one: ((one.state_of_health or 1.0) - one.end_of_life_fraction, one.channel)))


def _age(state: ChannelState, known: Known) -> Ageing | None:
    test = state.test or ""
    recent, limit = known.recent.get(test), _limit(test, known)
    health = None if recent is None else health_now(recent)
    alerts = [alert for alert in known.alerts if alert.open and alert.test == test and alert.kind in OF_AGE]
    if not alerts and (health is None or health > limit + NEAR):
        return None
    facts = known.facts.get(test, {})
    return Ageing(
        channel=state.channel,
        test=test,
        cell=facts.get("cell"),
        batch=facts.get("batch"),
        cycle_count=state.cycle_count,
        state_of_health=health,
        end_of_life_fraction=limit,
        why=tuple(sorted({alert.kind for alert in alerts})),
        since=min((alert.opened_at for alert in alerts), default=None),
    )


def _ending(running: Iterable[ChannelState], known: Known) -> tuple[Ending, ...]:
    """Soonest first."""
    found = [one for state in running for one in _ends(state, known)]
    return tuple(sorted(found, key=lambda one: (one.at, one.channel)))


def _ends(state: ChannelState, known: Known) -> Iterable[Ending]:
    test = state.test or ""
    facts, recent = known.facts.get(test, {}), known.recent.get(test)
    if recent is None:
        return
    limit, planned = _limit(test, known), facts.get("planned_cycles")
    fade = fades_to(limit, recent, known.now)
    count = counts_to(float(planned), recent, known.now) if isinstance(planned, int | float) else None
    ways: list[tuple[str, float, Ahead | None]] = [("fade", limit, fade), ("planned", float(planned or 0), count)]
    for by, until, ahead in ways:
        if ahead is not None:
            yield Ending(
                channel=state.channel,
                test=test,
                cell=facts.get("cell"),
                batch=facts.get("batch"),
                by=by,
                until=until,
                **vars(ahead),
            )


def _finished(known: Known) -> tuple[Finished, ...]:
    """Newest first, each test once."""
    told = [alert for alert in known.alerts if alert.kind == "finished" and alert.opened_at >= known.now - WEEK]
    newest = {(alert.channels, alert.test): alert for alert in sorted(told, key=lambda alert: alert.opened_at)}
    rows = [
        Finished(channel=alert.channels[0], test=alert.test, at=alert.opened_at, message=alert.message)
        for alert in newest.values()
        if alert.channels
    ]
    return tuple(sorted(rows, key=lambda one: (-one.at, one.channel)))


def _free(known: Known) -> tuple[Free, ...]:
    """Longest free first; those of which it is not known last."""
    ended = {alert.test: alert.opened_at for alert in known.alerts if alert.kind == "finished" and alert.open}
    found = []
    for state in known.states:
        word = state.state_at(known.now)
        if word in ("finished", "idle"):
            recent = known.recent.get(state.test or "")
            last = float(recent.end[-1]) if recent is not None and len(recent.end) else None
            since = ended.get(state.test, last)
            found.append(Free(channel=state.channel, state=word, test=state.test, since=since))
    return tuple(sorted(found, key=lambda one: (one.since is None, one.since or 0.0, one.channel)))


def _slots(known: Known) -> tuple[Slots, ...]:
    heard = {state.channel for state in known.states}
    counted = [(cycler, sum(name not in heard for name in cycler.channel_ids)) for cycler in known.topology.cyclers]
    return tuple(Slots(cycler=one.id, channels=one.channels, unheard=n) for one, n in counted if n)


def _rejected(rows: Iterable[Mapping[str, Any]], now: float) -> tuple[Rejected, ...]:
    """By source, the most rows first."""
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if float(row["when"]) >= now - WEEK:
            by_source.setdefault(str(row["source"]), []).append(row)
    found = [
        Rejected(source=source, rows=len(told), newest=float(told[0]["when"]), reason=str(told[0]["reason"]))
        for source, told in by_source.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.rows, one.source))[:MOST_SOURCES])


def _missing(running: Iterable[ChannelState], known: Known) -> dict[str, tuple[str, ...]]:
    tests = [(state.channel, known.facts.get(state.test or "", {})) for state in running]
    found = {name: tuple(sorted(ch for ch, facts in tests if facts.get(name) in (None, ""))) for name in NEEDED}
    return {name: channels for name, channels in found.items() if channels}
