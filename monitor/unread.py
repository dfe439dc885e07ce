"""What could not be read lately, counted for the watch: rows in quarantine beside the rows that were taken."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cycling.readings import Batch
from cycling.types import Rejection
from cycling.unparseable import LAB, Rejects

MANY = 5  # channels of one source; more are one matter of the lab
BUCKET_SECONDS = 60.0


class Unread:
    """Counts of the last ``window`` seconds of arrival."""

    def __init__(self, window: float) -> None:
        self.window = window
        self._rejected: deque[tuple[float, str, str | None, str, str]] = deque()
        self._taken: deque[tuple[float, Counter[str]]] = deque()
        self._last_good: dict[str, float] = {}

    def took(self, batch: Batch, now: float) -> None:
        """Rows that were read."""
        if not len(batch):
            return
        names, counts = np.unique(batch.texts("channel").astype(str), return_counts=True)
        if not self._taken or now - self._taken[-1][0] >= BUCKET_SECONDS:
            self._taken.append((now, Counter()))
        for name, count in zip(names.tolist(), counts.tolist(), strict=True):
            self._taken[-1][1][name] += count
            self._last_good[name] = now

    def rejected(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows as quarantine keeps them: when, source, column, reason, raw."""
        for row in rows:
            told = str(row.get("column") or ""), str(row.get("reason") or "")
            self._rejected.append((float(row["when"]), str(row["source"]), _channel(row.get("raw")), *told))

    def counts(self, now: float) -> list[Rejects]:
        """Per source and channel; per source where the channel cannot be read either, or there are many."""
        while self._rejected and self._rejected[0][0] < now - self.window:
            self._rejected.popleft()
        while self._taken and self._taken[0][0] < now - self.window:
            self._taken.popleft()
        taken: Counter[str] = Counter()
        for _at, counted in self._taken:
            taken.update(counted)
        channels: dict[str, set[str | None]] = {}
        for _when, source, channel, _column, _reason in self._rejected:
            channels.setdefault(source, set()).add(channel)
        groups: dict[tuple[str, str | None], list[tuple[float, str, str]]] = {}
        for when, source, channel, column, reason in self._rejected:
            wide = len(channels[source]) > MANY
            groups.setdefault((source, None if wide else channel), []).append((when, column, reason))
        return [self._count(source, channel, rows, taken) for (source, channel), rows in groups.items()]

    def _count(
        self, source: str, channel: str | None, rows: Sequence[tuple[float, str, str]], taken: Counter[str]
    ) -> Rejects:
        last = max(self._last_good.values(), default=None) if channel is None else self._last_good.get(channel)
        return Rejects(
            source=source,
            scope=LAB if channel is None else f"channel:{channel}",
            taken=taken.total() if channel is None else taken[channel],
            rejected=len(rows),
            since=min(when for when, _column, _reason in rows),
            last_good=last,
            column=rows[-1][1],
            reason=rows[-1][2],
        )


def of_file(name: str, batch: Batch, rejected: Sequence[Rejection]) -> Rejects:
    """What one recorded file held."""
    channels = set(batch.texts("channel").tolist())
    newest = rejected[-1] if rejected else None
    return Rejects(
        source=name,
        scope=f"channel:{channels.pop()}" if len(channels) == 1 else LAB,
        taken=len(batch),
        rejected=len(rejected),
        files=int(bool(rejected) and not len(batch)),
        column=newest.column if newest else "",
        reason=newest.reason if newest else "",
    )


def _channel(raw: object) -> str | None:
    """The channel that a row names, where that much of it can be read."""
    if not isinstance(raw, str):
        return None
    try:
        row = json.loads(raw)
    except ValueError:
        return None
    name = row.get("channel") if isinstance(row, dict) else None
    return name if isinstance(name, str) and name else None
