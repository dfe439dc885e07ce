"""Somebody who looks at a channel all the time, and must see every reading that was acknowledged before, once."""

from __future__ import annotations

import threading

from data_access.errors import StoreAway
from data_access.lab import Lab
from tests.faults.load import Source

PAUSE_SECONDS = 0.1


class Reader(threading.Thread):
    """Reads the history of one channel of a source, over and over, until it is ended."""

    def __init__(self, lab: Lab, source: Source) -> None:
        super().__init__(daemon=True)
        self.lab, self.source, self.channel = lab, source, source.channels[-1]
        self.looks = 0
        self.wrong: list[str] = []
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            promised = self.source.acknowledged
            try:
                _schema, batches = self.lab.history.readings(channel=self.channel, columns=["record_index"])
                seen = [index for batch in batches for index in batch.column(0).to_pylist()]
            except StoreAway:  # says so rather than showing half of it
                continue
            self.looks += 1
            if seen != list(range(len(seen))) or len(seen) < promised:
                self.wrong.append(f"{promised} promised, {len(seen)} seen, the last {seen[-3:]}")

    def end(self) -> None:
        self._ended.set()
        self.join(60)
