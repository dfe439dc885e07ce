"""One thermocouple logger, many channels, the same nonsense in one scan: a fault of the logger, not of cells.

A code or rail that begins on a channel is held for two cadences; when as many channels of its logger began to show
the same in that time, it is told as one finding about all of them, and is over when all of them read well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cycling.detectors.base import Words
from cycling.detectors.thermocouple_logger_fault import ThermocoupleLoggerFault
from cycling.judge import BEGINS, ENDS, Finding
from cycling.memory import Memory, Turn
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.silence import INTERVALS, USUAL_CADENCE
from cycling.topology import UNLISTED, Topology

SAME = 1  # decimals to which codes are the same
Onset = list[Any]  # [arrival, channel, unix, test]


class Loggers:
    """Codes that began on some channel and are not yet judged, and faults that are open."""

    def __init__(self, memory: Memory, topology: Topology, limits: ThermocoupleLoggerFault) -> None:
        self.memory, self.topology, self.limits = memory, topology, limits
        self._pending: dict[str, list[Onset]] = {}  # "scope|code" -> onsets in order of arrival
        self._open: dict[str, dict[str, Any]] = {}  # scope -> what was told

    def see(self, turn: Turn, sight: Sight, clock: Floats) -> None:
        """Note where a code begins or ends on a channel."""
        if not self.limits.enabled:
            return
        rows, heat = sight.rows, sight.thermometry
        runs = rows.runs
        carried = self.memory.array("logger.code", np.nan)[turn.place]  # a logger outlasts the tests on it
        if not heat.broken.any() and np.isnan(carried).all():
            return
        code = np.where(heat.broken, np.round(rows.surface, SAME), np.nan)
        told = heat.broken | heat.believable
        newest = runs.last_where(told, code, carried)
        before = runs.previous(newest, carried)
        begins = heat.broken & (code != before)
        for row in np.flatnonzero(begins).tolist():
            run = int(runs.of_row[row])
            self._begin(turn.channels[run], turn.tests[run], float(code[row]), float(clock[row]), float(rows.unix[row]))
        well = heat.believable & ~np.isnan(before)
        well_at = runs.last_where(well, rows.unix, self.memory.array("logger.well_at", np.nan)[turn.place])
        self.memory.put("logger.code", turn.place, newest[runs.ends])
        self.memory.put("logger.well_at", turn.place, well_at[runs.ends])

    def due(self) -> float:
        """When the oldest onset has waited long enough."""
        return min((onsets[0][0] + self._window(onsets) for onsets in self._pending.values()), default=np.inf)

    def look(self, now: float) -> list[Finding]:
        """Judge what has waited long enough by ``now``, and end what reads well again."""
        found: list[Finding] = []
        for key, onsets in list(self._pending.items()):
            while onsets and onsets[0][0] + self._window(onsets) <= now:
                onsets.sort(key=lambda onset: (onset[0], onset[1]))
                end = onsets[0][0] + self._window(onsets)
                together = {onset[1]: onset for onset in reversed(onsets) if onset[0] <= end}
                if len(together) >= self.limits.channels:
                    found += self._tell(key, sorted(together.values(), key=lambda onset: (onset[0], onset[1])))
                    onsets[:] = [onset for onset in onsets if onset[0] > end]
                else:
                    del onsets[0]
            if not onsets:
                del self._pending[key]
        return found + self._ended()

    def adopt(self, scope: str, channels: Sequence[str], test: str, at: float) -> None:
        """A fault that an earlier watch left open."""
        self._open[scope] = {"channels": list(channels), "test": test, "at": at}

    def save(self) -> dict[str, Any]:
        return {"pending": self._pending, "open": self._open}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._pending, self._open = dict(saved.get("pending", {})), dict(saved.get("open", {}))

    def _begin(self, channel: str, test: str, code: float, arrival: float, unix: float) -> None:
        place = self.topology.place(channel)
        if place.logger is None and place.cycler == UNLISTED:
            return
        scope = f"logger:{place.logger}" if place.logger else f"cycler:{place.cycler}"
        self._pending.setdefault(f"{scope}|{code:.{SAME}f}", []).append([arrival, channel, unix, test])

    def _window(self, onsets: list[Onset]) -> float:
        """So many cadences of the first channel, in s of arrival."""
        channel = onsets[0][1]
        said = self.topology.place(channel).poll_seconds
        if said is None:
            ring = self.memory.array("silence.ring", np.nan, (INTERVALS,))[self.memory.index[channel]]
            said = float(np.nanmedian(ring)) if (~np.isnan(ring)).sum() >= 3 else USUAL_CADENCE
        return self.limits.cadences * said

    def _tell(self, key: str, onsets: list[Onset]) -> list[Finding]:
        scope, _, code = key.rpartition("|")
        if scope in self._open:
            return []
        channels = tuple(sorted(onset[1] for onset in onsets))
        at = sorted(onset[2] for onset in onsets)[self.limits.channels - 1]
        self._open[scope] = {"channels": list(channels), "test": onsets[0][3], "at": at}
        words = Words(
            message=f"Thermocouple logger fault: {len(channels)} channels read {float(code):.1f} °C in one scan.",
            action="Check the logger and its power, not the cells; their temperatures are not known meanwhile.",
            evidence={"surface_temperature_celsius": float(code), "channels": len(channels)},
        )
        return [self._finding(BEGINS, at, scope, channels, onsets[0][3], words)]

    def _ended(self) -> list[Finding]:
        found = []
        code = self.memory.array("logger.code", np.nan)
        well_at = self.memory.array("logger.well_at", np.nan)
        for scope, told in list(self._open.items()):
            places = [self.memory.index[channel] for channel in told["channels"]]
            if np.isnan(code[places]).all():
                at = float(np.nanmax([told["at"], *well_at[places]]))
                found.append(self._finding(ENDS, at, scope, tuple(told["channels"]), told["test"], None))
                del self._open[scope]
        return found

    def _finding(
        self, what: str, at: float, scope: str, channels: tuple[str, ...], test: str, words: Words | None
    ) -> Finding:
        return Finding(
            at=at,
            what=what,
            kind=self.limits.kind,
            severity=self.limits.severity,
            channel=channels[0],
            test=test,
            words=words,
            scope=scope,
            channels=channels,
        )
