"""One batch of one cycler on its way into the stream: asked, corrected and sent again until it is stored.

The server-side script knows what Redis remembers. What it cannot know is asked of the archive first: readings
older than its memory, and, on a server that is new or restarted, the last id and the tests that run.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cycling.identity import CELL, CurrentTest, assign_tests
from cycling.readings import Batch
from cycling.topology import MOST_UNLISTED, UNLISTED
from cycling.types import Rejection
from data_access import codec, keys, tests_now
from data_access.connection import text
from data_access.errors import StoreAway
from data_access.fingerprints import fingerprints, without_repeats
from data_access.tests_now import Known

REMEMBERED = 7200.0  # seconds for which Redis knows a reading again
SPARE = 600.0  # and how much longer it does so, for clocks that differ
CLOCKS_DIFFER = 60.0  # seconds by which a cycler's clock may run ahead of ours without anybody minding
MOST_TRIES = 50
CONFLICT = "the same reading was sent before with other values; the first stays"

Rows = npt.NDArray[np.int64]
Begun = dict[str, dict[str, str]]  # test -> its channel and, where it is said, its cell


class Past(Protocol):
    """What ingest asks of what was stored before."""

    def position(self, cycler: str) -> int:
        """The last entry of the cycler's stream that the archive has."""

    def current_tests(self, cycler: str) -> Mapping[str, CurrentTest]:
        """The newest test of every channel of the cycler, as the archive knows it."""

    def known(self, cycler: str, batch: Batch) -> tuple[Rows, Rows]:
        """The rows that are stored already, and those that are stored with other values."""

    def forgets_nothing(self) -> bool:
        """Whether Redis still has all that it ever acknowledged and that was not trimmed."""


class Sender(Protocol):
    """What an attempt asks of the intake it works for."""

    where: str
    past: Past

    def script(self, name: str) -> Callable[..., Any]:
        """A server-side script."""

    def known(self, cycler: str, *, again: bool = False) -> Known:
        """The current tests of a cycler, as last read or read again."""

    def remember(self, cycler: str, known: Known) -> None:
        """The current tests are these now."""


