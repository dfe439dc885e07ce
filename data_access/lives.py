"""The cycles of many tests at once as plain arrays: what the figure of a cohort and the list of tests are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cycling.cohort import Lives
from data_access import facts
from data_access.lab import Lab

DAY = 86_400.0
NO_CYCLE = ("incomplete", "faulty")  # kinds whose capacity says nothing of the cell
NUMBERS = (
    "cycle_count",
    "start_unix_time_second",
    "end_unix_time_second",
    "discharging_capacity_ah",
    "coulombic_efficiency",
    "state_of_health",
    "surface_temperature_celsius_mean",
)
COLUMNS = ("test", "kind", *NUMBERS)


def lives(
    lab: Lab, tests: Sequence[str] | None = None, until: float | None = None, nominal: Mapping[str, Any] | None = None
) -> Lives:
    """The cycles of these tests (None: of all) that had ended by ``until``, archived or not yet.

    ``nominal``: the capacity of each test in Ah that one equivalent full cycle counts for; where it is not said, the
    first whole discharge. Raises StoreAway.
    """
    table = pa.concat_tables([_stored(lab, tests), _fresh(lab, tests)])
    if until is not None:
        table = table.filter(pc.less_equal(table["end_unix_time_second"], until))
    names, codes = _codes(table)
    numbers = {name: _numbers(table, name) for name in NUMBERS}
    numbers["whole"] = ~pc.is_in(table["kind"], pa.array(NO_CYCLE)).to_numpy()
    numbers["regular"] = pc.equal(table["kind"], "regular").to_numpy().astype(np.float64)
    keys = codes * 2**32 + numbers["cycle_count"].astype(np.int64)
    if not (np.diff(keys) > 0).all():
        order = _newest_in_order(keys)
        codes, numbers = codes[order], {name: values[order] for name, values in numbers.items()}
    begins = np.searchsorted(codes, np.arange(len(names) + 1))
    return Lives(tests=names, begins=begins, columns=_columns(numbers, names, begins, nominal or {}))


def _stored(lab: Lab, tests: Sequence[str] | None) -> Any:
    return lab.archive.facts("cycles", {} if tests is None else {"test": tests}, COLUMNS)


def _fresh(lab: Lab, tests: Sequence[str] | None) -> Any:
    """Cycles that wait in Redis for their commit."""
    position = lab.archive.output_position("cycles")
    rows = [row for _, rows in lab.live.outputs_after("cycles", position) for row in rows]
    wanted = None if tests is None else set(tests)
    newest = {(row["test"], row["cycle_count"]): row for row in rows if wanted is None or row["test"] in wanted}
    return facts.to_table(facts.CYCLES, list(newest.values())).select(COLUMNS)


def _newest_in_order(keys: Any) -> Any:
    """The rows in order of their keys; of several with one key the last: what waits is newer than what is stored."""
    order = np.argsort(keys, kind="stable")
    last = np.append(np.diff(keys[order]) != 0, [True] * bool(len(order)))
    return order[last.astype(bool)]


def _codes(table: Any) -> tuple[tuple[str, ...], Any]:
    """The tests in order of name, and the number of each row's test among them."""
    encoded = table["test"].dictionary_encode().combine_chunks()
    names = np.array(encoded.dictionary.to_pylist(), dtype=object)
    order = sorted(range(len(names)), key=lambda number: str(names[number]))
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    codes = rank[encoded.indices.to_numpy()] if table.num_rows else np.empty(0, dtype=np.int64)
    return tuple(str(names[number]) for number in order), codes


def _columns(numbers: Any, names: Sequence[str], begins: Any, nominal: Mapping[str, Any]) -> dict[str, Any]:
    whole, discharged = numbers["whole"], numbers["discharging_capacity_ah"]
    start, end = numbers["start_unix_time_second"], numbers["end_unix_time_second"]
    known = np.where(np.isnan(discharged), 0.0, discharged)
    throughput, days = np.empty(len(end)), np.empty(len(end))
    for name, first, last in zip(names, begins[:-1], begins[1:], strict=True):
        mine = slice(first, last)
        one = nominal.get(name) or _first_whole(discharged[mine], whole[mine])
        throughput[mine] = np.cumsum(known[mine]) / one
        days[mine] = (end[mine] - (end[first] if np.isnan(start[first]) else start[first])) / DAY
    return {
        "cycle": numbers["cycle_count"],
        "throughput": throughput,
        "time": days,
        "health": 100 * np.where(whole, numbers["state_of_health"], np.nan),
        "capacity": np.where(whole, discharged, np.nan),
        "efficiency": 100 * np.where(whole, numbers["coulombic_efficiency"], np.nan),
        "temperature": numbers["surface_temperature_celsius_mean"],
        "start": start,
        "end": end,
        "regular": numbers["regular"],
    }


def _first_whole(discharged: Any, whole: Any) -> Any:
    """The capacity of the first whole discharge in Ah, NaN where there is none."""
    known = discharged[whole & (discharged > 0)]
    return known[0] if len(known) else np.nan


def _numbers(table: Any, name: str) -> Any:
    return table[name].to_numpy().astype(np.float64)
