"""What the whole watching process costs beside real stores: ``python -m benchmarks.watch_process``.

1000 channels at 1 Hz: read the streams, fold, publish states, frames and a snapshot every 10 s. CPU seconds of the
process per second of readings, beside the bare fold of the same readings in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.watch_fold import CYCLERS, PER_CYCLER, second, topology
from cycling.readings import Batch
from cycling.watch import Watch
from data_access import embedded
from data_access.lab import connect
from monitor.watch import Watcher

SECONDS, WARM_UP = 60, 10


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="cellwatch-bench-"))
    server = subprocess.Popen(embedded.server_command(home), stdout=subprocess.DEVNULL)
    try:
        embedded.wait_ready(embedded.socket_path(home))
        compare(home)
    finally:
        server.terminate()
        server.wait()


def compare(home: Path) -> None:
    """Both ways over the same readings."""
    lab = connect(redis_url=None, home=home, archive_url=str(home / "archive"), topology=topology())
    names = np.array(list(lab.topology.places), dtype=object)
    noise, begin = np.random.default_rng(1), time.time()
    watcher, bare = Watcher(lab, {}, begin, demo=False), Watch(lab.topology)
    spent = {"process": 0.0, "fold": 0.0}
    for now in range(SECONDS):
        columns = dict(second(names, now, noise).columns) | {"unix_time_second": np.full(len(names), begin + now)}
        del columns["arrival_time_second"]
        batch = Batch(columns)
        for cycler in range(CYCLERS):
            rows = slice(cycler * PER_CYCLER, (cycler + 1) * PER_CYCLER)
            lab.live.ingest(batch.take(rows), received=begin + now, source="bench")
        for name, work in (
            ("process", lambda at=begin + now + 0.5: watcher.look(at)),
            ("fold", lambda rows=batch, at=begin + now: bare.fold(rows, at)),
        ):
            started = time.process_time()
            work()
            spent[name] += (time.process_time() - started) * (now >= WARM_UP)
    for name, cpu in spent.items():
        share = cpu / (SECONDS - WARM_UP)
        ratio = cpu / spent["fold"]
        sys.stdout.write(f"watch, {name:8s} {share * 100:6.2f} % of a core   {ratio:5.2f} × the bare fold\n")


if __name__ == "__main__":
    main()
