"""The outgoing heartbeat: a dead-man's switch. An address of yours is asked every 30 s for as long as the lab is
watched; when that stops, whoever expects it calls for help, also when this machine is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from data_access.lab import Lab, StoreAway
from monitor.senders import NotTaken, request

EVERY_SECONDS = 30.0
AGAIN_SECONDS = 5.0  # when it could not be sent, or something does not answer
QUIET_SECONDS = 10.0  # a process that has said nothing for so long does not live
ANSWER_SECONDS = 10.0

log = logging.getLogger("cellwatch.pulse")


class Pulse(threading.Thread):
    """Sends the heartbeat while ``trouble`` says None."""

    def __init__(self, url: str, trouble: Callable[[], str | None], stop: threading.Event) -> None:
        super().__init__(name="pulse", daemon=True)
        self._url, self._trouble, self._stop_event = url, trouble, stop
        self.said: str | None = None

    def run(self) -> None:
        pause = 0.0
        while not self._stop_event.wait(pause):
            pause = EVERY_SECONDS if self.beat() else AGAIN_SECONDS

    def beat(self) -> bool:
        """One heartbeat, if all is well; whether it was heard."""
        why = self._trouble()
        if why is not None:
            why = f"No heartbeat is sent: {why}"
        else:
            try:
                request("GET", self._url, {}, None, ANSWER_SECONDS)
            except NotTaken as error:
                why = f"The heartbeat could not be sent: its address {error}."
        if why != self.said:
            log.warning("%s", why) if why else log.info("The heartbeat is heard.")
        self.said = why
        return why is None


def trouble(lab: Lab, heard_at: float, now: float) -> str | None:
    """Why the lab is not being watched, None when it is. ``heard_at`` is when the notifier itself last went round."""
    if abs(now - heard_at) > QUIET_SECONDS:
        return "monitor notify does not get round."
    try:
        beats = lab.live.beats()
    except StoreAway as away:
        return str(away)
    for name in ("watch", "record"):
        if name not in beats or now - float(beats[name]["at"]) > QUIET_SECONDS:
            return f"monitor {name} does not answer."
        if name == "record" and beats[name].get("error"):
            return f"nothing can be recorded. {beats[name]['error']}"
    return None
