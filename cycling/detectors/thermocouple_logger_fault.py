"""One logger's fault on many channels; judged in ``cycling.logger_fault``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ThermocoupleLoggerFault:
    """Limits of thermocouple-logger-fault: fires when at least ``channels`` channels of one logger (of one cycler
    where lab.toml names no logger) begin to show the same code within ``cadences`` × their cadence."""

    kind: ClassVar[str] = "thermocouple-logger-fault"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    channels: int = 3
    cadences: float = 2.0
