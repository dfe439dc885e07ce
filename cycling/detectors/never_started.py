"""A cell that was put in and never started while its fellows run; judged in ``cycling.starts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class NeverStarted:
    """Limits of never-started: fires when no current of at least ``least_fraction`` of the nominal capacity (without
    one, of the median of its fellows' largest currents) came within ``delay_seconds`` of the first reading, or no
    reading at all within that of its fellows' start, while at least ``running_fraction`` of the fellows, and one,
    have run. P2 after ``escalate_seconds``."""

    kind: ClassVar[str] = "never-started"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    delay_seconds: float = 7200.0
    escalate_seconds: float = 86_400.0
    least_fraction: float = 0.01
    running_fraction: float = 0.5
