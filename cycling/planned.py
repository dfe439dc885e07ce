"""Planned work: what it covers is not announced, danger excepted, until it is over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from cycling.topology import Maintenance, Place
from cycling.types import Alert


class Planned:
    """The windows of planned work that lab.toml states."""

    def __init__(self, windows: Sequence[Maintenance], place: Callable[[str], Place]) -> None:
        self._windows, self._place = tuple(windows), place

    def covers(self, alert: Alert) -> bool:
        return bool(self._around(alert))

    def end(self, alert: Alert) -> float:
        """When the last window that covers the alert ends."""
        return max((window.end for window in self._around(alert)), default=math.inf)

    def _around(self, alert: Alert) -> list[Maintenance]:
        return [w for w in self._windows if w.start <= alert.opened_at <= w.end and self._inside(alert, w.scope)]

    def _inside(self, alert: Alert, scope: str) -> bool:
        if scope in ("lab", alert.scope):
            return True
        kind, _, name = scope.partition(":")
        places = [self._place(channel) for channel in alert.channels]
        return bool(places) and all(getattr(place, kind, None) == name for place in places)
