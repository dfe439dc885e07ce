"""The newest reading of every channel as it was known at moments that have gone, in one look at the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_access.joined import Moment
from data_access.reading import quoted
from data_access.walking import table_of

AHEAD = 3600.0  # s; a cycler's clock that is further ahead than this is seen only once its time has come
KNOWN = "coalesce(arrival_time_second, unix_time_second)"  # from then on the lab knew of a reading
KEPT = (
    "test",
    "unix_time_second",
    "arrival_time_second",
    "voltage_volt",
    "current_ampere",
    "surface_temperature_celsius",
    "ambient_temperature_celsius",
    "test_time_second",
    "cycle_count",
    "step_type",
    "channel_status",
)
ARRIVALS = 32  # newest, for the cadence; readings that came together count once


@dataclass(frozen=True)
class Steps:
    """Moments at equal distances, in UTC seconds: ``first``, ``first + step`` … , ``count`` of them."""

    first: float
    step: float = 1.0
    count: int = 1

    @property
    def last(self) -> float:
        return self.first + self.step * (self.count - 1)

    @property
    def moments(self) -> list[float]:
        return [self.first + self.step * place for place in range(self.count)]


def newest(moment: Moment, steps: Steps) -> list[dict[str, Any]]:
    """For every channel and step in which one came, the newest reading: ``channel``, ``place`` (of the step, 0 also for
    all before), ``row`` (the columns of KEPT) and ``arrivals`` (the newest arrivals, s). In order of place."""
    place = f"greatest(0, ceil(({KNOWN} - ?) / ?))::INT"
    row = ", ".join(f"{quoted(name)} := {quoted(name)}" for name in KEPT)
    select = (
        f"channel, {place} AS place, max_by(struct_pack({row}), ({KNOWN}, unix_time_second)) AS row, "
        f"max({KNOWN}, {ARRIVALS}) AS arrivals"
    )
    return _asked(moment, select, [steps.first, steps.step], f"AND {KNOWN} <= ? GROUP BY ALL ORDER BY 2", [steps.last])


def largest(moment: Moment) -> dict[str, float]:
    """The largest current of every channel in A, whichever way it flowed; 0 where none was measured."""
    found = _asked(moment, "channel, max(abs(current_ampere)) AS ampere", [], "GROUP BY channel", [])
    return {row["channel"]: float(row["ampere"] or 0.0) for row in found}


def _asked(moment: Moment, select: str, before: Sequence[Any], rest: str, after: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of an answer; ``before`` are the values of ``select``, ``after`` those of ``rest``."""
    condition, values = moment.wanted.condition()
    found = moment.reader.batches(
        f"SELECT {select} FROM {{rows}} WHERE {condition} {rest}",
        [*before, *values, *after],
        moment.snapshot.files,
        None if moment.snapshot.files and moment.tail is None else moment.beside(),
        alike=moment.alike,
    )
    listed: list[dict[str, Any]] = table_of(found).to_pylist()
    return listed
