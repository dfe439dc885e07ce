"""How fast Redis fills while nothing can be archived, and how long there is room."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST = 60.0  # seconds; before that a guess would be worth nothing
WINDOW = 1800.0  # seconds looked back: what comes in changes with what the cells do
SPACING = 15.0  # seconds between two looks that are kept


@dataclass(frozen=True)
class Filling:
    """What Redis used, look by look: (UTC seconds, bytes). Begun anew whenever something was let go."""

    looks: tuple[tuple[float, int], ...] = ()

    def seen(self, now: float, used: int) -> Filling:
        """With one look more."""
        kept = [look for look in self.looks if 0.0 <= now - look[0] <= WINDOW]
        if len(kept) > 1 and now - kept[-2][0] < SPACING:
            kept.pop()
        return Filling((*kept, (now, used)))

    def room_second(self, most: int) -> float | None:
        """Seconds until ``most`` bytes are used; None when that cannot be said, or will not be."""
        if len(self.looks) < 2 or not most:
            return None
        (first, before), (last, used) = self.looks[0], self.looks[-1]
        if last - first < SHORTEST or used <= before:
            return None
        return max(most - used, 0) * (last - first) / (used - before)
