"""The current test of every channel of a cycler, as this process last read it from Redis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from cycling.identity import CurrentTest
from data_access import keys
from data_access.connection import Part, text


@dataclass(frozen=True)
class Known:
    """What Redis said of one cycler: its current tests with their version, and since when it remembers."""

    version: str = ""
    born: float = 0.0  # readings older than this can be known to the archive only
    tests: Mapping[str, CurrentTest] = field(default_factory=dict)


def load(store: Part, cycler: str) -> Known:
    """One consistent look at a cycler's current tests."""
    names = [keys.intake(cycler), keys.current_tests(cycler)]
    version, born, tests = store.script("known")(keys=names, args=[])
    return Known(
        text(version),
        float(born or 0.0),
        {text(channel): from_json(told) for channel, told in zip(tests[::2], tests[1::2], strict=True)},
    )


def to_json(current: CurrentTest) -> str:
    return json.dumps(asdict(current), separators=(",", ":"))


def from_json(told: bytes) -> CurrentTest:
    return CurrentTest(**json.loads(told))
