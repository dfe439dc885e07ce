"""Planned work: what it covers is not announced, danger excepted, until it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cycling.topology import Maintenance, Place
from cycling.types import Alert


class Planned:
    """The windows of planned work that lab.toml states."""

    def __init__(self, windows: Sequence[Maintenance], place: Callable[[str], Place]) -> None:
        self._windows, self._place = tuple(windows), place

    def covers(self, alert: Alert) -> bool:
        around = (w for w in self._windows if w.start <= alert.opened_at <= w.end)
        return any(self._inside(alert, window.scope) for window in around)

    def end(self, alert: Alert) -> float:
        """When the work that covers the alert is over, also where one window goes on in the next; at once where no
        window covers it any more, because lab.toml was changed."""
        until, inside = alert.opened_at, [w for w in self._windows if self._inside(alert, w.scope)]
        while later := [w.end for w in inside if w.start <= until < w.end]:
            until = max(later)
        return until

    def _inside(self, alert: Alert, scope: str) -> bool:
        if scope in ("lab", alert.scope):
            return True
        kind, _, name = scope.partition(":")
        places = [self._place(channel) for channel in alert.channels]
        return bool(places) and all(getattr(place, kind, None) == name for place in places)
