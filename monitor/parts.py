"""Parts: the lab divided among several processes of a kind, each part of it owned by one of them at a time.

Part 2 of 3 has every third cycler from the second on and is owned under the lease ``watch-2-of-3``. The rule:

- A process that owns no part takes the first free one at once, looking twice a second, and says that it has none.
- A process that owns one takes another when it lay free for a moment. So what a dead process leaves is watched
  again within 15 s; at once when it died on this machine, for its successor there need not wait for the lease.
- A process that owns several gives one back when another says that it has none. So a lab in which one process was
  first, or alone for a while, is divided again as it should be.

A thread holds the leases, so that long work does not lose them; a process that is stopped as a whole loses them,
and the writes for which they stand are refused when it wakes up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data_access.lab import Lab, StoreAway
from data_access.leases import Lease

IDLE_SECONDS = 0.5  # between two looks of a process without a part
HOLD_SECONDS = 2.0  # between two prolongations; a lease runs for ten
FREE_SECONDS = 1.0  # for which a part must lie free before a process that has one takes it too
ASKING_SECONDS = 3.0  # how long it is known that a process has no part

log = logging.getLogger("cellwatch.parts")


@dataclass(frozen=True)
class Share:
    """One of ``of`` parts of the lab, counted from 1."""

    number: int = 1
    of: int = 1

    @property
    def name(self) -> str:
        return f"{self.number}-of-{self.of}"

    def cyclers(self, every: Sequence[str]) -> tuple[str, ...]:
        """The cyclers of this part."""
        return tuple(every[self.number - 1 :: self.of])


WHOLE = Share()


def whole_lab(share: Share) -> bool:
    """Whether what belongs to no cycler is this part's: of all parts, the first one's."""
    return share.number == 1


class Parts:
    """The parts that this process owns. To be closed at the end; then others have them at once."""

    def __init__(self, lab: Lab, kind: str, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.kind, self.clock = kind, clock
        shares = [Share(number, count) for number in range(1, count + 1)]
        self._leases = {share: Lease(lab.live, f"{kind}-{share.name}", resumes=True) for share in shares}
        self._asking = Lease(lab.live, f"{kind}-wanted-of-{count}", ASKING_SECONDS)
        self._free_since: dict[Share, float] = {}
        self._held: dict[Share, str] = {}
        self._surplus: Share | None = None
        self._working = threading.Lock()
        self._woken, self._ended = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=f"{kind}-leases", daemon=True)

    def start(self) -> Parts:
        """Take what is free, and keep it from now on; while Redis is away, as soon as it is back."""
        self._look_if_there()
        self._thread.start()
        return self

    @property
    def held(self) -> dict[Share, str]:
        """The parts owned now, each with the token of its lease."""
        return self._held

    @property
    def surplus(self) -> Share | None:
        """A part that another process should have: to be put away and given back."""
        return self._surplus

    def give_back(self, share: Share) -> None:
        """Let another process have a part at once."""
        with self._working:
            self._held = {one: token for one, token in self._held.items() if one != share}
            self._free_since.pop(share, None)
            self._surplus = None
            self._leases[share].release()

    def lost(self, share: Share) -> None:
        """A write for the part was refused: look at once whose it is."""
        with self._working:
            self._held = {one: token for one, token in self._held.items() if one != share}
        self._woken.set()

    def close(self) -> None:
        """Give everything back."""
        self._ended = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._working:
            for lease in (*self._leases.values(), self._asking):
                lease.release()
            self._held = {}

    def look(self) -> None:
        """Prolong what is held and take what is free. Raises StoreAway; what was held stays held then, because
        nobody else can take it either."""
        with self._working:
            for share, lease in self._leases.items():
                if not self._may_take(share, lease):
                    continue
                token = lease.hold()
                held = {one: kept for one, kept in self._held.items() if one != share}
                self._held = held if token is None else {**held, share: token}
            if self._held:
                self._asking.release()
            else:
                self._asking.hold()
            crowded = len(self._held) > 1 and self._asking.taken()
            self._surplus = list(self._held)[-1] if crowded else None

    def _may_take(self, share: Share, lease: Lease) -> bool:
        if not self._held or share in self._held:
            return True
        if lease.taken():
            self._free_since.pop(share, None)
            return False
        return self.clock() - self._free_since.setdefault(share, self.clock()) >= FREE_SECONDS

    def _run(self) -> None:
        while True:
            self._woken.wait(HOLD_SECONDS if self._held else IDLE_SECONDS)
            self._woken.clear()
            if self._ended:
                return
            self._look_if_there()

    def _look_if_there(self) -> None:
        try:
            self.look()
        except StoreAway as away:
            log.debug("The leases wait: %s", away)
