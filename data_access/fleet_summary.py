"""What every cycle of every test in the archive amounts to: one scan of all files, parted and put together again.

The parts may be of any size and come from any process: minima, maxima and counts do not mind, and which row of a
cycle is its last is settled by the values of the rows alone. So the answer is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from data_access.fleet import Fleet
from data_access.reading import Reader

KEY = ("channel", "test", "cycle_count")
MEASURED = ("voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius")
COUNTERS = (
    "test_time_second",
    "step_count",
    "charging_capacity_ah",
    "discharging_capacity_ah",
    "charging_energy_wh",
    "discharging_energy_wh",
)
CLOCK = "coalesce(arrival_time_second, unix_time_second)"
LAST = ("unix_time_second", "record_index", *COUNTERS)  # the last row is the largest of these, in this order
PARTIAL = f"""
SELECT {", ".join(KEY)},
    count(*) AS rows,
    min(unix_time_second) AS start_unix_time_second,
    max(unix_time_second) AS end_unix_time_second,
    {", ".join(f"min({name}) AS {name}_min, max({name}) AS {name}_max" for name in MEASURED)},
    max(struct_pack({", ".join(f"{name} := {name}" for name in LAST)})) AS last,
    max({CLOCK}) AS clock
FROM {{rows}} WHERE unix_time_second >= ? AND unix_time_second <= ? GROUP BY ALL
"""
WHOLE = f"""
SELECT {", ".join(KEY)},
    sum(rows)::BIGINT AS rows,
    min(start_unix_time_second) AS start_unix_time_second,
    max(end_unix_time_second) AS end_unix_time_second,
    {", ".join(f"min({name}_min) AS {name}_min, max({name}_max) AS {name}_max" for name in MEASURED)},
    max(last) AS last,
    max(clock) AS clock
FROM {{rows}} GROUP BY ALL
"""
UNPACKED = ", ".join(f"last.{name} AS {name}" for name in COUNTERS)


def part(fleet: Fleet, threads: int | None = None) -> Any:
    """The cycles as far as these files have rows of them, as an Arrow table to be given to ``whole``.

    Raises StoreAway.
    """
    files = [file.url for file in fleet.files]
    return _reader(threads).table(PARTIAL, [fleet.since, fleet.until], files, fleet.schema.empty_table())


def whole(parts: Sequence[Any], schema: Any) -> Any:
    """The cycles of all parts, in order of channel, test and the cycler's cycle_count: how many rows, between which
    unix times, the extremes of what was measured, the counters of the last row, and ``clock``, the newest arrival.
    ``schema`` is the readings', for when there is no part."""
    order = ", ".join(f"{name} NULLS FIRST" for name in KEY)
    query = f"SELECT * EXCLUDE (last, clock), {UNPACKED}, clock FROM ({WHOLE}) ORDER BY {order}"
    reader = _reader(None)
    none = reader.table(PARTIAL, [0.0, 0.0], (), schema.empty_table())
    return reader.table(query, [], (), pa.concat_tables([none, *parts])).combine_chunks()


@cache
def _reader(threads: int | None) -> Reader:
    """One for the life of the process: a worker is given one part after the other, and a database of its own for
    each would cost as much as 100,000 rows."""
    return Reader(threads)
