"""E8 cycler silent: every channel of one cycler stopped reporting together, so its PC or collector did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class CyclerSilent:
    """Fires when no channel of a cycler with at least ``channels`` reporting ones has been heard for the longest of
    ``delay_seconds``, ``cadences`` × the cadence, and the longest interval it is known to leave + ``margin_seconds``.
    One incident; its channels are members and are not announced one by one. Two cyclers are an outage."""

    kind: ClassVar[str] = "cycler-silent"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    channels: int = 3
    delay_seconds: float = 120.0
    cadences: float = 3.0
    margin_seconds: float = 60.0
    escalate_seconds: float = 900.0
    wait_seconds: float = 120.0  # and two cadences more, before people are told: most silences are short restarts
