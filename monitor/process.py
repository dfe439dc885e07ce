"""What every process of the monitor needs: its stores, a stop it is told of by a signal, and a clock."""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

from data_access.lab import Lab, connect
from settings import Settings

if TYPE_CHECKING:
    from monitor.couriers import Outgoing


def run_process(name: str, settings: Settings) -> int:
    """Run record, watch, compact or notify until SIGTERM or SIGINT; what is unfinished then is put away first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    lab: Lab = connect(
        redis_url=settings.redis_url,
        home=settings.home,
        archive_url=settings.archive_url,
        topology=settings.topology,
    )
    # Each imports only its own work: one that was killed is back the sooner.
    if name == "record":
        from monitor import record

        record.run(lab, stop, time.time, recorders=settings.recorders)
    elif name == "watch":
        from monitor import watch

        watch.run(lab, settings.detectors, stop, time.time, demo=settings.demo, watchers=settings.watchers)
    elif name == "compact":
        from monitor import compact

        compact.step_back()
        compact.run(lab, stop, time.time)
    else:
        from monitor import notify

        notify.run(lab, stop, time.time, outgoing(settings))
    return 0


def outgoing(settings: Settings) -> Outgoing:
    """The ways out that the environment gives to notices."""
    from monitor.couriers import Outgoing
    from monitor.senders import senders

    return Outgoing(
        senders=senders(settings.webhook_url, settings.webhook_secret, settings.notify),
        unset=settings.notify_unset,
        address=settings.address,
        heartbeat_url=settings.heartbeat_url,
    )
