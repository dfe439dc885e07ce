"""``python -m feeds demo``: reports the demo lab until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import settings
from data_access.lab import connect
from feeds.cell_kinds import UnknownKind
from feeds.pacing import run_demo
from feeds.recorded import RecordingMissing

USAGE = "Usage: python -m feeds demo    (reports the demo lab of lab.toml until it is told to end)"


def main(arguments: list[str]) -> int:
    if arguments != ["demo"]:
        sys.stderr.write(USAGE + "\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        chosen = settings.load(os.environ)
    except settings.SettingsError as error:
        sys.stderr.write("".join(fault + "\n" for fault in error.faults))
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lab = connect(
        redis_url=chosen.redis_url,
        home=chosen.home,
        archive_url=chosen.archive_url,
        topology=chosen.topology,
    )
    try:
        run_demo(lab, stop)
    except (RecordingMissing, UnknownKind) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
