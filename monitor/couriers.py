"""The couriers of all targets: what each is given, what an earlier process left to it, and how they stand."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cycling.recording import span
from cycling.telling import message
from cycling.types import Notice
from data_access.deliveries import Delivery
from data_access.lab import Lab
from monitor.courier import Courier, Letter
from monitor.senders import Sender

LAST_WORD_SECONDS = 1.0  # for what is under way when the process is told to stop

log = logging.getLogger("cellwatch.notices")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What the environment says of the ways out."""

    senders: Mapping[str, Sender] = field(default_factory=dict)
    unset: tuple[str, ...] = ()  # variables that lab.toml names and the environment does not have
    address: str = "http://127.0.0.1:8050"  # of the pages
    heartbeat_url: str | None = field(default=None, repr=False)


class Couriers:
    """A courier for every configured target."""

    def __init__(self, lab: Lab, outgoing: Outgoing, clock: Callable[[], float]) -> None:
        self.lab, self.outgoing, self.clock = lab, outgoing, clock
        self.overdue_seconds = lab.topology.routing.undelivered_hours * 3600
        self._couriers: dict[str, Courier] = {}
        self._stranded: dict[str, int] = {}  # what waits for targets that are not configured any more
        self._begun = False

    def begin(self) -> None:
        """Starts them, with what an earlier process left to them; once, until they are halted. Raises StoreAway."""
        if self._begun:
            return
        left: dict[str, dict[str, Letter]] = {}
        for delivery in self.lab.live.deliveries():
            notice = self.lab.live.notice(delivery.notice)
            if notice is None:
                self.lab.live.delivered(delivery, self.clock())  # its text is gone: there is nothing to tell
                log.error("The notice %s for %s is lost.", delivery.notice, delivery.target)
            else:
                left.setdefault(delivery.target, {})[delivery.field] = self._letter(delivery, notice)
        for target, sender in self.outgoing.senders.items():
            courier = Courier(target, sender, self.lab, self.clock, left.pop(target, {}))
            self._couriers[target] = courier
            courier.start()
        self._stranded = {target: len(letters) for target, letters in left.items()}
        for name in self.outgoing.unset:
            log.warning("lab.toml names %s, which is not set: nobody is told through it.", name)
        self._begun = True

    def halt(self) -> None:
        """They begin nothing more, and are begun anew next time."""
        for courier in self._couriers.values():
            courier.end()
        self._couriers.clear()
        self._begun = False

    def end(self) -> None:
        """What is under way gets a moment, and otherwise is told again next time."""
        ending = list(self._couriers.values())
        self.halt()
        until = time.monotonic() + LAST_WORD_SECONDS
        for courier in ending:
            if courier.is_alive():
                courier.join(max(until - time.monotonic(), 0.0))

    def give(self, notice: Notice, deliveries: Iterable[Delivery]) -> None:
        """One notice more, to be brought to these targets."""
        for delivery in deliveries:
            self._couriers[delivery.target].give(self._letter(delivery, notice))

    def _letter(self, delivery: Delivery, notice: Notice) -> Letter:
        told = message(notice, self.lab.topology.name, self.outgoing.address)
        return Letter(delivery=delivery, message=told, sent_at=notice.sent_at)

    def revive(self) -> None:
        """A courier that died of a fault of ours goes on from what it had; its traceback is in the log."""
        for target, courier in list(self._couriers.items()):
            if not courier.is_alive():
                log.error("The courier of %s died; another one goes on.", target)
                self._couriers[target] = Courier(target, courier.sender, self.lab, self.clock, courier.letters)
                self._couriers[target].standing.unmarked = courier.standing.unmarked
                self._couriers[target].start()

    def complain(self) -> None:
        """Say in the log, once of each, what has waited for too long."""
        for target, courier in self._couriers.items():
            for letter in courier.overdue(self.overdue_seconds):
                if not letter.complained:
                    letter.complained = True
                    why = courier.standing.why or "was not reached"
                    log.error("Notice %s is still not delivered: %s %s.", letter.message.id, target, why)

    def told(self) -> dict[str, Any]:
        """What the heartbeat of the process says of them."""
        targets: dict[str, str] = {}
        for courier in self._couriers.values():
            targets |= courier.told()
        waiting = sum(len(courier.letters) for courier in self._couriers.values())
        return {"waiting": waiting, "targets": targets, "error": self._error(self.clock())}

    def _error(self, now: float) -> str | None:
        """What a person must mend, in sentences; None when there is nothing."""
        said = [f"{name} is named in lab.toml and not set: nobody is told through it." for name in self.outgoing.unset]
        for target, count in self._stranded.items():
            said.append(f"{count} notices wait for {target}, which is not configured any more.")
        for target, courier in self._couriers.items():
            late = courier.overdue(self.overdue_seconds)
            if late:
                oldest = span(now - min(letter.delivery.since for letter in late))
                why = courier.standing.why or "was not reached"
                said.append(f"{target} {why}: {len(late)} notices wait, the oldest for {oldest}. They are kept.")
        return " ".join(said) or None
