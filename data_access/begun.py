"""In which folder the archive of a lab was begun, so that one that was taken away is not taken for one not begun.

Otherwise a disk that is not mounted would make the lab begin an empty archive in its place.
"""

from __future__ import annotations

from pathlib import Path

NAME = "archive.begun"


def is_gone(home: Path, archive_url: str) -> bool:
    """Whether the archive was begun in a folder that is not there now."""
    mark = home / NAME
    if "://" in archive_url or Path(archive_url).exists() or not mark.exists():
        return False
    return mark.read_text("utf-8").strip() == archive_url


def begin(home: Path, archive_url: str) -> None:
    """Keeps that the archive is begun in this folder."""
    (home / NAME).write_text(f"{archive_url}\n", "utf-8")
