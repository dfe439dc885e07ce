"""Two thermocouples in each other's place; judged in ``cycling.swapped``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class ThermocouplesSwapped:
    """Limits of thermocouples-swapped: two channels of a chamber whose temperatures each follow the other's load with
    a correlation of at least ``crossed``, and by ``better`` more than their own, at ``looks`` looks, one each 6 h (less
    those that say the opposite). A temperature that moves less than ``least_kelvin`` tells nothing."""

    kind: ClassVar[str] = "thermocouples-swapped"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    crossed: float = 0.6
    better: float = 0.3
    looks: int = 3
    least_kelvin: float = 0.4
