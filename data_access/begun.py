"""Where the archive of a lab was begun, so that one that was taken away is not taken for one not begun.

Otherwise a disk that is not mounted, or a bucket that was emptied, would make the lab begin an empty archive in its
place. A folder is there or not; an object store has no folders, so a small object stands for it.
"""

from __future__ import annotations

from pathlib import Path

from data_access import object_store

NAME = "archive.begun"


def is_gone(home: Path, archive_url: str) -> bool:
    """Whether the archive was begun there and is not there now. Raises OSError when a store does not say."""
    mark = home / NAME
    if not mark.exists() or mark.read_text("utf-8").strip() != archive_url:
        return False
    if object_store.is_remote(archive_url):
        return NAME not in object_store.sizes([f"{archive_url}/{NAME}"])
    return not Path(archive_url).exists()


def begin(home: Path, archive_url: str) -> None:
    """Keeps that the archive is begun there. Raises OSError when an object store does not take a file."""
    told = f"{archive_url}\n"
    if object_store.is_remote(archive_url):
        object_store.put(f"{archive_url}/{NAME}", told.encode())
    (home / NAME).write_text(told, "utf-8")
