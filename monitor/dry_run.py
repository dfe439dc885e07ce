"""dry-run: what other limits would have told. The watch goes over the archived readings twice, as it is and with the
limits that are tried, and its alerts are laid side by side. Nothing is changed and nobody is told."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cycling.types import Alert
from data_access import fleet
from data_access.archive import Archive
from monitor.executors import Executor
from monitor.pieces import Fold, Found, of_unit
from monitor.reprocess import NothingArchived, Wish, folded, planned, scanned

MONTH = 730.5 * 3600.0


class NoSuchChannel(Exception):
    """The archive has no readings of a channel that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was looked at: the readings, and between which unix times each channel has some."""

    readings: int
    channels: int
    channel_months: float
    since: float
    until: float


@dataclass(frozen=True, kw_only=True)
class Place:
    """The alerts of one kind at one place, with the limits that were tried and as they are now."""

    kind: str
    scope: str
    would: tuple[Alert, ...]
    now: tuple[Alert, ...]

    @property
    def new(self) -> tuple[Alert, ...]:
        """Those that come where there is none now."""
        return tuple(alert for alert in self.would if not any(_meet(alert, other) for other in self.now))

    @property
    def gone(self) -> tuple[Alert, ...]:
        """Those of now in whose place there would be none."""
        return tuple(alert for alert in self.now if not any(_meet(alert, other) for other in self.would))


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was looked at, and every place where something was told, in order of kind and place."""

    looked: Looked
    places: tuple[Place, ...]


def dry_run(
    archive: Archive, wish: Wish, tried: Wish, channels: Collection[str], executor: Executor, say: Callable[[str], None]
) -> Tried:
    """The alerts under two wishes that differ in their limits; of these channels only, where some are named.

    Raises StoreAway, NothingArchived, NoSuchChannel, ClusterTrouble.
    """
    readings = fleet.plan(archive, wish.since, wish.until)
    summary = scanned(readings, executor)
    if not summary.num_rows:
        of_then = "" if wish.since is wish.until is None else " of that time"
        raise NothingArchived(f"The archive {archive.url} (CELLWATCH_ARCHIVE_URL) has no readings{of_then}.")
    known = set(summary.column("channel").to_pylist())
    for channel in channels:
        if channel not in known:
            raise NoSuchChannel(_no_channel(channel, known))
    folds = planned(archive, readings, summary, wish, executor.threads)
    if channels:  # a whole cycler is watched together: who is silent shows beside the others only
        folds = [fold for fold in folds if set(fold.unit.channels) & set(channels)]
    say("as it is now:")
    now = folded(folds, summary, executor, say)
    say("with what is tried:")
    would = folded([_tried(fold, tried) for fold in folds], summary, executor, say)
    looked_at = {channel for fold in folds for channel in fold.unit.channels}
    return Tried(
        looked=_looked(summary, set(channels) or looked_at),
        places=_places(_alerts(now, channels), _alerts(would, channels)),
    )


def _tried(fold: Fold, tried: Wish) -> Fold:
    return replace(fold, detectors=tried.detectors, topology=of_unit(tried.topology, fold.unit))


def _alerts(found: Sequence[Found], channels: Collection[str]) -> list[Alert]:
    """Those that would stand for themselves: what an incident explains, or what was planned, fires nothing."""
    alerts = (alert for one in found for alert in one.alerts if alert.suppressed is None)
    return [alert for alert in alerts if not channels or set(channels) & set(alert.channels)]


def _places(now: Sequence[Alert], would: Sequence[Alert]) -> tuple[Place, ...]:
    keys = sorted({(alert.kind, alert.scope) for alert in (*now, *would)})

    def of(alerts: Sequence[Alert], key: tuple[str, str]) -> tuple[Alert, ...]:
        return tuple(sorted((a for a in alerts if (a.kind, a.scope) == key), key=lambda alert: alert.opened_at))

    return tuple(Place(kind=key[0], scope=key[1], would=of(would, key), now=of(now, key)) for key in keys)


def _looked(summary: Any, channels: Collection[str]) -> Looked:
    """Sums over the summary's rows, one of each cycle. A cycle counts from its first reading to its last."""
    mine = summary.filter(pc.is_in(summary.column("channel"), pa.array(sorted(channels))))
    begins, ends = mine.column("start_unix_time_second"), mine.column("end_unix_time_second")
    return Looked(
        readings=int(pc.sum(mine.column("rows")).as_py()),
        channels=len(channels),
        channel_months=float(pc.sum(pc.subtract(ends, begins)).as_py()) / MONTH,
        since=float(pc.min(begins).as_py()),
        until=float(pc.max(ends).as_py()),
    )


def _meet(one: Alert, other: Alert) -> bool:
    """Whether both are open at some moment."""
    begins = max(one.opened_at, other.opened_at)
    return all(alert.closed_at is None or begins <= alert.closed_at for alert in (one, other))


def _no_channel(channel: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(channel, sorted(known), n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ". Look at GET /api/v1/channels for their names."
    return f'--channel "{channel}": the archive has no readings of it in that time{hint}'
