"""What every process of the monitor needs: its stores, a stop it is told of by a signal, and a clock."""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType

from data_access.lab import Lab, connect
from monitor import compact, notify, record, watch
from monitor.senders import senders
from settings import Settings


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
    if name == "record":
        record.run(lab, stop, time.time, recorders=settings.recorders)
    elif name == "watch":
        watch.run(lab, settings.detectors, stop, time.time, demo=settings.demo, watchers=settings.watchers)
    elif name == "compact":
        compact.step_back()
        compact.run(lab, stop, time.time)
    else:
        notify.run(lab, stop, time.time, outgoing(settings))
    return 0


def outgoing(settings: Settings) -> notify.Outgoing:
    """The ways out that the environment gives to notices."""
    return notify.Outgoing(
        senders=senders(settings.webhook_url, settings.webhook_secret, settings.notify),
        unset=settings.notify_unset,
        address=settings.address,
        heartbeat_url=settings.heartbeat_url,
    )
