"""Cyclers that never stop: every reading is made once, sent until it is acknowledged, and remembered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from data_access.feeder import Feeder
from data_access.lab import Lab

EVERY = 0.1  # seconds between two readings of a channel
STEPS = (("CC_CHG", 1.0), ("REST", 0.0), ("CC_DCH", -1.0), ("REST", 0.0))
STEP_ROWS = 15
CYCLE_ROWS = STEP_ROWS * len(STEPS)
TOO_MUCH = 3.6875  # V, on a channel that has a fault; exact in float32, as every other voltage here

Reading = dict[str, Any]


def volt(index: int, *, faulty: bool) -> float:
    """What channel and index say the voltage is, so that a stored one can be checked."""
    return (TOO_MUCH if faulty else 3.25) + (index % 16) / 4096


def reading(channel: str, index: int, at: float, *, faulty: bool, test: str | None) -> Reading:
    """Reading number ``index`` of a channel, made at ``at`` (UTC seconds). One that is faulty charges for ever."""
    kind, ampere = STEPS[0 if faulty else index // STEP_ROWS % len(STEPS)]
    named = {} if test is None else {"test": test}
    return named | {
        "channel": channel,
        "unix_time_second": at,
        "test_time_second": index * EVERY,
        "record_index": index,
        "voltage_volt": volt(index, faulty=faulty),
        "current_ampere": ampere + (index % 8) / 4096 if ampere else 0.0,
        "surface_temperature_celsius": 25.0 + (index % 32) / 64,
        "cycle_count": 1 + index // CYCLE_ROWS,
        "step_count": 1 + index // STEP_ROWS,
        "step_type": kind,
    }


class Source(threading.Thread, ABC):
    """Makes readings of its channels until it is told to stop, and then sends until all are acknowledged.

    ``late``: they were measured so many seconds before they are sent.
    """

    def __init__(self, channels: Sequence[str], test: str | None = None, late: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.channels, self.test, self.late = channels, test, late
        self.made = 0  # readings of every channel
        self.acknowledged = 0  # of them; every channel is at the same reading
        self.faulty: dict[str, int] = {}  # channel -> the first reading with too high a voltage
        self.wrong: list[str] = []  # answers that should not have been
        self.answers = Counter[int]()  # of HTTP by status; 0 when there was none
        self.most_waiting = 0  # readings in a spool
        self.resting = threading.Event()  # set: nothing is made or sent for the moment
        self._stopping, self._given_up = threading.Event(), threading.Event()

    def break_channel(self, channel: str) -> None:
        """A few readings from now the voltage of the channel is too high."""
        self.faulty[channel] = self.made + 5

    def is_faulty(self, channel: str, index: int) -> bool:
        return index >= self.faulty.get(channel, index + 1)

    def stop(self) -> None:
        """No more readings; what is made is still sent."""
        self._stopping.set()

    def give_up(self) -> None:
        """Ends the thread whatever is still to be sent."""
        self._stopping.set()
        self._given_up.set()
        self.join(30)

    def run(self) -> None:
        while not self._given_up.is_set() and not (self._stopping.is_set() and self.acknowledged == self.made):
            began = time.monotonic()
            if not self.resting.is_set():
                if not self._stopping.is_set():
                    self._make()
                self._send()
            self._given_up.wait(max(EVERY - (time.monotonic() - began), 0.0))

    def _make(self) -> None:
        at, index = time.time() - self.late, self.made
        rows = [
            reading(one, index, at, faulty=self.is_faulty(one, index), test=self._test_of(one)) for one in self.channels
        ]
        self.made += 1
        self._take(rows)

    def _test_of(self, channel: str) -> str | None:
        return None if self.test is None else f"{self.test}-{channel}"

    @abstractmethod
    def _take(self, rows: list[Reading]) -> None:
        """Keeps rows that were made until they are acknowledged."""

    @abstractmethod
    def _send(self) -> None:
        """Sends what is not acknowledged yet."""


class HttpSource(Source):
    """A cycler's PC that posts its readings, oldest first, again and again until it is told 202."""

    AT_ONCE = 50  # waiting batches in one request

    def __init__(self, port: int, channels: Sequence[str], test: str = "run") -> None:
        super().__init__(channels, test)
        self.port = port
        self.first: list[Reading] = []  # the readings that were made first
        self._waiting: deque[list[Reading]] = deque()

    def _take(self, rows: list[Reading]) -> None:
        self.first = self.first or rows
        self._waiting.append(rows)

    def _send(self) -> None:
        while self._waiting and not self._given_up.is_set():
            some = [self._waiting[place] for place in range(min(self.AT_ONCE, len(self._waiting)))]
            if not self._post([row for rows in some for row in rows]):
                return
            for _ in some:
                self._waiting.popleft()
            self.acknowledged += len(some)

    def _post(self, rows: list[Reading]) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            body = json.dumps({"readings": rows})
            line.request("POST", "/api/v1/readings", body, {"Content-Type": "application/json"})
            answer = line.getresponse()
            status, retry, told = answer.status, answer.getheader("Retry-After"), answer.read()
        except (OSError, http.client.HTTPException):
            self.answers[0] += 1
            return False
        finally:
            line.close()
        self.answers[status] += 1
        if status == 202:
            said = json.loads(told)
            if said != {"accepted": len(rows), "rejected": []}:
                self.wrong.append(f"{len(rows)} rows: {said}")
            return True
        if status != 503 or retry is None:
            self.wrong.append(f"{status}, Retry-After {retry}: {told[:300]!r}")
        return False


class FeedSource(Source):
    """A feed in a process of its own, which keeps what it cannot store in its spool. Its rows name no test."""

    def __init__(self, lab: Lab, channels: Sequence[str], late: float = 0.0) -> None:
        super().__init__(channels, late=late)
        self.feeder = Feeder(lab.live, "faults")

    def _take(self, rows: list[Reading]) -> None:
        sent = self.feeder.send({name: [row[name] for row in rows] for name in rows[0]})
        if sent.rejected:
            self.wrong.append(str(sent.rejected))
        self._count()

    def _send(self) -> None:
        if self._stopping.is_set():
            self.feeder.flush()
            self._count()

    def _count(self) -> None:
        self.most_waiting = max(self.most_waiting, self.feeder.waiting)
        if self.feeder.dropped:
            self.wrong.append(f"{self.feeder.dropped} rows dropped")
        self.acknowledged = self.made - self.feeder.waiting // len(self.channels)
