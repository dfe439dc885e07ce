"""A lab of real processes for one fault, with readings coming in all the time, and the account at the end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import scale as scales
from tests.faults.account import Account, account
from tests.faults.house import CYCLERS, House
from tests.faults.load import FeedSource, HttpSource, Source
from tests.faults.reader import Reader
from tests.faults.scale import Scale

TWO_DAYS = 2 * 86_400.0  # a day that is over, and so is compacted to the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long form takes its time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(scales.chosen().timeout))


@pytest.fixture
def scale() -> Scale:
    return scales.chosen()


@pytest.fixture
def house(tmp_path: Path, scale: Scale) -> Iterator[House]:
    """A lab of which nothing runs yet; whatever was started is ended."""
    built = House(tmp_path / "lab", scale)
    yield built
    built.end()


class Load:
    """The sources of one test."""

    def __init__(self, house: House) -> None:
        self.house, self.sources, self.readers = house, list[Source](), list[Reader]()

    def http(self) -> HttpSource:
        """Starts to post readings of half of the channels of every cycler."""
        channels = [f"{one}-{n:02}" for one in CYCLERS for n in (1, 2, 3, 4)]
        return self._start(HttpSource(self.house.port, channels))

    def feed(self) -> FeedSource:
        """Starts to feed readings of another quarter."""
        channels = [f"{one}-{n:02}" for one in CYCLERS for n in (5, 6)]
        return self._start(FeedSource(self.house.connect(), channels))

    def late(self) -> FeedSource:
        """Starts to feed readings of the last quarter, which were measured two days ago."""
        channels = [f"{one}-{n:02}" for one in CYCLERS for n in (7, 8)]
        return self._start(FeedSource(self.house.connect(), channels, late=TWO_DAYS))

    def reader(self, source: Source) -> Reader:
        """Starts to look at a channel of a source."""
        reader = Reader(self.house.connect(), source)
        reader.start()
        self.readers.append(reader)
        return reader

    def rest(self) -> None:
        """Nothing is made or sent before ``go_on``."""
        for source in self.sources:
            source.resting.set()

    def go_on(self) -> None:
        for source in self.sources:
            source.resting.clear()

    def settled(self, what: str) -> Account:
        """Stops the sources, lets everything that was sent be recorded, and says what became of it."""
        for reader in self.readers:
            reader.end()
        for source in self.sources:
            source.stop()
        self.house.until(lambda: not any(one.is_alive() for one in self.sources), "every reading to be acknowledged")
        self.house.until(self._is_recorded, "everything to be recorded")
        told = account(self.house.lab, self.sources)
        sys.stdout.write(f"\n{what}:\n  {told}\n  {self.happened()}\n")
        for source in self.sources:
            assert source.wrong == []
            assert source.acknowledged == source.made > 0
        for reader in self.readers:
            assert reader.wrong == []
            assert reader.looks > 0
        return told

    def happened(self) -> str:
        """What the sources, the readers and the supervisor met with."""
        died = {child.command.name: child.restarts for child in self.house.supervisor.children if child.restarts}
        answers = Counter[int]()
        for source in self.sources:
            answers += source.answers
        return (
            f"started again: {died}; HTTP answers: {dict(answers)} (0: none); "
            f"most in a spool: {max(source.most_waiting for source in self.sources)}; "
            f"looks at the history: {sum(reader.looks for reader in self.readers)}; "
            f"writers refused: {self.house.refused()}"
        )

    def end(self) -> None:
        for reader in self.readers:
            reader.end()
        for source in self.sources:
            source.give_up()

    def _start(self, source: Any) -> Any:
        source.start()
        self.sources.append(source)
        return source

    def _is_recorded(self) -> bool:
        lab = self.house.lab
        return lab.archive.positions(CYCLERS) == lab.live.lasts(CYCLERS)


@pytest.fixture
def load(house: House) -> Iterator[Load]:
    """Readings for the lab."""
    sources = Load(house)
    yield sources
    sources.end()
