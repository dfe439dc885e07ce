"""What the watch found in recorded readings, and the files in which that is handed over."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cycling.types import Alert, Cycle, Notice
from cycling.watch import Told


class Findings:
    """Everything that one watch told: of alerts and cycles the newest that was said, of notices all."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.notices: list[Notice] = []
        self._cycles: dict[tuple[str, int], Cycle] = {}

    def take(self, told: Told) -> None:
        """Adds what one fold had to say."""
        self.alerts |= {alert.id: alert for alert in told.alerts}
        self.notices += told.notices
        self.add_cycles(told.cycles)

    def add_cycles(self, cycles: Iterable[Cycle]) -> None:
        self._cycles |= {(cycle.test, cycle.cycle_count): cycle for cycle in cycles}

    def alerts_by_time(self) -> list[Alert]:
        """In order of opening."""
        return sorted(self.alerts.values(), key=lambda alert: (alert.opened_at, alert.id))

    def cycles_table(self) -> pa.Table:
        """The cycles as an Arrow table in order of test and count; a missing number is null."""
        cycles = [self._cycles[key] for key in sorted(self._cycles)]
        columns = {}
        for field in fields(Cycle):
            values = [getattr(cycle, field.name) for cycle in cycles]
            if field.type == "float":
                columns[field.name] = pa.array([None if math.isnan(v) else v for v in values], type=pa.float64())
            else:
                columns[field.name] = pa.array(values, type=pa.int32() if field.type == "int" else pa.string())
        return pa.table(columns)


def write(out: Path, alerts: Sequence[Alert], notices: Sequence[Notice], cycles: pa.Table) -> None:
    """alerts.json, notices.json and cycles.parquet in a folder that is there."""
    write_json(out / "alerts.json", [alert.to_json() for alert in alerts])
    write_json(out / "notices.json", [notice.to_json() for notice in notices])
    pq.write_table(cycles, out / "cycles.parquet")


def write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, default=str) + "\n")
