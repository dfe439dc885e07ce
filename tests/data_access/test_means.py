"""Means: the same whether they come from minutes, from readings or from both with the tail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_access.lab import Lab
from monitor import record
from tests.data_access.builders import batch
from tests.data_access.compacting import MIDNIGHT, append, compact, rows

DAY = 86_400.0
CHANNELS = ("arbin-1-01", "arbin-2-01")
EACH = 3000  # readings of a channel, over three days


def fill(lab: Lab, tmp_path: Path) -> dict[str, Any]:
    """Three days: the first compacted, the second only archived, of the third the last hours in Redis. The times and
    voltages of each channel, with NaN where none was measured."""
    rng = np.random.default_rng(1)
    measured = {}
    for channel in CHANNELS:
        times = MIDNIGHT + np.sort(rng.uniform(0, 3 * DAY, EACH))
        volts = np.round(rng.uniform(3, 4, EACH), 3)
        volts[(times < MIDNIGHT + DAY) & (np.floor(times / 60) % 3 == 0)] = np.nan
        measured[channel] = times, volts
        first = times < MIDNIGHT + DAY
        day = rows(times[first].tolist(), channel, voltage_volt=volts[first].tolist())
        append(lab.archive, day, cycler=channel.removesuffix("-01"))
    compact(lab.archive, tmp_path / "scratch", MIDNIGHT + 2 * DAY)
    for start, end in ((1.0, 2.9), (2.9, 3.0)):
        for channel, (times, volts) in measured.items():
            part = (times >= MIDNIGHT + start * DAY) & (times < MIDNIGHT + end * DAY)
            sent = batch(times[part].tolist(), channel, voltage_volt=volts[part].tolist())
            lab.live.ingest(sent, received=MIDNIGHT + 3 * DAY, source="test")
        if end < 3:
            record.flush(lab, MIDNIGHT)
    return measured


def expected(measured: dict[str, Any], start: float, end: float, seconds: float) -> dict[tuple[str, float], Any]:
    """Readings and mean voltage of every interval, made plainly."""
    found = {}
    for channel, (times, volts) in measured.items():
        inside = (times >= start) & (times <= end)
        begins = np.floor(times / seconds) * seconds
        for begin in np.unique(begins[inside]).tolist():
            here = volts[inside & (begins == begin)]
            known = here[~np.isnan(here)]
            found[channel, begin] = len(here), known.mean() if len(known) else None
    return found


@pytest.mark.parametrize("seconds", [60, 3600, 45])
@pytest.mark.parametrize(("start", "end"), [(0.0, 3.0), (0.3, 2.97)])
def test_means_are_those_of_all_readings(lab: Lab, tmp_path: Path, start: float, end: float, seconds: float) -> None:
    measured = fill(lab, tmp_path)
    start, end = MIDNIGHT + start * DAY, MIDNIGHT + end * DAY
    table = lab.history.means(CHANNELS, start, end, seconds)
    found = {(row["channel"], row["unix_time_second"]): row for row in table.to_pylist()}
    right = expected(measured, start, end, seconds)
    assert list(found) == sorted(right)
    for key, (count, mean) in right.items():
        assert found[key]["rows"] == count
        volts = found[key]["voltage_volt_mean"]
        assert (volts is None) if mean is None else volts == pytest.approx(mean, rel=1e-6)
        assert found[key]["surface_temperature_celsius_mean"] is None


def test_nothing_was_measured(lab: Lab) -> None:
    assert lab.history.means(CHANNELS, MIDNIGHT, MIDNIGHT + DAY).num_rows == 0
    assert lab.history.means([], MIDNIGHT, MIDNIGHT + DAY).num_rows == 0


def test_closed_days_come_from_the_minutes(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    for file in lab.archive.tables["readings"].inventory().files:
        if file.name.startswith("sorted-"):
            (Path(lab.archive.tables["readings"].url) / file.path).unlink()
    assert lab.history.means(CHANNELS, MIDNIGHT, MIDNIGHT + 3 * DAY, 60).num_rows > EACH
