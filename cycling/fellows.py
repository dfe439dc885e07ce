"""What only shows beside other channels: a logger that tells many the same nonsense, a cell that never started while
its fellows run, two thermocouples in each other's place. Looked at when it falls due, as silence is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cycling.detectors.never_started import NeverStarted
from cycling.detectors.thermocouple_logger_fault import ThermocoupleLoggerFault
from cycling.detectors.thermocouples_swapped import ThermocouplesSwapped
from cycling.judge import Finding
from cycling.logger_fault import Loggers
from cycling.memory import Memory, Turn
from cycling.rows import Floats
from cycling.sight import Sight
from cycling.starts import Starts
from cycling.swapped import Swaps
from cycling.topology import TestFacts, Topology
from cycling.types import Alert

Wanted = Callable[[str], bool]  # whether a channel is wanted


def joined(pieces: Sequence[tuple[Mapping[str, Any], Wanted]]) -> dict[str, Any]:
    """What ``Fellows.save`` kept of several labs, of the channels that are wanted of each."""
    pending: dict[str, list[Any]] = {}
    faults: dict[str, dict[str, Any]] = {}
    starts: dict[str, Any] = {"open": {}, "due": None, "begun": False}
    swaps: dict[str, Any] = {"evidence": {}, "open": {}, "due": None}
    for saved, wanted in pieces:
        loggers = saved.get("loggers", {})
        for key, onsets in loggers.get("pending", {}).items():
            mine = [onset for onset in onsets if wanted(onset[1])]
            if mine:
                pending[key] = sorted([*pending.get(key, ()), *mine], key=lambda onset: (onset[0], onset[1]))
        for scope, told in loggers.get("open", {}).items():
            channels = {*faults.get(scope, {}).get("channels", ()), *filter(wanted, told["channels"])}
            if channels:
                faults[scope] = {**told, "channels": sorted(channels)}
        started = saved.get("starts", {})
        starts["open"] |= {channel: told for channel, told in started.get("open", {}).items() if wanted(channel)}
        starts["begun"] |= started.get("begun", False)
        for name in ("evidence", "open"):
            pairs = saved.get("swaps", {}).get(name, {})
            swaps[name] |= {pair: said for pair, said in pairs.items() if all(map(wanted, pair.split("|")))}
        for whole, name in ((starts, "starts"), (swaps, "swaps")):
            due = [at for at in (whole["due"], saved.get(name, {}).get("due")) if at is not None]
            whole["due"] = min(due, default=None)
    return {"loggers": {"pending": pending, "open": faults}, "starts": starts, "swaps": swaps}


class Fellows:
    """The judgements over channels. ``facts`` is the watch's own mapping and may change."""

    def __init__(
        self,
        memory: Memory,
        topology: Topology,
        facts: Mapping[str, TestFacts],
        settings: Mapping[str, Mapping[str, Any]],
    ) -> None:
        def limits(kind: str) -> Mapping[str, Any]:
            return settings.get(kind, {})

        self._loggers = Loggers(memory, topology, ThermocoupleLoggerFault(**limits(ThermocoupleLoggerFault.kind)))
        self._starts = Starts(memory, topology, facts, NeverStarted(**limits(NeverStarted.kind)))
        self._swaps = Swaps(memory, topology, ThermocouplesSwapped(**limits(ThermocouplesSwapped.kind)))

    def expect(self, clock: float) -> None:
        """Rows are about to come from this time of arrival on."""
        self._starts.expect(clock)
        self._swaps.expect(clock)

    def see(self, turn: Turn, sight: Sight, clock: Floats) -> None:
        """Take in the rows of a turn, whose arrival is ``clock``."""
        self._loggers.see(turn, sight, clock)
        self._starts.see(turn, clock)
        self._swaps.see(turn, sight)

    def due(self) -> float:
        """When something is to be looked at next. Every look cuts a replay in two, so they are rare."""
        return min(self._loggers.due(), self._starts.due(), self._swaps.due())

    def look(self, now: float) -> list[Finding]:
        """Everything due at or before ``now``."""
        return [*self._loggers.look(now), *self._starts.look(now), *self._swaps.look(now)]

    def adopt(self, alert: Alert) -> bool:
        """Take over an open alert that an earlier watch left, if it is one of these."""
        match alert.kind:
            case ThermocoupleLoggerFault.kind:
                self._loggers.adopt(alert.scope, alert.channels, alert.test or "", alert.opened_at)
            case NeverStarted.kind:
                self._starts.adopt(alert.channels[0], alert.test or "", alert.severity.rank)
            case ThermocouplesSwapped.kind:
                self._swaps.adopt(alert.channels, alert.test or "")
            case _:
                return False
        return True

    def save(self) -> dict[str, Any]:
        return {"loggers": self._loggers.save(), "starts": self._starts.save(), "swaps": self._swaps.save()}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._loggers.load(saved.get("loggers", {}))
        self._starts.load(saved.get("starts", {}))
        self._swaps.load(saved.get("swaps", {}))
