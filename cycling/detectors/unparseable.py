"""E13 hard to parse; judged in ``cycling.unparseable`` from what the readers of files and of POSTs counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class Unparseable:
    """Limits of unparseable: fires when at least ``rows`` rows and more than the ``share`` of what came of a source
    within ``window_seconds`` cannot be read, or ``files`` whole files; P2 when no valid row of it came for
    ``escalate_seconds``."""

    kind: ClassVar[str] = "unparseable"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    share: float = 0.001
    rows: int = 3
    files: int = 1
    window_seconds: float = 3600.0
    escalate_seconds: float = 600.0
