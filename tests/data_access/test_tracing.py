"""Traces: at any zoom, out of whatever files and minutes and tail, no extreme is ever lost and pauses stay pauses."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from data_access import tracing
from data_access.delta import Snapshot
from data_access.joined import Moment
from data_access.lab import Lab, StoreAway
from data_access.reading import Reader
from data_access.shapes import TYPES, shaped
from data_access.tier import Minutes
from data_access.traced import CLOCK, TRACED
from data_access.tracing import trace
from data_access.wanted import Wanted
from monitor import record
from tests.data_access.builders import batch
from tests.data_access.compacting import MIDNIGHT, append, compact, rows

SERIES = 1000
DAY = 86_400.0
CHANNEL = "arbin-1-01"


class Series:
    """Readings of one channel over a few days with spikes in every traced column, as files, minutes and tail."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.folder = folder / str(seed)
        self.points = int(rng.integers(80, 600))
        self.days = int(rng.integers(1, 3))
        times = self._times()
        self.columns = {name: self._smooth(len(times)) for name in TRACED}
        self.spikes = {name: self._spiked(values) for name, values in self.columns.items()}
        self.table = shaped([pa.table({"channel": [CHANNEL] * len(times), CLOCK: times, **self.columns})], {})
        self.wanted = Wanted(channels=[CHANNEL])
        self.files, self.minutes, tail = self._stored(times)
        columns = {**TYPES, "date": pa.date32()}
        snapshot = Snapshot(version=1, files=self.files, positions={}, columns=columns)
        self.moment = Moment(READER, self.wanted, snapshot, tail if tail.num_rows else None)

    def _times(self) -> np.ndarray:
        """At an uneven cadence, with holes and sometimes nothing for half a day."""
        rows = int(self.rng.integers(50, 3000))
        times = np.sort(self.rng.uniform(0, self.days * DAY, rows))
        if self.rng.random() < 0.5:
            hole = self.rng.uniform(0, self.days * DAY)
            times = times[(times < hole) | (times > hole + DAY / 2)]
        return MIDNIGHT + np.unique(np.round(times, 3))

    def _smooth(self, count: int) -> np.ndarray:
        values = np.sin(np.arange(count) / 50) + self.rng.normal(0, 0.1, count)
        values[self.rng.random(count) < 0.1] = np.nan
        return np.full(count, np.nan) if self.rng.random() < 0.1 else values

    def _spiked(self, values: np.ndarray) -> list[float]:
        """Spikes up and down, so far apart that no two of them can be in one stretch of the trace."""
        if np.isnan(values).all() or len(values) < 20:
            return []
        apart = 4 * len(TRACED) * max(len(values) // self.points, 1) * 4
        places = np.arange(self.rng.integers(0, apart), len(values), apart)
        places = places[: int(self.rng.integers(1, 6))]
        heights = (100 + self.rng.random(len(places)) * 900) * self.rng.choice([-1, 1], len(places))
        values[places] = heights.astype(np.float32)
        return [float(np.float32(height)) for height in heights]

    def _stored(self, times: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...], pa.Table]:
        """Every reading goes to the tail or to one of some files; of closed days all to one file and to minutes."""
        place = np.where(self.rng.random(len(times)) < 0.05, 0, self.rng.integers(1, 3, len(times)))
        files, minutes, day_of = [], [], np.floor(times / DAY)
        for day in np.unique(day_of):
            date = datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))
            here = day_of == day
            if self.rng.random() < 0.6:
                part = self.table.filter(here & (place > 0))
                files.append(self._write(part, date, "sorted-0"))
                minutes.append(str(self.folder / f"{date}.parquet"))
                parquet.write_table(minutes_of(part), minutes[-1])
                continue
            for n in (1, 2):
                part = self.table.filter(here & (place == n))
                files.append(self._write(part.take(self.rng.permutation(len(part))), date, f"part-{n}"))
        return tuple(files), tuple(minutes), self.table.filter(place == 0)

    def _write(self, part: pa.Table, date: datetime.date, name: str) -> str:
        path = self.folder / f"date={date}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(part, path)
        return str(path)

    def told(self, *, minutes: bool) -> dict[str, list[float | None]]:
        snapshot = Snapshot(version=1, files=self.minutes, positions={}, columns={})
        found = trace(self.moment, Minutes(READER, self.wanted, snapshot) if minutes else None, self.points)
        return found.drawn()


def minutes_of(part: pa.Table) -> pa.Table:
    """The one-minute rows of some readings, made plainly."""
    start = np.floor(part.column(CLOCK).to_numpy() / 60) * 60
    values = {name: pc.if_else(pc.is_nan(part.column(name)), None, part.column(name)) for name in TRACED}
    grouped = pa.table({"channel": part.column("channel"), CLOCK: start, **values}).group_by(["channel", CLOCK])
    made = grouped.aggregate([(name, of) for name in TRACED for of in ("min", "max")] + [([], "count_all")])
    made = made.rename_columns([{"count_all": "rows"}.get(name, name) for name in made.column_names])
    return made.append_column("test_time_second", pa.nulls(len(made), pa.float64()))


READER = Reader()


