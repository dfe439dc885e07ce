"""What a fold remembers of every channel between batches: one dense array per quantity."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cycling.rows import Runs


class Memory:
    """Named arrays indexed by channel, grown on demand; saved and restored as bytes."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}  # channel -> its place in every array
        self.test: list[str | None] = []  # the test each channel was last seen with
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._defaults: dict[str, tuple[float, tuple[int, ...]]] = {}

    @property
    def channels(self) -> list[str]:
        return list(self.index)

    def places(self, channels: Sequence[str]) -> npt.NDArray[np.int64]:
        """The place of each channel; channels not met before get one."""
        index = self.index
        for channel in channels:
            if channel not in index:
                index[channel] = len(index)
                self.test.append(None)
        return np.array([index[channel] for channel in channels], dtype=np.int64)

    def array(self, name: str, default: float, shape: tuple[int, ...] = ()) -> npt.NDArray[Any]:
        """The array of a quantity, of shape (channels or more, *shape); new places hold ``default``."""
        wanted = len(self.index)
        held = self._arrays.get(name)
        if held is not None and len(held) >= wanted:
            return held
        grown = np.full((max(16, 2 * wanted), *shape), default, dtype=np.float64)
        if held is not None:
            grown[: len(held)] = held
        self._arrays[name], self._defaults[name] = grown, (default, shape)
        return grown

    def put(self, name: str, places: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> None:
        """Remember values of a quantity that was asked for before."""
        self._arrays[name][places] = values

    def take_over(self, other: Memory, channels: Sequence[str]) -> None:
        """Remember of these channels what another memory does."""
        here = self.places(channels)
        there = np.array([other.index[channel] for channel in channels], dtype=np.int64)
        for name, (default, shape) in other._defaults.items():
            self.array(name, default, tuple(shape))[here] = other.array(name, default, tuple(shape))[there]
        for place, origin in zip(here.tolist(), there.tolist(), strict=True):
            self.test[place] = other.test[origin]

    def save(self) -> dict[str, bytes]:
        """Everything remembered, as named bytes: the arrays end to end, for hundreds of members of an archive would
        take longer to pack than to make."""
        count = len(self.index)
        arrays = b"".join(held[:count].tobytes() for held in self._arrays.values())
        told = [(name, *self._defaults[name]) for name in self._arrays]
        names = {"channels": self.channels, "test": self.test, "arrays": told}
        return {"arrays": zlib.compress(arrays, level=1), "names": json.dumps(names).encode()}

    @classmethod
    def restore(cls, saved: dict[str, bytes]) -> Memory:
        """The memory that ``save`` wrote."""
        memory = cls()
        names = json.loads(saved["names"])
        memory.index = {channel: place for place, channel in enumerate(names["channels"])}
        memory.test = names["test"]
        numbers = np.frombuffer(zlib.decompress(saved["arrays"]), dtype=np.float64)
        at = 0
        for name, default, shape in names["arrays"]:
            whole = (len(memory.index), *shape)
            end = at + math.prod(whole)
            memory._arrays[name] = numbers[at:end].reshape(whole).copy()
            memory._defaults[name] = (default, tuple(shape))
            at = end
        return memory


class Turn:
    """One pass of readings over the memory: one run per channel, each of a single test.

    ``channels`` and ``tests`` stand per run.
    """

    def __init__(self, memory: Memory, runs: Runs, channels: Sequence[str], tests: Sequence[str]) -> None:
        self.memory, self.runs = memory, runs
        self.channels, self.tests = list(channels), list(tests)
        self.place = memory.places(self.channels)
        self.before = [memory.test[place] for place in self.place]  # the test each channel was on, or None
        self.continues = np.array([b == t for b, t in zip(self.before, self.tests, strict=True)], dtype=bool)
        self._begins = np.flatnonzero(~self.continues)

    def carry(self, name: str, default: float, shape: tuple[int, ...] = ()) -> npt.NDArray[Any]:
        """What each run goes on from: the remembered value, or ``default`` where a test begins."""
        held = self.memory.array(name, default, shape)[self.place]
        if len(self._begins):
            held[self._begins] = default
        return held

    def keep(self, name: str, values: npt.NDArray[Any]) -> None:
        """Remember the value at the last row of each channel; the name must have been carried before."""
        self.memory.put(name, self.place, values[self.runs.ends])

    def keep_runs(self, name: str, values: npt.NDArray[Any]) -> None:
        """The same, of values that stand one per run."""
        self.memory.put(name, self.place, values)

    def close(self) -> None:
        """Note which test each channel is on; the last call of a turn."""
        for place, test in zip(self.place, self.tests, strict=True):
            self.memory.test[place] = test
