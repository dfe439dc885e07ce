"""E9 counters reset: cycle, record index, test time or Ah fall back within a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cycling.detectors.base import Check, Words
from cycling.recording import span
from cycling.sight import Sight
from cycling.types import Severity

SAID = {
    "cycle_count": ("cycle", "{:.0f}", 1.0),
    "test_time_second": ("test time", "{:.2f} h", 3600.0),
    "record_index": ("record index", "{:.0f}", 1.0),
    "charging_capacity_ah": ("charged Ah", "{:.3f}", 1.0),
    "discharging_capacity_ah": ("discharged Ah", "{:.3f}", 1.0),
}
GAP = 300.0  # s without readings that are worth a word


@dataclass(frozen=True, kw_only=True)
class CountersReset:
    """Fires at the first reading on which a counter has fallen back; ends after ``quiet_seconds`` of the data's time
    in which none did."""

    kind: ClassVar[str] = "counters-reset"
    severity: ClassVar[Severity] = Severity.P3
    enabled: bool = True
    quiet_seconds: float = 3600.0
    samples: int = 1
    delay_seconds: float = 0.0
    clear_samples: int = 2

    def check(self, sight: Sight) -> Check:
        restarts = sight.restarts
        return Check(on=restarts.restarted, off=restarts.age >= self.quiet_seconds)

    def words(self, sight: Sight, row: int) -> Words:
        restarts = sight.restarts
        fell = {name: SAID[name] for name, flag in restarts.fell.items() if flag[row]}
        told: list[str] = []
        evidence: dict[str, float] = {}
        for name, (word, form, unit) in fell.items():
            before, value = float(restarts.before[name][row]), float(restarts.values[name][row])
            told.append(f"{word} {form.format(before / unit)} → {form.format(value / unit)}")
            evidence |= {f"{name}_before": before, name: value}
        gap = float(restarts.gap[row])
        after = f", after {span(gap)} without readings" if gap > GAP else ""
        return Words(
            message=f"Counters reset: the same test goes on with {', '.join(told)}{after}.",
            action="Check whether the test was resumed on purpose; Cellwatch counts its cycles and Ah on from here.",
            evidence={**evidence, "gap_second": gap if gap > GAP else 0.0, "restarted": sorted(fell)},
        )
