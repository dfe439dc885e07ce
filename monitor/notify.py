"""notify: takes notices out of the durable outbox and brings them to people.

The main loop wakes when something is put into the outbox, decides to whom it goes, and keeps that in Redis in the
same step in which the notice leaves the outbox. A courier for each target does the rest. Without targets the
notices are written to the log. Of several notifiers one is at work at a time, by a lease; the others wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from cycling.digest import Lines, digest, due_day
from cycling.reminders import ToldOf, forgotten, reminder
from cycling.routing import About, about, digest_targets
from cycling.types import Notice
from data_access.deliveries import Delivery
from data_access.lab import Lab, StoreAway
from data_access.leases import Lease
from monitor.couriers import Couriers, Outgoing
from monitor.planning import plan, told_of
from monitor.pulse import Pulse, trouble

__all__ = ["Notifier", "Outgoing", "run"]

BEAT_SECONDS = 1.0
ROUTINE_SECONDS = 10.0  # reminders, the digest, and what has waited for too long
TIDY_SECONDS = 3600.0
AWAY_SECONDS = 1.0
HOLD_SECONDS = 2.5  # between two prolongings of the lease, which is for ten
DAY = 86_400.0

log = logging.getLogger("cellwatch.notices")


def run(lab: Lab, stop: threading.Event, clock: Callable[[], float], outgoing: Outgoing | None = None) -> None:
    """Bring notices to people until told to stop."""
    notifier = Notifier(lab, outgoing or Outgoing(), clock)
    if notifier.outgoing.heartbeat_url:
        Pulse(notifier.outgoing.heartbeat_url, notifier.trouble, stop).start()
    was_away = ""
    while not stop.is_set():
        try:
            if notifier.round():
                lab.live.wait_for_notices(BEAT_SECONDS)
            else:
                stop.wait(BEAT_SECONDS)
            was_away = ""
        except StoreAway as away:
            if str(away) != was_away:
                log.warning("%s Notices wait in the outbox until it is back.", away)
            was_away = str(away)
            stop.wait(AWAY_SECONDS)
    notifier.end()


class Notifier:
    """The outbox on one side, a courier for every target on the other."""

    def __init__(self, lab: Lab, outgoing: Outgoing, clock: Callable[[], float]) -> None:
        self.lab, self.outgoing, self.clock = lab, outgoing, clock
        self.routing, self.zone = lab.topology.routing, ZoneInfo(lab.topology.timezone)
        self.couriers = Couriers(lab, outgoing, clock)
        self.targets: dict[str, tuple[str, ...]] = {}  # behind each name of a route
        for target in outgoing.senders:
            name = target.partition(":")[0]
            self.targets[name] = (*self.targets.get(name, ()), target)
        self.heard_at = clock()
        self.written = 0
        self._lease = Lease(lab.live, "notify", resumes=True)
        self._token: str | None = None
        self._held_at = 0.0
        self._waits = False
        self._beat_at = self._routine_at = self._tidied_at = -TIDY_SECONDS

    def round(self) -> bool:
        """Take what waits, and do what is due; says whether it is this notifier's turn. Raises StoreAway."""
        self.heard_at = self.clock()
        if not self._has_turn():
            return False
        self.couriers.begin()
        self.take_waiting()
        now, steady = self.clock(), time.monotonic()
        self.couriers.revive()
        if steady - self._routine_at >= ROUTINE_SECONDS:
            self.remind(now)
            self.make_digest(now)
            self.couriers.complain()
            self._routine_at = steady
        if steady - self._beat_at >= BEAT_SECONDS * 0.9:
            self.lab.live.beat("notify", {"written": self.written, **self.couriers.told()}, now)
            self._beat_at = steady
        if steady - self._tidied_at > TIDY_SECONDS:
            self.lab.live.forget_notices(now)
            self._tidied_at = steady
        return True

    def take_waiting(self) -> int:
        """Say to whom everything in the outbox goes; returns how many there were."""
        waiting = self.lab.live.take_notices()
        if not waiting:
            return 0
        known, about_of = self.lab.live.told_of(), self._about()
        for notice in waiting:
            self._post(notice, known, about_of, routine=False)
        return len(waiting)

    def remind(self, now: float) -> None:
        """Tell again what is open and nobody has acknowledged."""
        known = self.lab.live.told_of()
        if not known:
            return
        alerts = {alert.id: alert for alert in self.lab.live.alerts(open_only=True)}
        self.lab.live.forget_told(forgotten(known.values(), alerts, now))
        about_of: Callable[[Notice], About] | None = None
        for told in known.values():
            notice = reminder(told, alerts, self.routing, now)
            if notice is not None:
                about_of = about_of or self._about()
                self._post(notice, {notice.alert: told}, about_of)

    def make_digest(self, now: float) -> None:
        """Make the digest of the day when it is due; a lab that begins today begins with tomorrow's."""
        last = self.lab.live.last_digest()
        day = due_day(self.routing, self.zone, last, now)
        if day is None:
            return
        targets = digest_targets(self.routing) if last is not None else {}
        since = max(last[1], now - 7 * DAY) if last is not None else now
        alerts = self.lab.live.alerts() if targets else []
        for person, names in targets.items():
            lines = self._lines(person) if person is not None else Lines()
            made = digest(day, alerts, since, now, lines)
            if made is not None:
                self._send(made, [target for name in names for target in self.targets.get(name, ())], now)
        self.lab.live.digest_made(day.isoformat(), now)

    def trouble(self) -> str | None:
        """Why the lab is not being watched, or people not told; None when all is well."""
        return trouble(self.lab, self.heard_at, self.clock())

    def end(self) -> None:
        """Begin nothing more, and let another notifier have the turn at once."""
        self.couriers.end()
        try:
            self._lease.release()
        except StoreAway as away:
            log.warning("%s The lease runs out by itself.", away)

    def _has_turn(self) -> bool:
        """Whether this notifier is the one at work. One that was not for a while begins anew with what is stored."""
        steady = time.monotonic()
        if self._token is not None and steady - self._held_at < HOLD_SECONDS:
            return True
        token, before = self._lease.hold(), self._token
        if token is None and (before is not None or not self._waits):
            log.warning("Another notifier is at work; this one waits for its turn.")
        if token != before:
            self.couriers.halt()
        self._waits, self._token, self._held_at = token is None, token, steady
        return token is not None

    def _post(
        self, notice: Notice, known: dict[str, ToldOf], about_of: Callable[[Notice], About], *, routine: bool = True
    ) -> None:
        now = self.clock()
        before = told_of(notice, known)
        found = plan(notice, before, about_of(notice), self.routing, self.zone, self.targets, now, routine)
        if routine and notice.reason == "reminder" and not found.deliveries:
            return  # those who were told are not at work
        if not self.lab.live.post(notice, found.deliveries, found.told, found.forget):
            return
        if found.told is not None:
            known[found.told.alert] = found.told
        elif found.forget is not None:
            known.pop(found.forget, None)
        self._write(notice)
        for name in found.unset:
            log.error("The notice %s was to go to %s, which is not set.", notice.id, name)
        self.couriers.give(notice, found.deliveries)

    def _send(self, notice: Notice, targets: list[str], now: float) -> None:
        """A notice to these targets, once."""
        deliveries = [Delivery(notice=notice.id, target=one, not_before=now, since=now) for one in targets]
        if self.lab.live.post(notice, deliveries):
            self._write(notice)
            self.couriers.give(notice, deliveries)

    def _write(self, notice: Notice) -> None:
        self.written += 1
        log.info("%s %s: %s", notice.severity, notice.reason, notice.text.replace("\n", " "))

    def _about(self) -> Callable[[Notice], About]:
        """What the channels of a notice have to do with; asks for tests only where a route asks for owners."""
        owners, batches = self._tests() if self.routing.needs_tests else ({}, {})
        return partial(about, places=self.lab.topology.scopes_of, owner_of=owners.get, batch_of=batches.get)

    def _tests(self) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """Owner and batch of the test of every channel."""
        tests = {told["test"]: told for told in self.lab.tests.all()}
        runs = {state.channel: tests.get(state.test or "", {}) for state in self.lab.live.states()}
        owners = {channel: told.get("owner") for channel, told in runs.items()}
        return owners, {channel: told.get("batch") for channel, told in runs.items()}

    def _lines(self, person: str) -> Lines:
        owners, _batches = self._tests()
        return Lines(
            whose=person, concerns=lambda alert: any(owners.get(channel) == person for channel in alert.channels)
        )
