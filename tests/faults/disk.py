"""A disk that can be full: a small one of its own where the tests may mount, else a limit on what is written."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from typing import Protocol

from supervisor import Child

MEGABYTES = 48
KINDS = ("small disk", "file size limit")


class Disk(Protocol):
    """Where a process keeps its files; once it is full, nothing more can be written there."""

    folder: Path
    words: str  # of the system, when it is full

    def fill(self, child: Child) -> None:
        """Leaves no room for what the process writes."""

    def make_room(self, child: Child) -> None:
        """There is space again."""

    def close(self) -> None:
        """Takes the disk away."""


class SmallDisk:
    """A file system in memory, a few megabytes small."""

    words = "No space left on device"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "cellwatch-faults", str(folder)],
            check=True,
            capture_output=True,
        )
        self._ballast = folder / "ballast"

    def fill(self, child: Child) -> None:
        with self._ballast.open("ab", buffering=0) as ballast:
            size = 1 << 20
            while size:
                try:
                    ballast.write(bytes(size))
                except OSError:  # no room for so much; perhaps for less
                    size //= 2

    def make_room(self, child: Child) -> None:
        self._ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, capture_output=True)


class SizeLimit:
    """A folder as any other; but no file that the process writes may grow any more."""

    words = "File too large"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, child: Child) -> None:
        self._limit(child, 0)

    def make_room(self, child: Child) -> None:
        self._limit(child, resource.RLIM_INFINITY)

    def close(self) -> None:
        return

    def _limit(self, child: Child, size: int) -> None:
        """The soft limit only, so that it can be lifted without being root."""
        if child.process is not None and child.running:
            resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def made(kind: str, folder: Path) -> Disk:
    """A disk of the kind on an empty folder; the limit also where nobody lets us mount."""
    folder.mkdir()
    if kind == KINDS[0] and os.geteuid() == 0:
        try:
            return SmallDisk(folder)
        except subprocess.CalledProcessError:  # root of a container that may not mount
            return SizeLimit(folder)
    return SizeLimit(folder)
