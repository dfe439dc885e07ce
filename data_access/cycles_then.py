"""In which cycle each test was at a moment that has gone, and how healthy its cell was by then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycling.types import ChannelState
from data_access import facts
from data_access.lab import Lab
from data_access.newest_then import Steps

Row = Mapping[str, Any]


class Cycles:
    """The cycles of some tests around some moments: in which one a test was, and how healthy its cell."""

    def __init__(self, lab: Lab, tests: set[str], steps: Steps) -> None:
        listed = _cycle_rows(lab, tests, steps)
        self._ended: dict[str, list[Row]] = {}
        self._graded: dict[str, list[Row]] = {}
        for row in listed:
            self._ended.setdefault(row["test"], []).append(row)
            if row["kind"] in ("regular", "checkup") and row["state_of_health"] is not None:
                self._graded.setdefault(row["test"], []).append(row)

    def count(self, test: str | None, then: float, now: ChannelState | None, row: Row) -> int | None:
        """The running number of the cycle the test was in; where its table does not say, the cycler's own number."""
        cycles = self._ended.get(test or "", [])
        running = [one["cycle_count"] for one in cycles if one["begin"] <= then < one["end"]]
        if running:
            return int(running[-1])
        ended = [one["cycle_count"] for one in cycles if one["end"] <= then]
        if now is not None and now.test == test and len(ended) == len(cycles):
            return now.cycle_count  # the one that has not ended yet
        said = row.get("cycle_count")
        return int(ended[-1]) if ended else None if said is None else int(said)

    def health(self, test: str | None, then: float) -> float | None:
        """The state of health as the newest cycle that had ended told it (1 = the reference)."""
        ended = [one["state_of_health"] for one in self._graded.get(test or "", []) if one["end"] <= then]
        return float(ended[-1]) if ended else None


def _cycle_rows(lab: Lab, tests: set[str], steps: Steps) -> list[dict[str, Any]]:
    """The cycles that matter at the moments, in order: those that ran in between, and of each test the last before
    and the last before that has a state of health."""
    table = lab.archive.tables["cycles"]
    fresh = [row for _, rows in lab.live.outputs_after("cycles", lab.archive.output_position("cycles")) for row in rows]
    snapshot = table.snapshot(files=True)
    tail = facts.to_table(facts.CYCLES, fresh)
    begin, end = "start_unix_time_second", "end_unix_time_second"
    query = (
        f"WITH known AS (SELECT test, cycle_count, kind, {begin} AS begin, {end} AS end, state_of_health, "
        "kind IN ('regular', 'checkup') AND state_of_health IS NOT NULL AS graded FROM {rows} "
        f"WHERE list_contains(?::VARCHAR[], test) AND {begin} <= ?) "
        'SELECT * FROM known WHERE "end" > ? UNION ALL '
        '(SELECT DISTINCT ON (test, graded) * FROM known WHERE "end" <= ? ORDER BY test, graded, cycle_count DESC) '
        "ORDER BY test, cycle_count"
    )
    values = [sorted(tests), steps.last, steps.first, steps.first]
    listed: list[dict[str, Any]] = lab.archive.reader.table(query, values, snapshot.files, tail).to_pylist()
    return listed
