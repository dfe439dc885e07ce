"""A few whole readings out of many: those that hold an extreme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_access.joined import Moment
from data_access.reading import quoted
from data_access.traced import CLOCK, TRACED
from data_access.tracing import trace
from data_access.walking import ORDER, in_order, table_of


def pick(moment: Moment, columns: Sequence[str] | None, points: int) -> Any:
    """About ``points`` rows of a moment in order of time, with every extreme of every stretch, as an Arrow table.

    The times of the extremes are looked for first, in the few columns that have any; then these rows are fetched.
    """
    names = moment.schema.names if columns is None else list(columns)
    times = trace(moment, None, points).time.tolist()
    select = ", ".join(map(quoted, dict.fromkeys([*names, *ORDER, *TRACED])))
    found = moment.batches(select, rest=f"AND {CLOCK} IN (SELECT unnest(?::DOUBLE[]))", values=[times])
    return in_order(table_of(found)).select(names)
