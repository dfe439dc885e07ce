"""What only shows beside other channels: a logger that tells many the same nonsense, a cell that never started while
its fellows run, two thermocouples in each other's place. Looked at when it falls due, as silence is."""

from __future__ import annotations

from collections.abc import Mapping
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

    def save(self) -> dict[str, Any]:
        return {"loggers": self._loggers.save(), "starts": self._starts.save(), "swaps": self._swaps.save()}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._loggers.load(saved.get("loggers", {}))
        self._starts.load(saved.get("starts", {}))
        self._swaps.load(saved.get("swaps", {}))