class Attempt:
    """One batch of one cycler on its way through the script."""

    def __init__(self, intake: Sender, cycler: str, batch: Batch, received: float) -> None:
        self.intake, self.cycler, self.batch, self.received = intake, cycler, batch, received
        self.marks = fingerprints(batch)
        self.times = batch.numbers("unix_time_second")
        repeats = without_repeats(self.marks)
        self.rows = repeats.rows
        self.refused: list[Rejection] = []
        self._refuse(np.array(repeats.conflicts, dtype=np.int64), CONFLICT)
        self.start = ""  # the archive's position, once the script has asked for it
        self.restored: dict[str, CurrentTest] = {}
        self.asked_until = -math.inf  # rows before this time were looked up in the archive

    def run(self) -> tuple[list[Rejection], Begun]:
        """Tries until it is stored; says which rows were refused, and which tests the others began."""
        known = self.intake.known(self.cycler)
        for _ in range(MOST_TRIES):
            self._ask_the_archive(max(self.received - REMEMBERED, known.born + CLOCKS_DIFFER))
            self._limit_unlisted(known)
            if not len(self.rows):
                return self.refused, {}
            answer, begun = self._send(known)
            match text(answer[0]):
                case "ok":
                    return self.refused, begun
                case "start":
                    known = self._restart(text(answer[1]))
                case "tests":
                    known = self._reread()
                case _:
                    self._drop(answer[1], answer[2])
        raise StoreAway(
            f"Redis at {self.intake.where}: other processes change the tests of cycler {self.cycler!r} "
            f"faster than this one can store readings ({MOST_TRIES} tries). Try again."
        )

    def _send(self, known: Known) -> tuple[Any, Begun]:
        arrived = np.full(len(self.rows), self.received)
        part = self.batch.take(self.rows).with_columns(arrival_time_second=arrived)
        part, changed = assign_tests(part, known.tests)
        told = {**self.restored, **changed}
        version = uuid.uuid4().hex if told else ""
        buckets, self.sent = self._buckets()
        answer = self.intake.script("ingest")(
            keys=[
                keys.readings(self.cycler),
                keys.intake(self.cycler),
                keys.current_tests(self.cycler),
                *(keys.seen(self.cycler, minute) for minute in buckets),
            ],
            args=[
                *(codec.encode(part), known.version, version, self.start, self.received, len(self.rows)),
                len(told),
                *(x for channel, test in told.items() for x in (channel, tests_now.to_json(test))),
                *(x for minute, marks in buckets.items() for x in (self._end(minute), marks)),
            ],
        )
        if text(answer[0]) == "ok" and told:
            after = Known(version, known.born, {**known.tests, **told})
            self.intake.remember(self.cycler, after)
        return answer, _begun(part) if changed else {}

    def _buckets(self) -> tuple[dict[int, bytes], Rows]:
        """The fingerprints by minute of unix time, and the row of each in that order."""
        minutes = (self.times[self.rows] // 60).astype(np.int64)
        order = np.argsort(minutes, kind="stable")
        buckets: dict[int, list[bytes]] = {}
        for place in order:
            buckets.setdefault(int(minutes[place]), []).append(self.marks[self.rows[place]])
        return {minute: b"".join(marks) for minute, marks in buckets.items()}, self.rows[order]

    def _end(self, minute: int) -> int:
        return int(max(self.received, 60.0 * (minute + 1)) + REMEMBERED + SPARE)

    def _drop(self, duplicates: Sequence[int], conflicts: Sequence[int]) -> None:
        """Leaves out what the script knows already."""
        clash = self.sent[np.array(conflicts, dtype=np.int64)]
        gone = self.sent[np.array([*duplicates, *conflicts], dtype=np.int64)]
        self._refuse(clash, CONFLICT)
        self.rows = np.setdiff1d(self.rows, gone)

    def _restart(self, last: str) -> Known:
        """The server is new or restarted: ids go on from the archive, and an empty one learns its tests."""
        position = self._archived(last)
        self.start = str(position)
        known = self._reread()
        if not last and position:
            self.restored = dict(self.intake.past.current_tests(self.cycler))
            known = Known(known.version, self.received, {**self.restored, **known.tests})
        return known

    def _archived(self, last: str) -> int:
        """Where the archive stands. While it is away, a server that forgets nothing goes on from its own last id:
        readings must not be refused because the archive's disk or network is not there."""
        try:
            return self.intake.past.position(self.cycler)
        except StoreAway:
            if not last or not self.intake.past.forgets_nothing():
                raise
            return 0

    def _reread(self) -> Known:
        known = self.intake.known(self.cycler, again=True)
        return Known(known.version, known.born, {**self.restored, **known.tests}) if self.restored else known

    def _ask_the_archive(self, until: float) -> None:
        """Looks up rows too old for Redis to remember, once."""
        times = self.times[self.rows]
        old = self.rows[(times < until) & (times >= self.asked_until)]
        if len(old):
            same, other = self.intake.past.known(self.cycler, self.batch.take(old))
            self._refuse(old[other], CONFLICT)
            self.rows = np.setdiff1d(self.rows, old[np.concatenate([same, other])])
        self.asked_until = max(until, self.asked_until)

    def _limit_unlisted(self, known: Known) -> None:
        """Anybody may name a new channel, but not without end."""
        if self.cycler != UNLISTED:
            return
        room = MOST_UNLISTED - len(known.tests)
        channels = self.batch.texts("channel")[self.rows]
        new = [channel for channel in dict.fromkeys(channels) if channel not in known.tests]
        if len(new) <= room:
            return
        refused = set(new[max(room, 0) :])
        late = np.array([channel in refused for channel in channels])
        self._refuse(
            self.rows[late],
            f"there are {MOST_UNLISTED} channels already that lab.toml does not name; "
            "name this one in [[cyclers]] of lab.toml",
        )
        self.rows = self.rows[~late]

    def _refuse(self, rows: Rows, reason: str) -> None:
        column = "record_index" if reason == CONFLICT else "channel"
        values: Callable[[str], Any] = self.batch.texts if column == "channel" else self.batch.numbers
        for row in rows:
            value = values(column)[row]
            value = value.item() if isinstance(value, np.generic) else value
            value = int(value) if isinstance(value, float) and value == value else value
            self.refused.append(Rejection(index=int(row), column=column, value=value, reason=reason))


def _begun(part: Batch) -> Begun:
    """The tests that a batch names."""
    cells = part.columns.get(CELL)
    found: Begun = {}
    for row, (test, channel) in enumerate(zip(part.texts("test"), part.texts("channel"), strict=True)):
        facts = found.setdefault(test, {"channel": channel})
        if cells is not None and cells.dtype == object and cells[row] is not None:
            facts["cell"] = cells[row]
    return found
