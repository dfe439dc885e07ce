"""notify: takes notices out of the durable outbox and tells them. For now it tells the log; a notice leaves the
outbox only after it was told, so a killed notifier tells it again rather than never."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from data_access.lab import Lab, StoreAway

PAUSE_SECONDS = 0.5
TIDY_SECONDS = 3600.0

log = logging.getLogger("cellwatch.notices")


def run(lab: Lab, stop: threading.Event, clock: Callable[[], float]) -> None:
    """Tell what waits in the outbox until told to stop."""
    told, tidied_at = 0, 0.0
    while not stop.is_set():
        now = clock()
        try:
            told += tell_waiting(lab)
            lab.live.beat("notify", {"told": told, "waiting": 0}, now)
            if now - tidied_at > TIDY_SECONDS:
                lab.live.forget_notices(now)
                tidied_at = now
        except StoreAway as away:
            log.warning("%s Notices wait in the outbox until it is back.", away)
            stop.wait(2.0)
        stop.wait(PAUSE_SECONDS)


def tell_waiting(lab: Lab) -> int:
    """Tell every waiting notice, oldest first; returns how many were told."""
    waiting = lab.live.take_notices()
    for notice in waiting:
        log.info("%s %s: %s", notice.severity, notice.reason, notice.text)
        lab.live.mark_told(notice.id)
    return len(waiting)
