"""Two thermocouples in each other's place: each cell seems to warm with the other's current.

Of every channel the means over four minutes of its temperature and of its squared current are kept for four hours.
Squared current, low-passed as a cell is, is what its temperature should follow (NASA: a correlation of 0.6 to 0.95
over four hours). Channels that run in step follow each other's load as well as their own and are never told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cycling.detectors.base import Words
from cycling.detectors.thermocouples_swapped import ThermocouplesSwapped
from cycling.judge import BEGINS, ENDS, Finding
from cycling.memory import Memory, Turn
from cycling.rows import Floats, Ints
from cycling.sight import Sight
from cycling.topology import Topology

SLOT, SLOTS = 240.0, 60  # s of data time, and how many are kept
KNOWN = 54  # of them must be there
LOOK = 21_600.0  # s of data time between looks
FEW = 4  # channels; beside so few a look costs a replay much, and there is half as often one
OFFSET = 0.5  # s after the full look, where few rows arrive
TIME_CONSTANT = 960.0  # s; NASA's cells 8 to 37 min
LEAST_SWING = 0.05  # the squared current must move by this share of its largest value
ALONE = 0.75  # crossed correlation asked for where no third channel shows that loads tell temperatures there
ORDINARY = 0.5  # what the own correlation of the other channels must be in the middle
Pair = tuple[str, str]


def correlations(temperature: Floats, square: Floats) -> Floats:
    """How well the temperature of each channel follows the load of each: (channels, channels), NaN where nothing can
    be told. ``temperature`` and ``square`` (of the current) are of shape (channels, slots), NaN where missing."""
    heat = np.empty_like(square)
    filled = np.where(np.isnan(square), _mean(square)[:, None], square)
    level, share = filled[:, 0], float(np.exp(-SLOT / TIME_CONSTANT))
    for slot in range(square.shape[1]):
        level = share * level + (1 - share) * filled[:, slot]
        heat[:, slot] = level
    moves = np.ptp(filled, axis=1) > LEAST_SWING * filled.max(axis=1)
    warmth, load = _unit(np.where(np.isnan(temperature), _mean(temperature)[:, None], temperature)), _unit(heat)
    load[~moves] = np.nan
    return np.asarray(warmth @ load.T)


def crossed_pairs(found: Floats, limits: ThermocouplesSwapped) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs of channels whose correlations say that they are swapped: by channel numbers, the smaller first; and the
    pairs that say clearly that they are not."""
    own = np.diag(found)
    bad = np.flatnonzero(own < 1.0 - limits.better)
    swapped = []
    for place, i in enumerate(bad.tolist()):
        for j in bad[place + 1 :].tolist():
            others = np.delete(own, [i, j])
            others = others[~np.isnan(others)]
            if len(others) and np.median(others) < ORDINARY:
                continue  # loads do not tell temperatures here: heat of reaction, a chamber on its way
            least = limits.crossed if len(others) else max(limits.crossed, ALONE)
            both = min(found[i, j], found[j, i])
            if both >= least and own[i] <= found[i, j] - limits.better and own[j] <= found[j, i] - limits.better:
                swapped.append((i, j))
    taken = [channel for pair in swapped for channel in pair]
    swapped = [(i, j) for i, j in swapped if taken.count(i) == 1 and taken.count(j) == 1]
    well = np.flatnonzero(own >= limits.crossed)
    return swapped, [(i, j) for i in well.tolist() for j in well.tolist() if i < j and found[i, j] < own[i]]


