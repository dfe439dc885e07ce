"""The part of time a figure shows, and how its moments are said to Plotly and to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_OPEN_END = 86_400.0  # what is open is drawn past the right edge, so that it grows with the window
NARROW = 600  # pixels: a phone
Columns = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, kw_only=True)
class Window:
    """From ``start`` to ``end`` in UTC seconds; ``live`` when its right edge is now.

    ``offset_second`` is what the clock of the lab is ahead of UTC, for Plotly knows no time zones. ``width`` is that
    of the graph in pixels. ``grows_to`` is how many seconds a live window that begins with the very first reading
    shows at last; 0 for one that has its length.
    """

    start: float
    end: float
    live: bool
    zone: str = "UTC"
    offset_second: float = 0.0
    width: int = 1100
    grows_to: float = 0.0

    @property
    def narrow(self) -> bool:
        return self.width < NARROW

    def x(self, unix_time_second: float) -> float:
        """A moment as Plotly wants it: milliseconds, on the lab's clock."""
        return round(1000 * (min(unix_time_second, self.end + _OPEN_END) + self.offset_second), 1)

    def xs(self, times: Sequence[float]) -> list[int]:
        """``x`` of many moments inside the window, to the millisecond."""
        ahead = 1000 * self.offset_second
        return [int(1000 * time + ahead + 0.5) for time in times]

    def pixel(self, unix_time_second: float) -> float:
        """About where a moment stands, in pixels from the left edge of the axes."""
        share = (unix_time_second - self.start) / max(self.end - self.start, 1e-9)
        return share * max(self.width - 90, 100)

    def clock(self, unix_time_second: float) -> str:
        """A moment on the lab's clock, as ``22 Nov 03:00``."""
        told = datetime.fromtimestamp(unix_time_second + self.offset_second, UTC)
        return f"{told.day} {told:%b %H:%M}"

    def words(self) -> str:
        """The window in words."""
        return f"from {self.clock(self.start)} to {self.clock(self.end)}"


def how_long(seconds: float) -> str:
    """A stretch of time in words: ``12 min``."""
    for unit, length in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
