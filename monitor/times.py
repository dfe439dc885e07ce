"""Times on a command line: unix seconds, a time with its zone, or how long ago."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import datetime

AGO = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
EXPECTED = (
    "expected unix seconds, a time with its zone such as 2026-11-22T12:00:00Z, or how long ago such as 30d or 12h"
)


def asked_time(option: str, text: str | None, now: float) -> float | str | None:
    """The unix time that was given, or what is wrong with it."""
    if text is None:
        return None
    ago = AGO.fullmatch(text.strip())
    if ago:
        return now - float(ago[1]) * SECONDS[ago[2]]
    with suppress(ValueError):
        return float(text) if math.isfinite(float(text)) else f'{option} "{text}": {EXPECTED}'
    with suppress(ValueError):
        when = datetime.fromisoformat(text)
        return when.timestamp() if when.tzinfo else f'{option} "{text}": {EXPECTED}; add Z for UTC'
    return f'{option} "{text}": {EXPECTED}'
