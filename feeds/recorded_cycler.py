"""A cycler whose channels replay recorded cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cycling.topology import TestFacts
from feeds.cell_model import Numbers
from feeds.recorded import Playback, load, played
from feeds.trouble import Trouble


class RecordedCycler:
    """Replays on every channel the cell of its first test, again and again."""

    def __init__(
        self, cycler: str, tests: Sequence[TestFacts], folder: Path, saved: Mapping[str, Any] | None = None
    ) -> None:
        self.cycler = cycler
        self.tests = tuple(tests)
        self.channels = tuple(str(test.channel) for test in tests)
        self._recordings = [load(folder, str(test.cell)) for test in tests]
        self.playbacks = [Playback(**(saved or {}).get(str(test.channel), {})) for test in tests]

    def report(self, seconds: float, air_celsius: Numbers, trouble: Trouble) -> dict[str, Any]:
        """Lets test time pass, then tells the newest reading of every channel that has a new one."""
        rows = []
        for place, test in enumerate(self.tests):
            if not trouble.powered:
                break
            self.playbacks[place], row = played(self._recordings[place], self.playbacks[place], seconds)
            if row is not None:
                rows.append(row | {"channel": test.channel, "channel_status": "running"})
        names = rows[0] if rows else {"channel": None}
        return {name: [row[name] for row in rows] for name in names}

    def facts(self) -> tuple[TestFacts, ...]:
        """What is known of the tests that run now."""
        pairs = zip(self.tests, self.playbacks, strict=True)
        return tuple(replace(test, test=playback.test(test.test)) for test, playback in pairs)

    def to_json(self) -> dict[str, Any]:
        """Where every channel is."""
        pairs = zip(self.tests, self.playbacks, strict=True)
        return {str(test.channel): asdict(playback) for test, playback in pairs}