@pytest.mark.parametrize("minutes", [False, True])
def test_no_spike_is_missed_in_a_thousand_series(tmp_path: Path, minutes: bool) -> None:
    missed, spikes = [], 0
    for seed in range(0, SERIES, 2) if minutes else range(1, SERIES, 2):
        series = Series(seed, tmp_path)
        told = series.told(minutes=minutes)
        times = told[CLOCK]
        assert times == sorted(times)  # type: ignore[type-var]
        for name in TRACED:
            shown = {float(np.float32(value)) for value in told[name] if value is not None}
            spikes += len(series.spikes[name])
            missed += [(seed, name, spike) for spike in series.spikes[name] if spike not in shown]
    assert spikes > SERIES
    assert missed == []


def fill(lab: Lab, tmp_path: Path) -> None:
    """Four days of a reading every ten seconds with a spike in each: two compacted, one archived, one in Redis."""
    for day in range(4):
        times = (MIDNIGHT + day * DAY + np.arange(0, DAY, 10)).tolist()
        volts = np.full(len(times), 3.5)
        volts[4000] = 4 + day / 10
        if day < 2:
            append(lab.archive, rows(times, voltage_volt=volts.tolist(), test_time_second=times))
            compact(lab.archive, tmp_path / "scratch", MIDNIGHT + 9 * DAY)
            continue
        sent = batch(times, voltage_volt=volts.tolist(), test="cell-b")
        lab.live.ingest(sent, received=MIDNIGHT + 4 * DAY, source="test")
        if day == 2:
            record.flush(lab, MIDNIGHT)


def spikes(told: dict[str, list[float | None]]) -> list[tuple[float, float]]:
    """When the voltage was above the usual, in seconds after midnight, and what it was."""
    both = zip(told[CLOCK], told["voltage_volt"], strict=True)
    return [(at - MIDNIGHT, volts) for at, volts in both if at is not None and volts is not None and volts > 3.6]


def lose_closed_days(lab: Lab) -> None:
    """Takes away the readings of closed days, so that only their minutes are left."""
    for file in lab.archive.tables["readings"].inventory().files:
        if file.name.startswith("sorted-"):
            (Path(lab.archive.tables["readings"].url) / file.path).unlink()


def test_minutes_readings_and_tail_are_one_trace(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    found = spikes(lab.history.trace(CHANNEL, None, None, 500))
    assert [volts for _, volts in found] == [4.0, 4.1, 4.2, 4.3]
    for day, (at, _volts) in enumerate(found):
        assert at == pytest.approx(day * DAY + 40_000, abs=60)
    assert None not in lab.history.trace(CHANNEL, None, None, 500)["voltage_volt"]


def test_long_windows_read_the_minutes_and_short_ones_the_readings(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    lose_closed_days(lab)
    assert len(spikes(lab.history.trace(CHANNEL, MIDNIGHT, MIDNIGHT + 4 * DAY, 500))) == 4
    with pytest.raises(StoreAway, match="is missing"):
        lab.history.trace(CHANNEL, MIDNIGHT, MIDNIGHT + 4 * DAY, 50_000)
    with pytest.raises(StoreAway, match="is missing"):  # a day that is asked for in part
        lab.history.trace(CHANNEL, MIDNIGHT + 1, MIDNIGHT + 4 * DAY, 500)


def test_a_day_with_late_readings_is_read_from_the_readings(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    append(lab.archive, rows([MIDNIGHT + 5.0], voltage_volt=9.9), cycler="arbin-1")
    assert (5.0, 9.9) in spikes(lab.history.trace(CHANNEL, None, None, 500))


def test_a_late_reading_in_redis_finds_its_place_in_a_closed_day(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    lab.live.ingest(batch([MIDNIGHT + 20_004.0], voltage_volt=9.9), received=MIDNIGHT + 4 * DAY, source="test")
    told = lab.history.trace(CHANNEL, None, None, 500)
    assert (20_004.0, 9.9) in spikes(told)
    assert told[CLOCK] == sorted(told[CLOCK])  # type: ignore[type-var]


def test_another_test_on_the_channel_is_left_out(lab: Lab, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    assert spikes(lab.history.trace(CHANNEL, None, None, 500, test="nobody")) == []
    assert len(spikes(lab.history.trace(CHANNEL, None, None, 500, test="cell-a"))) == 2


def test_a_pause_is_seen_in_minutes_readings_and_between_them(lab: Lab, tmp_path: Path) -> None:
    def measure(start: float, seconds: float) -> list[float]:
        return (MIDNIGHT + start + np.arange(0, seconds, 10)).tolist()

    append(lab.archive, rows(measure(0, 20_000)), rows(measure(30_000, 20_000)))
    compact(lab.archive, tmp_path / "scratch", MIDNIGHT + 9 * DAY)
    append(lab.archive, rows(measure(DAY, 20_000)), rows(measure(DAY + 40_000, 20_000)))
    told = lab.history.trace(CHANNEL, None, None, 400)
    pauses = [at for at, volts in zip(told[CLOCK], told["voltage_volt"], strict=True) if volts is None]
    middles = [25_000, (50_000 + DAY) / 2, DAY + 30_000]
    assert [at - MIDNIGHT for at in pauses if at is not None] == pytest.approx(middles, abs=60)


def test_a_life_of_many_blocks_is_one_trace(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(lab, tmp_path)
    whole = lab.history.trace(CHANNEL, None, None, 300)
    monkeypatch.setattr(tracing, "MOST_ROWS", 5000)
    monkeypatch.setattr(tracing, "NARROWEST", np.inf)
    told = lab.history.trace(CHANNEL, None, None, 300)
    assert spikes(told) == [(day * DAY + 40_000, 4 + day / 10) for day in range(4)]
    assert len(spikes(whole)) == 4
    assert None not in told["voltage_volt"]
