"""The courier of one target: a thread that delivers what waits for it, again and again until it is taken.

Every target has a courier of its own, so that one which is slow or away delays no other. What was delivered is
marked in Redis only then: a courier that is killed in between delivers once more, under the same id, rather than
never.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cycling.recording import span
from cycling.telling import Message
from data_access.deliveries import Delivery
from data_access.lab import Lab, StoreAway
from monitor.senders import NotTaken, Sender

SHORTEST_PAUSE = 1.0  # seconds between two tries at first,
LONGEST_PAUSE = 60.0  # and at last;
PAUSE_SHARE = 1 / 120  # in between a share of how long it has failed: 2 s after four minutes
PASSED_AFTER = 3  # failures of one message, after which others may go before it
IN_A_ROW = 3  # messages that are refused, after which the target rests as if it were away

log = logging.getLogger("cellwatch.notices")


def pause_after(failing_seconds: float) -> float:
    """How long to wait for the next try when it has failed for so long."""
    return min(max(failing_seconds * PAUSE_SHARE, SHORTEST_PAUSE), LONGEST_PAUSE)


@dataclass(kw_only=True)
class Letter:
    """A message on its way, and what became of it so far."""

    delivery: Delivery
    message: Message
    sent_at: float
    tries: int = 0
    passed: int = 0  # failures that let others go before it
    failed_at: float = 0.0  # monotonic, its first failure
    rest_until: float = 0.0  # monotonic
    complained: bool = False


@dataclass(kw_only=True)
class Standing:
    """How the target stands, as /health tells it."""

    why: str = ""  # what its last failure was; "" when the last try succeeded
    failing_since: float = 0.0  # monotonic
    in_row: int = 0
    rest_until: float = 0.0
    delivered: int = 0
    unmarked: list[tuple[Delivery, float]] = field(default_factory=list)


class Courier(threading.Thread):
    """Delivers to one target."""

    def __init__(
        self,
        target: str,
        sender: Sender,
        lab: Lab,
        clock: Callable[[], float],
        letters: Mapping[str, Letter] | None = None,
    ) -> None:
        super().__init__(name=f"courier {target}", daemon=True)
        self.target, self.sender, self.lab, self.clock = target, sender, lab, clock
        self.letters: dict[str, Letter] = dict(letters or {})
        self.standing = Standing()
        self._changed = threading.Condition()
        self._ended = False

    def give(self, letter: Letter) -> None:
        """One more to deliver."""
        with self._changed:
            self.letters.setdefault(letter.delivery.field, letter)
            self._changed.notify()

    def end(self) -> None:
        """Begin nothing more; what is under way may still be finished."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def run(self) -> None:
        while not self._ended:
            self._mark()
            letter = self._next()
            if letter is None:
                continue
            letter_began = time.monotonic()
            try:
                self.sender.send(letter.message, letter.tries)
            except NotTaken as error:
                self._failed(letter, error, letter_began)
            else:
                self._taken(letter)
        self._mark()

    def overdue(self, seconds: float) -> list[Letter]:
        """What has waited longer than that since it was to be told."""
        now = self.clock()
        with self._changed:
            return [one for one in self.letters.values() if now - _due_at(one) > seconds]

    def _next(self) -> Letter | None:
        """The letter to deliver now; waits a moment where there is none."""
        with self._changed:
            now, steady = self.clock(), time.monotonic()
            ready = [
                one for one in self.letters.values() if one.delivery.not_before <= now and one.rest_until <= steady
            ]
            if ready and steady >= self.standing.rest_until and not self._ended:
                return min(ready, key=lambda one: (one.passed, one.delivery.not_before, one.sent_at))
            rests = [self.standing.rest_until, *(one.rest_until for one in self.letters.values())]
            waits = [until - steady for until in rests if until > steady]
            if not self._ended:
                self._changed.wait(min([*waits, 1.0]) + 0.001)
            return None

    def _taken(self, letter: Letter) -> None:
        with self._changed:
            del self.letters[letter.delivery.field]
        standing = self.standing
        if standing.why:
            away = time.monotonic() - standing.failing_since
            log.info("%s takes notices again, after %s.", self.target, span(away) if away >= 60 else f"{away:.0f} s")
        standing.why, standing.in_row, standing.rest_until = "", 0, 0.0
        standing.delivered += 1
        standing.unmarked.append((letter.delivery, self.clock()))
        log.info("Told %s: notice %s.", self.target, letter.message.id)

    def _failed(self, letter: Letter, error: NotTaken, began: float) -> None:
        standing, now = self.standing, time.monotonic()
        if not standing.why:
            standing.failing_since = began
        if standing.why != str(error):
            log.warning("%s (%s) %s. Its notices wait and are tried again.", self.target, self.sender.kind, error)
        standing.why = str(error)
        standing.in_row += 1
        letter.failed_at = letter.failed_at or began
        letter.tries += 1
        letter.rest_until = now + pause_after(now - letter.failed_at)
        if error.refused or (letter.tries > PASSED_AFTER and not error.away):
            letter.passed += 1
        if not letter.passed or standing.in_row >= IN_A_ROW:
            standing.rest_until = now + pause_after(now - standing.failing_since)

    def _mark(self) -> None:
        """Keeps in Redis what was delivered; while that is away it is remembered here, and not delivered again."""
        unmarked = self.standing.unmarked
        while unmarked:
            try:
                self.lab.live.delivered(*unmarked[0])
            except StoreAway:
                return
            unmarked.pop(0)

    def told(self) -> dict[str, Any]:
        """What the heartbeat says of it."""
        said = f"{self.standing.delivered} told"
        waiting = len(self.letters)
        if waiting:
            said += f", {waiting} waiting"
        return {self.target: f"{said}, {self.standing.why}" if self.standing.why else said}


def _due_at(letter: Letter) -> float:
    return max(letter.delivery.since, letter.delivery.not_before)
