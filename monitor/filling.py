"""How full Redis and the disk are, and how long there is room while nothing can be archived."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

SHORTEST = 60.0  # seconds; before that a guess would be worth nothing
WINDOW = 1800.0  # seconds looked back: what comes in changes with what the cells do
SPACING = 15.0  # seconds between two looks that are kept


@dataclass(frozen=True)
class Filling:
    """What Redis used, look by look: (UTC seconds, bytes); and the bytes it may use, 0 for no limit."""

    looks: tuple[tuple[float, int], ...] = ()
    most: int = 0

    def seen(self, now: float, used: int, most: int) -> Filling:
        """With one look more."""
        kept = [look for look in self.looks if 0.0 <= now - look[0] <= WINDOW]
        if len(kept) > 1 and now - kept[-2][0] < SPACING:
            kept.pop()
        return Filling((*kept, (now, used)), most)

    def anew(self) -> Filling:
        """From the newest look on."""
        return Filling(self.looks[-1:], self.most)

    def share(self) -> float | None:
        """How much of what Redis may use it uses, 0 to 1; None without a limit."""
        return self.looks[-1][1] / self.most if self.looks and self.most else None

    def room_second(self) -> float | None:
        """Seconds until Redis is full; None when that cannot be said, or will not be."""
        if len(self.looks) < 2 or not self.most:
            return None
        (first, before), (last, used) = self.looks[0], self.looks[-1]
        if last - first < SHORTEST or used <= before:
            return None
        return max(self.most - used, 0) * (last - first) / (used - before)


def room(filling: Filling, archive_url: str) -> dict[str, float | None]:
    """What the heartbeat tells of it."""
    folder = Path(archive_url)
    local = "://" not in archive_url and folder.exists()
    return {
        "memory_share": filling.share(),
        "room_second": filling.room_second(),
        "disk_free_byte": float(shutil.disk_usage(folder).free) if local else None,
    }
