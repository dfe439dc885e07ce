"""The one shape of a detector: limits as fields, a pure check over rows, and words for what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from cycling.rows import Bools, Floats
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True)
class Check:
    """Row by row: is the condition there (``on``), is there evidence that it has gone (``off``); both may be
    False, then nothing is known. ``rank`` is how severe it is at each row, 1 to 4 for P1 to P4 (None: the detector's
    own severity everywhere; it only ratchets up). Rows outside ``counted`` neither add to the readings in a row nor
    end them (None: every row counts)."""

    on: Bools
    off: Bools
    rank: Floats | None = None
    counted: Bools | None = None


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a lab member reads: one sentence with the numbers, the first thing to do, and the numbers apart."""

    message: str
    action: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReadingDetector(Protocol):
    """A failure that shows in the readings themselves.

    It fires once ``on`` held for ``samples`` readings and ``delay_seconds`` of the data's time, and ends once
    ``off`` held for ``clear_samples`` readings.
    """

    kind: ClassVar[str]
    severity: ClassVar[Severity]
    enabled: bool
    samples: int
    delay_seconds: float
    clear_samples: int

    def check(self, sight: Sight) -> Check: ...

    def words(self, sight: Sight, row: int) -> Words: ...
