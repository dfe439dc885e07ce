"""The account at the end: what was acknowledged beside what is kept."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from data_access.compaction import DAY_SECONDS, GRACE_SECONDS, SORTED
from data_access.data_files import DataFile
from data_access.lab import Lab
from data_access.wanted import Wanted
from tests.faults.child import MOST_SMALL
from tests.faults.house import House
from tests.faults.load import CYCLE_ROWS, EVERY, Source, volt

COLUMNS = ("channel", "record_index", "test", "test_time_second", "voltage_volt")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Readings by what became of them; only the first three may be anything but 0."""

    acknowledged: int
    archived: int
    in_redis: int  # that are not archived
    lost: int
    doubled: int
    invented: int  # that nobody sent
    wrong: int  # with another value, or another test than their channel's
    holes: int  # in the ids of the streams

    @property
    def right(self) -> bool:
        return not (self.lost or self.doubled or self.invented or self.wrong or self.holes)

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} readings acknowledged: {self.archived} archived, {self.in_redis} still in Redis; "
            f"{self.lost} lost, {self.doubled} doubled, {self.invented} invented, {self.wrong} wrong, "
            f"{self.holes} holes in the streams"
        )


def account(lab: Lab, sources: Iterable[Source]) -> Account:
    """Compares what the sources were promised with the archive and what Redis has besides."""
    archived, tail = _archived(lab), _in_redis(lab)
    kept = Counter((channel, index) for channel, index, *_ in (*archived, *tail))
    sent: dict[tuple[str, int], float] = {}
    acknowledged = 0
    for source in sources:
        acknowledged += source.acknowledged * len(source.channels)
        for channel in source.channels:
            for index in range(source.made):
                sent[channel, index] = volt(index, faulty=source.is_faulty(channel, index))
    promised = {(channel, index) for one in sources for channel in one.channels for index in range(one.acknowledged)}
    tests: dict[str, str] = {}
    wrong = 0
    for channel, index, test, clock, voltage in (*archived, *tail):
        right = clock == index * EVERY and np.float32(voltage) == sent.get((channel, index))
        wrong += not right or test != tests.setdefault(channel, test) or not test
    return Account(
        acknowledged=acknowledged,
        archived=len(archived),
        in_redis=len(tail),
        lost=len(promised - kept.keys()),
        doubled=sum(count - 1 for count in kept.values()),
        invented=len(kept.keys() - sent.keys()),
        wrong=wrong,
        holes=_holes(lab),
    )


def check_cycles(house: House, sources: Iterable[Source]) -> None:
    """Every cycle that was finished is in the archive once, soon after the last reading is."""
    finished = sorted(
        (channel, count)
        for source in sources
        for channel in source.channels
        for count in range(1, (source.made - 1) // CYCLE_ROWS + 1)
    )

    def archived() -> list[tuple[str, int]]:
        frame = house.lab.archive.cycles()
        return sorted(zip(frame["channel"], frame["cycle_count"].astype(int), strict=True))

    house.until(lambda: len(archived()) >= len(finished), f"{len(finished)} cycles to be archived")
    found = archived()
    assert found == finished, (sorted(set(finished) - set(found)), Counter(found) - Counter(finished))


def check_compacted(house: House) -> None:
    """Days that are over are sorted, with minutes that count what their files hold; today's files are few."""
    archive = house.lab.archive

    def days() -> dict[datetime.date, list[DataFile]]:
        found: dict[datetime.date, list[DataFile]] = {}
        for file in archive.tables["readings"].inventory().files:
            found.setdefault(file.partition["date"], []).append(file)
        return found

    def loose() -> list[int]:
        """How many files of each day are not sorted; of a day that is over none should be left."""
        over = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=DAY_SECONDS + GRACE_SECONDS)
        most = {date: 0 if date <= over.date() else MOST_SMALL for date in days()}
        names = {date: [file.name for file in files] for date, files in days().items()}
        unsorted = {date: sum(not name.startswith(SORTED) for name in there) for date, there in names.items()}
        return [count for date, count in unsorted.items() if count > most[date]]

    house.until(lambda: not loose(), "everything to be compacted")
    counted = archive.facts("readings_1m", {})
    dates = set(counted.column("date").to_pylist())
    assert dates
    for date in dates:
        minutes = counted.filter(pc.field("date") == date).column("rows").to_pylist()
        assert sum(minutes) == sum(file.rows or 0 for file in days()[date]), date


def only(alerts: Sequence[dict[str, Any]], kind: str, channel: str) -> dict[str, Any]:
    """The one alert of a kind on a channel; there must be one and no other."""
    found = [alert for alert in alerts if alert["kind"] == kind and alert["scope"] == f"channel:{channel}"]
    assert len(found) == 1, found
    return found[0]


def check_alerts(house: House, told: Sequence[dict[str, Any]]) -> None:
    """Every alert is archived once, with what people said of it; and no notice is there twice."""
    said = {alert["id"]: (alert["acknowledged_by"], len(alert["comments"])) for alert in told}
    assert len(said) == len(told)

    def archived() -> list[tuple[str, tuple[str | None, int]]]:
        return [(one.id, (one.acknowledged_by, len(one.comments))) for one in house.lab.archive.alerts()]

    house.until(lambda: dict(archived()) == said, f"the archive to have {said}")
    assert len(archived()) == len(said)
    notices = house.lab.live.notices(limit=10**6)
    assert len(notices) == len({(notice.alert, notice.reason, notice.severity) for notice in notices})


def check_journal(house: House) -> None:
    """What people said is archived, each word once."""
    said = [int(entry["id"]) for entry in house.lab.journal.entries()]
    assert said == list(range(1, len(said) + 1))
    house.until(lambda: len(house.lab.archive.rows("journal")) >= len(said), "the journal to be archived")
    assert sorted(row["id"] for row in house.lab.archive.rows("journal")) == said


def _archived(lab: Lab) -> list[tuple[Any, ...]]:
    table = lab.archive.readings(Wanted(), COLUMNS)
    return list(zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True))


def _in_redis(lab: Lab) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for cycler, position in lab.archive.positions(lab.topology.cycler_ids).items():
        rows = lab.live.tail(cycler, position)
        if len(rows):
            found += zip(*(rows.columns[name].tolist() for name in COLUMNS), strict=True)
    return found


def _holes(lab: Lab) -> int:
    """Entries that are missing from a stream between its oldest and its last, or from the archive before them."""
    holes = 0
    for cycler in lab.topology.cycler_ids:
        ids = [entry.n for entry in lab.live.entries_after(cycler, 0)]
        oldest = ids[0] if ids else lab.live.last(cycler) + 1
        holes += max(oldest - 1 - lab.archive.position(cycler), 0)
        holes += lab.live.last(cycler) - (oldest - 1) - len(ids)
    return holes
