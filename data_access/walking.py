"""A long answer in order of time, of which only a little is in memory at any moment.

Sorting needs all rows of an answer at once. So time is cut into spans that hold few rows each, by counting: into
days, a day with many rows into hours, such an hour into minutes. The spans are read one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_access.errors import Vanished
from data_access.joined import ALWAYS, Moment
from data_access.reading import quoted
from data_access.wanted import DAY, Span

MOST_ROWS = 50_000  # of one span, about 10 MB
STEPS = (DAY, 3600.0, 60.0, 1.0)  # seconds
CLOCK = "unix_time_second"
ORDER = (CLOCK, "channel", "record_index", "arrival_time_second")


class Walk:
    """The rows of some columns in order of time, from the first to the last.

    ``look`` tells how everything stands now. It is asked again when a data file vanishes on the way because it was
    rewritten: what is still to come is then read from the newer files.
    """

    def __init__(self, look: Callable[[], Moment], columns: Sequence[str] | None = None) -> None:
        self._look, self._moment = look, look()
        schema = self._moment.schema
        self.names = schema.names if columns is None else list(columns)
        self.schema = pa.schema([schema.field(name) for name in self.names])

    def batches(self) -> Iterator[Any]:
        """RecordBatches of ``schema``."""
        few = self._read(ALWAYS, MOST_ROWS)
        yield from self._in_parts(ALWAYS, STEPS) if few is None else few.to_batches()

    def _in_parts(self, span: Span, steps: Sequence[float]) -> Iterator[Any]:
        for part, rows in self._cut(span, steps[0]):
            if rows > MOST_ROWS and len(steps) > 1:
                yield from self._in_parts(part, steps[1:])
            else:
                yield from self._read(part).to_batches()

    def _cut(self, span: Span, step: float) -> Iterator[tuple[Span, int]]:
        """The span in parts of whole steps, as long as few rows are in each; and how many those are."""
        select = f"floor({CLOCK} / {step}) AS step, count(*) AS rows"
        counted = self._asked(lambda moment: table_of(moment.batches(select, span, "GROUP BY step ORDER BY step")))
        starts = (counted.column("step").to_numpy() * step).tolist()
        start, rows = span.start, 0
        for at, more in zip(starts, counted.column("rows").to_pylist(), strict=True):
            if rows and rows + more > MOST_ROWS:
                yield Span(start=start, end=at), rows
                start, rows = at, 0
            rows += more
        if rows:
            yield Span(start=start, end=span.end), rows

    def _read(self, span: Span, most: int | None = None) -> Any:
        """The rows of a span in order, as one table; None when there are more than ``most``."""
        needed = dict.fromkeys([*self.names, *ORDER])
        select = ", ".join(map(quoted, needed))
        table = self._asked(lambda moment: table_of(moment.batches(select, span), most))
        return None if table is None else in_order(table).select(self.names).cast(self.schema).combine_chunks()

    def _asked(self, ask: Callable[[Moment], Any]) -> Any:
        try:
            return ask(self._moment)
        except Vanished:
            self._moment = self._look()
        return ask(self._moment)


def table_of(answer: tuple[Any, Generator[Any]], most: int | None = None) -> Any:
    schema, batches = answer
    held, rows = [], 0
    with closing(batches):
        for batch in batches:
            held.append(batch)
            rows += batch.num_rows
            if most is not None and rows > most:
                return None
    return pa.Table.from_batches(held, schema)


def in_order(table: Any) -> Any:
    """In order of time, then channel, the cycler's row number and arrival; a missing number comes first."""
    if (np.diff(table.column(CLOCK).to_numpy()) > 0).all():  # most often: one channel from sorted files
        return table
    keys = [(name, "ascending", "at_start") for name in ORDER]
    return table.take(pc.sort_indices(table, sort_keys=keys))
