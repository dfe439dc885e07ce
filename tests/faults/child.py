"""A process of the lab as ``run.py`` starts it, but in a hurry, and with a clock that a test can set.

``python -m tests.faults.child record|watch|notify|compact`` is ``python -m monitor …``; a web server serves
``tests.faults.child:serve()`` instead of ``app:serve()``. Nothing else of them is changed: they read the same
environment, open the same stores and end on the same signals.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

CLOCK = "FAULTS_CLOCK"  # a file with the seconds by which the clock of this process is wrong
COMMIT_SECONDS = 0.2  # in a lab the recorder commits once a minute; kills are to meet it at work
LOOK_SECONDS = 0.1  # in a lab the compactor looks every quarter of an hour
SHORT_LEASE = 1.0  # seconds; in a lab ten, and a minute for the compactor
APPEND_PAUSE = 0.1  # after a recorder's look at where the table stands
COMMIT_PAUSE = 0.5  # after a rewrite's last look at its lease: what is stopped there only the table can refuse
PIECE_SECONDS = 0.02  # of a rewrite, which as small as here would be done before anybody can be killed in it
MOST_SMALL = 6  # files, before they are gathered
QUIET_SECONDS = 0.0  # before a day that is over is sorted


def set_clock(environment: dict[str, str] | os._Environ[str]) -> None:
    """From now on ``time.time`` of this process is off by what the file says, as if the clock had been set."""
    if CLOCK not in environment:
        return
    file, true = Path(environment[CLOCK]), time.time
    time.time = lambda: true() + float(file.read_text() or 0.0)


def hurry() -> None:
    """Commits and rewrites come so often that kills meet them, and a lapsed lease passes on soon."""
    from data_access import archive, compaction, data_files
    from monitor import compact, parts, record

    recording: Any = record.run
    compacting: Any = compact.run
    record.run = partial(recording, flush_seconds=COMMIT_SECONDS)
    compact.run = partial(compacting, look_seconds=LOOK_SECONDS)
    compact.LEASE_SECONDS = SHORT_LEASE
    archive.Archive.append_readings = slowed(archive.Archive.append_readings, APPEND_PAUSE)
    compact.Worker._go_on = slowed(compact.Worker._go_on, PIECE_SECONDS)
    data_files.Rewritable.exchange = slowed(data_files.Rewritable.exchange, COMMIT_PAUSE)
    lease: Any = parts.Lease
    parts.Lease = lambda part, name, seconds=SHORT_LEASE, **more: lease(part, name, seconds, **more)
    parts.HOLD_SECONDS = SHORT_LEASE / 4
    compaction.MOST_SMALL = MOST_SMALL
    compaction.QUIET_SECONDS = QUIET_SECONDS


def slowed(method: Callable[..., Any], seconds: float) -> Any:
    """The method, a moment later: on a slow disk that is where a process is killed or stopped."""

    def later(*given: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return method(*given, **named)

    return later


def serve() -> Any:
    """The web app."""
    set_clock(os.environ)
    import app

    return app.serve()


def main() -> int:
    set_clock(os.environ)
    hurry()
    from monitor.__main__ import main as monitor

    return monitor(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
