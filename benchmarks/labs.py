"""The stores of a lab for a benchmark: a server and an archive in a folder, ended at the end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cycling.topology import Topology
from data_access import embedded
from data_access.lab import Lab, connect


@contextmanager
def lab_on(home: Path, topology: Topology) -> Iterator[Lab]:
    """The stores of a lab whose archive lies in ``home/archive``, with a server of its own."""
    server = subprocess.Popen(embedded.server_command(home), stdout=subprocess.DEVNULL)
    try:
        embedded.wait_ready(embedded.socket_path(home))
        yield connect(redis_url=None, home=home, archive_url=str(home / "archive"), topology=topology)
    finally:
        server.terminate()
        server.wait()
