"""Quarantine: rows that could not be taken, kept with what stood in them and why. Nothing is dropped."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cycling.types import Rejection
from data_access import keys
from data_access.connection import Part, at_redis

ROWS_PER_ENTRY = 200
MOST_ENTRIES = 5000  # of ROWS_PER_ENTRY rows; then the oldest go
MOST_CHARACTERS = 2000  # kept of a row's raw text


class Quarantine(Part):
    """Keeps and lists rejected rows."""

    @at_redis
    def quarantine(
        self,
        source: str,
        received: float,
        rejections: Sequence[Rejection],
        raw: Sequence[Any] | Mapping[int, Any] | None = None,
    ) -> None:
        """Keeps rejected rows; ``raw`` holds the row as it was sent, at the rejection's index."""
        rows = [_row(source, received, rejection, raw) for rejection in rejections]
        with self.client.pipeline(transaction=True) as pipe:
            for start in range(0, len(rows), ROWS_PER_ENTRY):
                packed = zlib.compress(json.dumps(rows[start : start + ROWS_PER_ENTRY]).encode(), 1)
                pipe.xadd(keys.lab("quarantine"), {"b": packed}, maxlen=MOST_ENTRIES, approximate=True)
            if rows:
                pipe.incrby(keys.lab("quarantine-count"), len(rows))
                pipe.execute()

    @at_redis
    def quarantined(self, limit: int = 500) -> list[dict[str, Any]]:
        """The newest rejected rows, newest first: when, source, index, column, value, reason, raw."""
        found: list[dict[str, Any]] = []
        end = "+"
        while len(found) < limit:
            page = self.client.xrevrange(keys.lab("quarantine"), end, "-", count=10)
            if not page:
                break
            for _, fields in page:
                found += reversed(json.loads(zlib.decompress(fields[b"b"])))
            end = b"(" + page[-1][0]
        return found[:limit]

    @at_redis
    def quarantine_count(self) -> int:
        """How many rows were ever rejected."""
        return int(self.client.get(keys.lab("quarantine-count")) or 0)


def _row(
    source: str, received: float, rejection: Rejection, raw: Sequence[Any] | Mapping[int, Any] | None
) -> dict[str, Any]:
    return {
        "when": received,
        "source": source,
        "index": rejection.index,
        "column": rejection.column,
        "value": _plain(rejection.value),
        "reason": rejection.reason,
        "raw": _raw(raw, rejection.index),
    }


def _raw(raw: Sequence[Any] | Mapping[int, Any] | None, index: int) -> str | None:
    if raw is None or (not isinstance(raw, Mapping) and index >= len(raw)):
        return None
    value = raw.get(index) if isinstance(raw, Mapping) else raw[index]
    if isinstance(value, Mapping):
        value = json.dumps({str(name): _plain(cell) for name, cell in value.items()})
    return None if value is None else _shown(value)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool) or (isinstance(value, int) and value.bit_length() <= 64):
        return value
    return _shown(value)


def _shown(value: Any) -> str:
    try:
        return (value if isinstance(value, str) else repr(value))[:MOST_CHARACTERS]
    except ValueError as error:  # a number of thousands of digits
        return f"a value that cannot be shown: {error}"
