"""E8 channel silent: one channel has stopped reporting while others go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ChannelSilent:
    """Fires when nothing arrived for the longest of ``delay_seconds``, ``cadences`` × the channel's cadence, and
    the longest interval its cycler is known to leave between records + ``margin_seconds``."""

    kind: ClassVar[str] = "channel-silent"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    delay_seconds: float = 300.0
    cadences: float = 3.0
    margin_seconds: float = 60.0
    escalate_seconds: float = 900.0  # still silent after this long: a test is being lost (P2)
    wait_seconds: float = 120.0  # and two cadences more, before people are told: most silences are short restarts
