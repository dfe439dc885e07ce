"""What the page of one channel shows, from archive and live store together, worked out once for all who look."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cycling import replicates
from cycling.annotations import Annotation
from cycling.discharge import discharge_curve
from cycling.types import Alert
from data_access.alert_log import first_reading
from data_access.caching import cached
from data_access.lab import Lab

SETTLED_SECONDS = 120.0  # what is older hardly changes, and can be remembered while the archive stands
DAY_SECONDS, MINUTE_SECONDS = 86_400, 60
MEASURED = ("unix_time_second", "test_time_second", "voltage_volt", "current_ampere")

Columns = dict[str, list[Any]]
Curve = tuple[int, list[float], list[float]]  # cycle, Ah taken out, V


def is_heard(lab: Lab, channel: str) -> bool:
    """Whether the channel ever sent a reading."""
    if lab.tests.current(channel) is not None:
        return True
    return any(facts.get("channel") == channel for facts in lab.tests.all())  # Redis was emptied since


def traces(lab: Lab, channel: str, start: float, end: float, points: int) -> Columns:
    """``History.trace`` of a window."""

    def read() -> Columns:
        return dict(lab.history.trace(channel, start, end, points))

    if end > time.time() - SETTLED_SECONDS:
        return read()
    return cached("trace", channel, start, end, points, _version(lab, "readings"), compute=read)


def first_of_all(lab: Lab, cycler: str) -> float | None:
    """When the readings of the lab begin; before anything is archived, when this cycler's began to come, if they
    have."""
    archived = cached("first-of-all", compute=lambda: first_reading(lab), seconds=MINUTE_SECONDS)
    oldest = lab.live.after(cycler, 0, most=1) if archived is None else []
    return oldest[0].received if oldest else archived


def alerts(lab: Lab, channel: str) -> list[Alert]:
    """Every alert of the channel, once; what is live is newer than what is archived."""

    def read() -> list[Alert]:
        return lab.archive.alerts(channel=channel)

    past = cached("alerts", channel, _version(lab, "alerts"), compute=read)
    known = {alert.id: alert for alert in (*past, *lab.live.alerts(channel=channel))}
    return list(known.values())


def notes(lab: Lab, channel: str) -> list[Annotation]:
    """What people noted on the channel's time axis."""
    return lab.journal.annotations(channel)


def cycles(lab: Lab, channel: str, newest: str | None) -> Columns:
    """Every finished cycle of the channel. ``newest`` changes when one has finished that the archive may lack yet."""

    def read() -> Columns:
        return _lists(lab.history.cycles(channel=channel))

    return cached("cycles", channel, newest, _version(lab, "cycles"), compute=read, seconds=MINUTE_SECONDS)


def fellows(lab: Lab, test: str, at: float | None = None) -> tuple[int, Columns]:
    """How many other tests of its batch and protocol there are, and where their capacity stands by cycle; of the
    cycles that had ended by ``at``, else of all."""
    names = replicates.fellows_of(test, lab.tests.all())
    if len(names) < replicates.FEWEST:
        return len(names), {}

    def read() -> Columns:
        found = lab.history.cycles(tests=names)
        return replicates.band(_lists(found if at is None else found[found["end_unix_time_second"] <= at]))

    version = _version(lab, "cycles")
    return len(names), cached("fellows", tuple(names), at, version, compute=read, seconds=MINUTE_SECONDS)


def discharges(lab: Lab, channel: str, test: str, spans: Sequence[tuple[int, float, float]]) -> list[Curve]:
    """The discharge of cycles, each given by its number and when it began and ended."""
    return [_discharge(lab, channel, test, *span) for span in spans]


def _version(lab: Lab, table: str) -> int:
    """The version of a table, looked up once a second: what is newer comes from the live store meanwhile."""
    return cached("version", table, int(time.time()), compute=lambda: lab.archive.version(table), seconds=5)


def _discharge(lab: Lab, channel: str, test: str, cycle: int, start: float, end: float) -> Curve:
    def read() -> Curve:
        schema, batches = lab.history.readings(channel=channel, test=test, start=start, end=end, columns=MEASURED)
        table = pa.Table.from_batches(list(batches), schema)
        unix, elapsed, volts, amperes = (_floats(table, name) for name in MEASURED)
        own = unix * lab.topology.time_factor  # where the cycler tells no time of the test
        charge, voltage = discharge_curve(np.where(np.isfinite(elapsed), elapsed, own), volts, amperes)
        return cycle, charge.tolist(), voltage.tolist()

    return cached("discharge", channel, test, cycle, start, end, compute=read, seconds=DAY_SECONDS)


def _floats(table: Any, name: str) -> Any:
    return table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)


def _lists(frame: Any) -> Columns:
    return {str(name): list(values) for name, values in frame.to_dict("list").items()}
