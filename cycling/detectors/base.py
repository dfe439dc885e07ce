"""The one shape of a detector: limits as fields, a pure check over rows, and words for what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from cycling.history import TestHistory
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


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a cycle-level detector says at one finished cycle: is it there (``on``), is there evidence that it has gone
    (``off``); both may be False, then what was open stays open. It has looked at as many cycles as it needs: nothing
    is counted afterwards.

    ``rank`` is how severe it is, 1 to 4 for P1 to P4 (None: the detector's own severity). ``scope`` and ``channels``
    are given where it is about more than the channel of the cycle."""

    on: bool = False
    off: bool = False
    rank: int | None = None
    words: Words | None = None
    scope: str | None = None
    channels: tuple[str, ...] = ()


SILENT = Verdict()


@dataclass(frozen=True, kw_only=True)
class CycleDetector(Protocol):
    """A failure that shows from cycle to cycle: judged once per finished cycle, from the history of its test and
    those of its peers (tests of the same batch, protocol and chemistry; none without a batch)."""

    kind: ClassVar[str]
    severity: ClassVar[Severity]
    enabled: bool

    def check(self, history: TestHistory, peers: Sequence[TestHistory]) -> Verdict: ...
