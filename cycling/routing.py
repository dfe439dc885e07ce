"""Who is told of what, and when: the people and routes of lab.toml, and the table they make. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from cycling.types import Notice, Severity

WEBHOOK = "webhook"  # the target of CELLWATCH_WEBHOOK_URL
OWNER = "owner"  # in a route: whoever owns the tests that a notice is about
VARIABLE = "CELLWATCH_NOTIFY_"  # how the names of variables with addresses begin
ALWAYS, WORKING_HOURS, DIGEST = "always", "working-hours", "digest"
WHENS = (ALWAYS, WORKING_HOURS, DIGEST)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING_DAYS = DAYS[:5]
ANNOUNCED = (Severity.P1, Severity.P2, Severity.P3)
LATER = (Severity.P3,)  # waits for the digest where a route does not say when


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When somebody is at work, in the lab's local time."""

    begin: time = time(8)
    end: time = time(18)
    days: tuple[str, ...] = WORKING_DAYS

    def next_at_work(self, now: float, zone: ZoneInfo) -> float:
        """``now`` when that is working time, else the UTC second at which work begins next."""
        local = datetime.fromtimestamp(now, zone)
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            if DAYS[day.weekday()] not in self.days:
                continue
            begin = datetime.combine(day, self.begin, zone).timestamp()
            if now < begin:
                return begin
            if now < datetime.combine(day, self.end, zone).timestamp():
                return now
        return now  # no day of the week is a working day: never is worse than now


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can be told. ``notify`` names the environment variables that hold the addresses."""

    id: str
    name: str = ""
    notify: tuple[str, ...] = ()
    hours: Hours = field(default_factory=Hours)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule: notices that fit go to these people and addresses. An empty condition fits everything."""

    to: tuple[str, ...]  # ids of people, owner, webhook, or names of environment variables
    severities: tuple[Severity, ...] = ANNOUNCED
    scopes: tuple[str, ...] = ()  # lab | power_circuit:… | cycler:… | chamber:… | channel:… | batch:…
    owners: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    when: str | None = None  # always | working-hours | digest; None: P1 and P2 always, P3 in the digest
    unattended: tuple[str, ...] = ()  # who is told while none of ``to`` is at work

    def when_for(self, severity: Severity) -> str:
        return self.when or (DIGEST if severity in LATER else ALWAYS)


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Everything that lab.toml says of notices. Without routes they are written to the log only."""

    people: tuple[Person, ...] = ()
    routes: tuple[Route, ...] = ()
    digest_at: time = time(7, 30)
    digest_days: tuple[str, ...] = WORKING_DAYS
    remind_p1_minutes: float = 15.0  # 0: never
    remind_p2_minutes: float = 240.0
    undelivered_hours: float = 1.0  # after so long in vain it is said on /health

    @property
    def needs_tests(self) -> bool:
        """Whether it matters whose tests a notice is about, or of which batch."""
        return any(
            route.owners or OWNER in (*route.to, *route.unattended) or any(s.startswith("batch:") for s in route.scopes)
            for route in self.routes
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of all environment variables with addresses."""
        named = [name for person in self.people for name in person.notify]
        named += [name for route in self.routes for name in (*route.to, *route.unattended) if name.startswith(VARIABLE)]
        return tuple(dict.fromkeys(named))

    def remind_seconds(self, severity: Severity) -> float:
        """After how long an open alert that nobody acknowledged is told again; 0 for never."""
        minutes = {Severity.P1: self.remind_p1_minutes, Severity.P2: self.remind_p2_minutes}
        return 60 * minutes.get(severity, 0.0)


