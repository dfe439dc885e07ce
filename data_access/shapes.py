"""How readings lie in the archive: types, partition, and where a column goes whose name or type is taken.

Voltage, current, temperatures and resistance are float32 there, times and counters float64. Extra columns keep
their vendor's name. A Delta table knows no upper and lower case and one type for a column, and a stream must
never stop for that: what does not fit goes beside it, as ``name_text``, ``name_number`` or ``name_text_2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import ColumnProperties, WriterProperties

from cycling.readings import COLUMNS
from data_access.codec import KINDS

SMALL = ("voltage_volt", "current_ampere")  # float64 on the wire, float32 in the archive
TYPES: Mapping[str, Any] = {
    name: pa.float32() if name in SMALL else KINDS[column.kind] for name, column in COLUMNS.items()
}
BESIDE = re.compile(r"_(text|number)(_\d+)?$")
READINGS = pa.schema([*TYPES.items(), ("date", pa.date32())])


def properties() -> WriterProperties:
    """float32 as byte streams, everything packed with zstd: about 10 bytes a reading."""
    split = ColumnProperties(dictionary_enabled=False, encoding="BYTE_STREAM_SPLIT")
    return WriterProperties(
        compression="ZSTD",
        compression_level=1,
        max_row_group_size=131_072,
        column_properties={name: split for name, kind in TYPES.items() if kind == pa.float32()},
    )


def shaped(tables: Iterable[Any], known: Mapping[str, Any]) -> Any:
    """Arrow tables of readings as one table in the archive's types; ``known``: the table's columns so far."""
    taken = {name.lower(): (name, kind) for name, kind in known.items()}
    fitted = []
    for table in _alike(tables):
        fitted.append(_fitted(table.combine_chunks(), taken))
        for field in fitted[-1].schema:  # what one entry of the stream begins, the next ones find
            taken.setdefault(field.name.lower(), (field.name, field.type))
    return pa.concat_tables(fitted, promote_options="default")


def dated(table: Any) -> Any:
    """With the partition, the UTC day of the unix time; in order of channel and time."""
    times = table.column("unix_time_second").to_numpy()
    days = np.floor(times / 86_400).astype("datetime64[D]")
    return table.append_column("date", pa.array(days, pa.date32())).take(_by_channel_and_time(table, times))


def _by_channel_and_time(table: Any, times: npt.NDArray[np.float64]) -> Any:
    """The order of the rows. What a cycler sends is in order of time already, so most often the channels are all
    there is to sort, and small whole numbers are sorted fast."""
    channels = table.column("channel").combine_chunks().dictionary_encode()
    names = channels.dictionary.to_numpy(zero_copy_only=False).astype(str)
    ranks = np.empty(len(names), dtype=np.uint16 if len(names) < 2**16 else np.uint32)
    ranks[np.argsort(names)] = np.arange(len(names))
    rank = ranks[channels.indices.to_numpy()]
    order = np.argsort(rank, kind="stable")
    back = (np.diff(times[order]) < 0) & (np.diff(rank[order]) == 0)
    return pa.array(np.lexsort((times, rank)) if back.any() else order)


def _alike(tables: Iterable[Any]) -> Iterator[Any]:
    """Tables of the same columns together: a thousand small ones are then as quick as one large one."""
    groups: dict[Any, list[Any]] = {}
    for table in tables:
        groups.setdefault(table.schema, []).append(table)
    for group in groups.values():
        yield pa.concat_tables(group)


def _fitted(table: Any, taken: Mapping[str, tuple[str, Any]]) -> Any:
    columns = {}
    for name, kind in TYPES.items():
        given = table.column(name) if name in table.column_names else None
        columns[name] = pa.nulls(table.num_rows, kind) if given is None else given.cast(kind)
    used = {*TYPES, "date"}
    for name in table.column_names:
        if name in TYPES:
            continue
        values = table.column(name)
        kind = pa.float64() if pa.types.is_floating(values.type) else pa.string()
        place = _place(name, kind, taken, used)
        used.add(place.lower())
        columns[place] = values.cast(kind)
    return pa.table(columns)


def _place(name: str, kind: Any, taken: Mapping[str, tuple[str, Any]], used: set[str]) -> str:
    """The column of the archive that an extra column goes to."""
    suffix = "number" if kind == pa.float64() else "text"
    for attempt in count():
        wish = name if not attempt else f"{name}_{suffix}" if attempt == 1 else f"{name}_{suffix}_{attempt}"
        if wish.lower() in used:
            continue
        there = taken.get(wish.lower())
        if there is None:
            return wish
        if there[1] == kind:
            return there[0]
    raise AssertionError("count() never ends")


def vendor_name(name: str) -> str:
    """The name by which the values of an extra column are known again, in whichever column they lie."""
    return BESIDE.sub("", name.lower())