class Swaps:
    """The rings of all channels, how often each pair looked swapped, and which are told."""

    def __init__(self, memory: Memory, topology: Topology, limits: ThermocouplesSwapped) -> None:
        self.memory, self.topology, self.limits = memory, topology, limits
        self._evidence: dict[str, int] = {}  # "a|b" -> looks for it less looks against it
        self._open: dict[str, str] = {}  # "a|b" -> test of a
        self._due = np.inf  # s of arrival

    def see(self, turn: Turn, sight: Sight) -> None:
        """Add the rows of a turn to the means."""
        if not self.limits.enabled:
            return
        rows, runs, place = sight.rows, sight.rows.runs, turn.place
        good = sight.thermometry.believable & ~np.isnan(rows.held_current)
        slot = np.floor(rows.unix * self.topology.time_factor / SLOT)
        held = self.memory.array("swaps.sums", 0.0, (3,))[place]  # temperature, squared current, rows: all so far …
        base = self.memory.array("swaps.base", 0.0, (3,))[place]  # … and when the slot began
        last = self.memory.array("swaps.slot", np.nan)[place]
        values = np.where(good, rows.surface, 0.0), np.where(good, rows.held_current**2, 0.0), good.astype(float)
        sums = np.stack([runs.running_sum(value, held[:, n]) for n, value in enumerate(values)], axis=1)
        before = runs.previous(slot, last)
        ends = np.flatnonzero((slot != before) & ~np.isnan(before))
        if len(ends):
            so_far = np.stack([runs.previous(sums[:, n], held[:, n]) for n in range(3)], axis=1)
            first = np.append(True, runs.of_row[ends][1:] != runs.of_row[ends][:-1])
            began = np.where(first[:, None], base[runs.of_row[ends]], np.roll(so_far[ends], 1, axis=0))
            self._store(place[runs.of_row[ends]], before[ends], so_far[ends] - began)
            newest = np.append(runs.of_row[ends][1:] != runs.of_row[ends][:-1], True)
            base[runs.of_row[ends][newest]] = so_far[ends][newest]
            self.memory.put("swaps.base", place, base)
        self.memory.put("swaps.sums", place, sums[runs.ends])
        self.memory.put("swaps.slot", place, slot[runs.ends])

    def expect(self, clock: float) -> None:
        """Rows are about to come from this time of arrival on."""
        if self._due == np.inf and self.limits.enabled and len(self.memory.index) > 1:
            self._due = self._after(clock)

    def due(self) -> float:
        """When the pairs are weighed next."""
        return self._due

    def look(self, now: float) -> list[Finding]:
        """Weigh every pair of channels that share a chamber or a logger, when that is due."""
        if now < self._due:
            return []
        self._due = self._after(now)
        return [finding for names in self._groups() for finding in self._weigh(names)]

    def adopt(self, pair: Sequence[str], test: str) -> None:
        """A pair that an earlier watch left open."""
        self._open["|".join(pair)] = test
        self._evidence["|".join(pair)] = self.limits.looks

    def save(self) -> dict[str, Any]:
        return {"evidence": self._evidence, "open": self._open, "due": None if self._due == np.inf else self._due}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._evidence, self._open = dict(saved.get("evidence", {})), dict(saved.get("open", {}))
        self._due = np.inf if saved.get("due") is None else saved["due"]

    def _after(self, now: float) -> float:
        few = 2.0 if len(self.memory.index) < FEW else 1.0
        every = few * LOOK / self.topology.time_factor
        return float((np.floor((now - OFFSET) / every) + 1) * every + OFFSET)

    def _store(self, place: Ints, slot: Floats, sums: Floats) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            means = sums[:, :2] / sums[:, 2:]
        self.memory.array("swaps.ring", np.nan, (SLOTS, 3))[place, slot.astype(int) % SLOTS] = np.column_stack(
            [slot, means]
        )

    def _groups(self) -> list[list[str]]:
        groups: dict[str, list[str]] = {}
        for channel in self.memory.index:
            place = self.topology.place(channel)
            key = f"logger:{place.logger}" if place.logger else f"chamber:{place.chamber}/{place.cycler}"
            if place.chamber and not place.logger:
                key = f"chamber:{place.chamber}"
            groups.setdefault(key, []).append(channel)
        return [sorted(names) for names in groups.values() if len(names) >= 2]

    def _weigh(self, names: list[str]) -> Iterator[Finding]:
        """Add what this look says of a group, and tell what begins and ends."""
        ring = self.memory.array("swaps.ring", np.nan, (SLOTS, 3))[[self.memory.index[name] for name in names]]
        if np.isnan(ring[:, :, 0]).all():
            return
        wanted = np.nanmax(ring[:, :, 0]) - np.arange(SLOTS)[::-1]
        slots = ring[:, wanted.astype(int) % SLOTS]
        known = slots[:, :, 0] == wanted
        temperature, square = (np.where(known, slots[:, :, n], np.nan) for n in (1, 2))
        with np.errstate(invalid="ignore"):
            spread = np.sqrt(_mean((temperature - _mean(temperature)[:, None]) ** 2))
        told = ((~np.isnan(temperature)).sum(axis=1) >= KNOWN) & (spread >= self.limits.least_kelvin)
        if told.sum() < 2:
            return
        here = [name for name, good in zip(names, told, strict=True) if good]
        found = correlations(temperature[told], square[told])
        swapped, apart = crossed_pairs(found, self.limits)
        for i, j in swapped:
            key = f"{here[i]}|{here[j]}"
            self._evidence[key] = min(self._evidence.get(key, 0) + 1, 2 * self.limits.looks)
            if self._evidence[key] >= self.limits.looks and key not in self._open:
                yield self._begins(here[i], here[j], found[np.ix_([i, j], [i, j])])
        for i, j in apart:
            key = f"{here[i]}|{here[j]}"
            if key in self._evidence:
                self._evidence[key] -= 1
                if self._evidence[key] <= 0:
                    del self._evidence[key]
                    if key in self._open:
                        yield self._finding(ENDS, (here[i], here[j]), self._open.pop(key), None)

    def _begins(self, a: str, b: str, found: Floats) -> Finding:
        test = self.memory.test[self.memory.index[a]] or ""
        self._open[f"{a}|{b}"] = test
        own, crossed = float(max(found[0, 0], found[1, 1])), float(min(found[0, 1], found[1, 0]))
        words = Words(
            message=f"Thermocouples swapped: the temperatures of {a} and {b} follow each other's current (correlation "
            f"{crossed:.2f} and more over 4 h) and not their own ({own:.2f} at most).",
            action=f"Swap the thermocouples of {a} and {b}; until then each reads the other's cell.",
            evidence={"crossed_correlation": crossed, "own_correlation": own, "looks": self.limits.looks},
        )
        return self._finding(BEGINS, (a, b), test, words)

    def _finding(self, what: str, pair: Pair, test: str, words: Words | None) -> Finding:
        at = float(np.nanmax(self.memory.array("unix", np.nan)[[self.memory.index[name] for name in pair]]))
        return Finding(
            at=at,
            what=what,
            kind=self.limits.kind,
            severity=self.limits.severity,
            channel=pair[0],
            test=test,
            words=words,
            scope=f"channel:{pair[0]}",
            channels=pair,
        )


def _mean(values: Floats) -> Floats:
    """Means of the rows, NaN left out."""
    known = ~np.isnan(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _unit(values: Floats) -> Floats:
    """Rows about 0 with length 1, so that their products are correlations."""
    centred = values - values.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.where(length > 0, length, np.nan))