@dataclass(frozen=True, kw_only=True)
class About:
    """What a notice's channels have to do with: owners and batches of their tests, and where they stand."""

    owners: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()  # cycler:… chamber:… power_circuit:… of its channels


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A target (the webhook, or an environment variable) and the UTC second before which it is not told."""

    target: str
    not_before: float


def recipients(notice: Notice, about: About, routing: Routing, zone: ZoneInfo, now: float) -> tuple[Recipient, ...]:
    """Whom a notice goes to by itself, each once and as early as any route says.

    What a route leaves for the digest is not among them. The webhook gets every notice at once, unless routes name
    it; the one that runs the notices knows whether there is a webhook.
    """
    found: dict[str, float] = {}
    if not names_webhook(routing):
        found[WEBHOOK] = now
    for route in routing.routes:
        if not fits(route, notice, about):
            continue
        when = route.when_for(notice.severity)
        if when != DIGEST:
            for target, at in _told(route, when == ALWAYS, about, routing, zone, now):
                found[target] = min(at, found.get(target, at))
    return tuple(Recipient(target=target, not_before=at) for target, at in found.items())


def fits(route: Route, notice: Notice, about: About) -> bool:
    """Whether a route is about a notice."""
    return (
        notice.severity in route.severities
        and (not route.kinds or notice.kind in route.kinds)
        and (not route.owners or bool(about.owners.intersection(route.owners)))
        and (not route.scopes or any(_covers(scope, notice, about) for scope in route.scopes))
    )


def _covers(scope: str, notice: Notice, about: About) -> bool:
    """A scope covers what stands in it: one channel of a notice is enough for somebody to be concerned."""
    kind, _, name = scope.partition(":")
    if kind == "lab" or scope == notice.scope or scope in about.places:
        return True
    return (kind == "channel" and name in notice.channels) or (kind == "batch" and name in about.batches)


def _told(
    route: Route, always: bool, about: About, routing: Routing, zone: ZoneInfo, now: float
) -> Iterator[tuple[str, float]]:
    anybody = False
    for hours, targets in _addressed(route.to, about.owners, routing):
        at = now if always else hours.next_at_work(now, zone)
        anybody = anybody or at <= now
        for target in targets:
            yield target, at
    if not anybody:
        for _hours, targets in _addressed(route.unattended, about.owners, routing):
            for target in targets:
                yield target, now


def _addressed(
    names: Collection[str], owners: Collection[str], routing: Routing
) -> Iterator[tuple[Hours, tuple[str, ...]]]:
    """The working hours and targets behind the names of a route."""
    people = {person.id: person for person in routing.people}
    for name in names:
        if name == WEBHOOK or name.startswith(VARIABLE):
            yield Hours(), (name,)
        wanted = sorted(owners) if name == OWNER else [name]
        for one in wanted:
            if one in people:
                yield people[one].hours, people[one].notify


def names_webhook(routing: Routing) -> bool:
    """Whether a route says what the webhook gets."""
    return any(WEBHOOK in (*route.to, *route.unattended) for route in routing.routes)


def digest_targets(routing: Routing) -> dict[str | None, tuple[str, ...]]:
    """Who gets the morning digest: under None those who get the whole lab's, under the id of a person those who get
    that of the tests this person owns."""
    whole: list[str] = [] if names_webhook(routing) else [WEBHOOK]
    of_owner: dict[str | None, tuple[str, ...]] = {}
    for route in routing.routes:
        if not any(route.when_for(severity) == DIGEST for severity in route.severities):
            continue
        whole += [target for _hours, targets in _addressed(route.to, (), routing) for target in targets]
        if OWNER in route.to:
            of_owner |= {person.id: person.notify for person in routing.people}
    kept = {one: tuple(target for target in found if target not in whole) for one, found in of_owner.items()}
    return {None: tuple(dict.fromkeys(whole)), **{one: found for one, found in kept.items() if found}}


def about(
    notice: Notice,
    places: Callable[[str], Collection[str]],
    owner_of: Callable[[str], str | None],
    batch_of: Callable[[str], str | None],
) -> About:
    """What the channels of a notice have to do with; ``places`` says the scopes in which a channel stands."""
    return About(
        owners=frozenset(owner for channel in notice.channels if (owner := owner_of(channel))),
        batches=frozenset(batch for channel in notice.channels if (batch := batch_of(channel))),
        places=frozenset(scope for channel in notice.channels for scope in places(channel)),
    )
