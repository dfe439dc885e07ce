"""watch: the process that watches the lab, or with several of them the parts of it that it owns.

Each part has a watcher of its own under a lease (monitor/parts.py). Its token goes with everything that is published,
so that a process which was stopped for a while and wakes up cannot publish what is old by then.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from data_access.lab import Fenced, Lab, StoreAway
from monitor.parts import Parts, Share
from monitor.watcher import Watcher

__all__ = ["Watcher", "Work", "run"]

REFUSED_SECONDS = 1.0  # to wait longer where a store is away, or refuses
SHORTEST_PAUSE = 0.01
LOOK_SECONDS = 0.2  # how often time alone is looked at
GATHER_SECONDS = 0.1  # between two looks for readings: a fold of many small batches costs more than one of all
CLOCK_SET_SECONDS = 30.0  # between two rounds the clock was set, or the machine slept: nobody was silent

log = logging.getLogger("cellwatch.watch")


def run(
    lab: Lab,
    detectors: Mapping[str, Mapping[str, Any]],
    stop: threading.Event,
    clock: Callable[[], float],
    *,
    demo: bool = False,
    watchers: int = 1,
) -> None:
    """Watch the parts of the lab that this process owns until told to stop, of as many parts as there are watchers.

    A store that is away is waited for, and nothing found is lost meanwhile.
    """
    work = Work(lab, detectors, clock, demo=demo, watchers=watchers)
    while not stop.is_set():
        try:
            refused = work.round()
        except StoreAway as away:
            log.warning("%s The watch waits; readings stay in their streams.", away)
            work.was_away = refused = True
        if refused or not work.wait():
            stop.wait(REFUSED_SECONDS)
    work.end()


class Work:
    """The parts that this process watches now, each with its watcher."""

    def __init__(
        self,
        lab: Lab,
        detectors: Mapping[str, Mapping[str, Any]],
        clock: Callable[[], float],
        *,
        demo: bool = False,
        watchers: int = 1,
    ) -> None:
        self.lab, self.clock = lab, clock
        self.watchers: dict[Share, Watcher] = {}
        self._begin = partial(Watcher, lab, detectors, demo=demo)
        self.parts = Parts(lab, "watch", watchers)
        self._division = Share(1, watchers).name
        self._begun = False
        self.was_away = False  # a store, so that nothing could arrive: nobody was silent
        self._seen = (clock(), time.monotonic())
        self._looked_at = 0.0

    def round(self) -> bool:
        """One look of every watcher, with the parts as they are owned now; says whether one was refused. Raises
        StoreAway."""
        if not self._begun:
            self.lab.live.begin_division(self._division)
            self.parts.start()
            self._begun = True
        held = self.parts.held
        for share in [share for share, one in self.watchers.items() if held.get(share) != one.token]:
            log.warning("Part %s of the lab is somebody else's now, or was meanwhile.", share.name)
            del self.watchers[share]
        self._looked_at = time.monotonic()
        not_heard = self._clock_was_set() or self.was_away
        refused = False
        for share, token in held.items():
            if share not in self.watchers:
                self.watchers[share] = self._begin(now=self.clock(), share=share, token=token)
            if not_heard:
                self.watchers[share].watch.heard_since = self.clock()
            refused |= not self._look(share)
        self.was_away = False
        self._hand_over()
        return refused

    def wait(self) -> bool:
        """Until the next look: readings came, time brings something to tell, or LOOK_SECONDS passed. Says False when
        the store is away."""
        due = min((one.watch.due() for one in self.watchers.values()), default=math.inf)
        seconds = min(max(due - self.clock(), SHORTEST_PAUSE), LOOK_SECONDS)
        gathering = min(max(self._looked_at + GATHER_SECONDS - time.monotonic(), 0.0), seconds)
        time.sleep(gathering)
        positions = {name: n for one in self.watchers.values() for name, n in one.positions.items()}
        try:
            self.lab.live.wait(positions, seconds - gathering)
        except StoreAway:  # the next round says so
            return False
        return True

    def end(self) -> None:
        """Put everything away, and let others have the parts at once."""
        for one in self.watchers.values():
            try:
                one.put_away(self.clock())
            except (StoreAway, Fenced) as away:
                log.warning("%s The watch goes on from its last snapshot next time.", away)
        try:
            self.parts.close()
        except StoreAway as away:
            log.warning("%s The leases run out by themselves.", away)

    def _look(self, share: Share) -> bool:
        """Whether a watcher looked and was not refused. One that is knows what is old: it is dropped, and begun anew
        from the snapshot when it is this process's turn."""
        try:
            self.watchers[share].look(self.clock())
        except Fenced as fenced:
            log.warning("%s This process waits for its turn.", fenced)
            del self.watchers[share]
            self.parts.lost(share)
            return False
        return True

    def _hand_over(self) -> None:
        """Leaves a part to a process that has none, with everything that is known of it."""
        share = self.parts.surplus
        if share is None:
            return
        watcher = self.watchers.pop(share, None)
        if watcher is not None:
            watcher.put_away(self.clock())
        self.parts.give_back(share)

    def _clock_was_set(self) -> bool:
        """Whether the clock went elsewhere than time did since the last round: then nobody was silent."""
        now, steady = self.clock(), time.monotonic()
        drift = (now - self._seen[0]) - (steady - self._seen[1])
        self._seen = (now, steady)
        return abs(drift) >= CLOCK_SET_SECONDS
