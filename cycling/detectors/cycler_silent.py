"""E8 cycler silent: every channel of one cycler stopped reporting together, so its PC or collector did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class CyclerSilent:
    """Fires when no channel of a cycler with at least ``channels`` reporting ones has been heard for the delay
    of channel-silent. One incident; its channels are members and are not announced one by one."""

    kind: ClassVar[str] = "cycler-silent"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    channels: int = 3
    delay_seconds: float = 300.0
    cadences: float = 3.0
    margin_seconds: float = 60.0
    escalate_seconds: float = 900.0
