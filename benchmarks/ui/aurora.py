"""The closest living peer, ``aurora-cycler-manager`` from PyPI, in an environment and with a home of its own.

It is empty: no samples, no servers. So what is measured beside it is what its pages cost before they show anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.notice_lab import free_port

PACKAGE = "aurora-cycler-manager"
INSTALL_SECONDS = 600.0
READY_SECONDS = 90.0
# Its menu stands, a table stands, and no callback is under way: Dash writes that into the title.
USEFUL = (
    "document.body?.innerText.includes('Batch Plotting') && document.querySelector('.ag-root') !== null"
    " && document.title === 'Aurora Visualiser'"
)


class Absent(RuntimeError):
    """The peer cannot be had here; says why."""


@contextmanager
def aurora(folder: Path) -> Iterator[str]:
    """Its address while the block runs. Raises Absent."""
    folder.mkdir(parents=True)
    home = folder / "home"
    own = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    programs = folder / "environment" / "bin"
    for command, seconds in (
        ([sys.executable, "-m", "venv", str(programs.parent)], 60.0),
        ([str(programs / "pip"), "install", "--quiet", PACKAGE], INSTALL_SECONDS),
        ([str(programs / "aurora-setup"), "init", str(folder / "project")], 60.0),
    ):
        _done(command, own, seconds)
    port = free_port()
    with (folder / "app.log").open("wb") as log:
        command = [str(programs / "aurora-app"), "--port", str(port), "--no-browser"]
        process = subprocess.Popen(command, cwd=folder, env=own, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _done(command: list[str], environment: dict[str, str], seconds: float) -> None:
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Absent(f"{Path(command[0]).name} did not end in {seconds:g} s") from None
    if ended.returncode:
        last = (ended.stderr.decode(errors="replace").strip().splitlines() or ["nothing"])[-1]
        raise Absent(f"{Path(command[0]).name} failed: {last}")


def _wait(url: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise Absent(f"it did not answer in {READY_SECONDS:g} s")
