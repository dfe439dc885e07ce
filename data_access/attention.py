"""Gathers from the stores what a lab should look at besides its alerts; ``cycling.attention`` judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cycling.ageing import Recent
from cycling.attention import Attention, Known, attention
from data_access import facts
from data_access.alert_log import first_reading
from data_access.errors import StoreAway, Vanished
from data_access.lab import Lab

MOST_CYCLES = 200  # of each test
MOST_ROWS = 2000  # rejected rows that are looked through
CHECKUP, REGULAR = "checkup", "regular"
COLUMNS = ("test", "cycle_count", "kind", "end_unix_time_second", "state_of_health")
NEWEST = f"""
    SELECT {", ".join(COLUMNS)} FROM (
        SELECT * FROM {{rows}} WHERE list_contains(?::VARCHAR[], test)
        QUALIFY row_number() OVER (PARTITION BY test, cycle_count ORDER BY fresh DESC NULLS LAST) = 1
    ) QUALIFY row_number() OVER (PARTITION BY test ORDER BY cycle_count DESC) <= {MOST_CYCLES}
    ORDER BY test, cycle_count
"""


def attention_of(lab: Lab, now: float) -> Attention:
    """What there is to look at now. Without the archive what does not need it, and why. Raises StoreAway for Redis."""
    states, told = lab.live.states(), {one["test"]: one for one in lab.tests.all()}
    rows = lab.live.quarantined(MOST_ROWS)
    recent, first, away = _archived(lab, sorted({state.test for state in states if state.test}), told)
    known = Known(
        now=now,
        topology=lab.topology,
        states=states,
        facts=told,
        recent=recent,
        alerts=lab.live.alerts(),
        rejected=rows,
        rejected_more=len(rows) == MOST_ROWS,
        first=first,
        away=away,
    )
    return attention(known)


def _archived(
    lab: Lab, tests: Sequence[str], told: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Recent], float | None, str]:
    try:
        try:
            return recent_cycles(lab, tests, told), first_reading(lab), ""
        except Vanished:  # a data file was rewritten meanwhile
            return recent_cycles(lab, tests, told), first_reading(lab), ""
    except StoreAway as away:
        return {}, None, str(away)


def recent_cycles(lab: Lab, tests: Sequence[str], told: Mapping[str, Mapping[str, Any]]) -> dict[str, Recent]:
    """The newest cycles of each test, those not archived yet included; one told again counts as told last."""
    position = lab.archive.output_position("cycles")
    fresh = [row for _, rows in lab.live.outputs_after("cycles", position) for row in rows]
    newest = {(row["test"], row["cycle_count"]): row for row in fresh}
    tail = facts.to_table(facts.CYCLES, list(newest.values()))
    tail = tail.append_column("fresh", pa.array([1] * tail.num_rows, pa.int8()))
    files = lab.archive.tables["cycles"].snapshot(files=True).files
    found = lab.archive.reader.table(NEWEST, [list(tests)], files, tail)
    columns = {name: found[name].to_numpy(zero_copy_only=False) for name in COLUMNS}
    names, starts = np.unique(columns["test"].astype(str), return_index=True)
    ends = [*starts[1:], found.num_rows][: len(names)]
    return {
        str(name): _recent(columns, slice(start, end), told.get(str(name), {}))
        for name, start, end in zip(names, starts, ends, strict=True)
    }


def _recent(columns: Mapping[str, Any], rows: slice, told: Mapping[str, Any]) -> Recent:
    """A test whose end of life is that of its check-ups is judged by them alone."""
    by_checkup = told.get("end_of_life_reference") == "first-checkup"
    return Recent(
        cycle_count=columns["cycle_count"][rows],
        end=columns["end_unix_time_second"][rows],
        judged=columns["kind"][rows] == (CHECKUP if by_checkup else REGULAR),
        state_of_health=columns["state_of_health"][rows].astype(float),
    )
