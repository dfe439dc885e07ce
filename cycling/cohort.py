"""A cohort: many tests beside each other. How far all of them have faded, and which stand apart from the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

AXES = ("cycle", "throughput", "time")
MEASURES = ("health", "capacity")
PANELS = ("fade", "efficiency", "temperature")
PERCENTS = (5.0, 25.0, 50.0, 75.0, 95.0)
LEAST = 4  # tests at one place: of fewer the lines themselves say more than percentiles
MOST_NAMED = 20  # lines with a name and a colour
MOST_ODD = 8  # of those that nobody asked for by name
PLACES = 500  # along the axis, at most
POINTS = 240  # of a line with a name, at most
LAYER_POINTS = 40  # of a cell in the grey layer, at most


@dataclass(frozen=True, kw_only=True)
class Lives:
    """The cycles of several tests, in order of test and cycle.

    ``begins`` says where each test begins in the columns and, last, where they end. Columns are arrays of one
    length, NaN where nothing is known: cycle, throughput (equivalent full cycles), time (days since the first
    cycle began), health (%), capacity (Ah), efficiency (%), temperature (°C), end (UTC seconds), regular (1 or 0).
    """

    tests: tuple[str, ...]
    begins: NDArray[np.int64]
    columns: Mapping[str, Numbers]

    def of(self, number: int, column: str) -> Numbers:
        """A column of one test."""
        return self.columns[column][self.begins[number] : self.begins[number + 1]]


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Percentiles of a group along the axis: ``values`` has a row for each of PERCENTS, ``count`` the tests there."""

    places: Numbers
    values: Numbers
    count: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Tests of one protocol."""

    name: str
    tests: int
    bands: Mapping[str, Bands]  # of each panel


@dataclass(frozen=True, kw_only=True)
class Line:
    """One test by name: x and y of each panel."""

    test: str
    group: int
    points: Mapping[str, tuple[Numbers, Numbers]]


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """What a figure of many tests shows. ``layer`` holds the fade of every test in few points: test, x, y."""

    axis: str
    measure: str
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    layer: tuple[tuple[str, Numbers, Numbers], ...] = ()


def cohort(
    lives: Lives,
    groups: Mapping[str, str],
    *,
    axis: str = "cycle",
    measure: str = "health",
    named: Sequence[str] = (),
    all_cells: bool = False,
) -> Cohort:
    """Bands of each group (test → name of its group), named lines, and with ``all_cells`` a layer of every test.

    Up to MOST_NAMED tests all have a name; of more the ``named`` and those farthest from their group's median.
    """
    columns = {"fade": measure, "efficiency": "efficiency", "temperature": "temperature"}
    places = _places(lives.columns[axis], axis)
    on = dict(zip(columns, _on_places(lives, axis, list(columns.values()), places), strict=True))
    names = sorted({groups.get(test, "") for test in lives.tests})
    member = np.array([names.index(groups.get(test, "")) for test in lives.tests], dtype=np.int64)
    found = tuple(
        Group(name=name, tests=int(mine.sum()), bands={panel: bands(places, on[panel][mine]) for panel in PANELS})
        for name, mine in ((name, member == number) for number, name in enumerate(names))
    )
    lines = tuple(
        Line(
            test=lives.tests[number],
            group=int(member[number]),
            points={p: thinned(lives.of(number, axis), lives.of(number, c), POINTS) for p, c in columns.items()},
        )
        for number in _named(lives.tests, on["fade"], member, set(named))
    )
    layer = tuple(
        (test, *thinned(lives.of(number, axis), lives.of(number, measure), LAYER_POINTS))
        for number, test in enumerate(lives.tests if all_cells else ())
    )
    return Cohort(axis=axis, measure=measure, groups=found, lines=lines, layer=layer)


def bands(places: Numbers, table: Numbers) -> Bands:
    """Percentiles down the columns of ``table`` (a row per test), where at least LEAST tests are known."""
    values, count = percentiles(table, PERCENTS)
    known = count >= LEAST
    return Bands(places=places[known], values=values[:, known], count=count[known])


def percentiles(table: Numbers, percents: Sequence[float]) -> tuple[Numbers, NDArray[np.int64]]:
    """Percentiles down the columns, NaN left out, and how many values each column has. As numpy.nanpercentile, which
    goes column by column in Python; here all columns at once."""
    count = np.count_nonzero(np.isfinite(table), axis=0)
    if not len(table):
        return np.full((len(percents), table.shape[1]), np.nan), count
    ordered = np.sort(np.where(np.isfinite(table), table, np.nan), axis=0)  # NaN last
    rows = []
    for percent in percents:
        where = np.maximum(count - 1, 0) * percent / 100
        low = np.floor(where).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        pair = np.take_along_axis(ordered, np.stack([low, high]), axis=0)
        rows.append(pair[0] + (pair[1] - pair[0]) * (where - low))
    return np.array(rows), count


def thinned(x: Numbers, y: Numbers, points: int) -> tuple[Numbers, Numbers]:
    """At most so many of the known points, the lowest and the highest of every stretch among them, and both ends."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) <= points:
        return x, y
    stretches = list(pairwise(np.linspace(0, len(x), max(1, (points - 2) // 2) + 1).astype(int).tolist()))
    low = [a + int(np.argmin(y[a:b])) for a, b in stretches]
    high = [a + int(np.argmax(y[a:b])) for a, b in stretches]
    keep = np.unique(np.array([0, *low, *high, len(x) - 1]))
    return x[keep], y[keep]


def _places(x: Numbers, axis: str) -> Numbers:
    """Where along the axis percentiles are taken: at whole cycles, else evenly from the first to the last."""
    known = x[np.isfinite(x)]
    if not len(known):
        return np.array([])
    first, last = float(known.min()), float(known.max())
    if axis == "cycle":
        step = int(np.ceil((last - first + 1) / PLACES))
        return np.arange(first, last + 1, step)
    return np.linspace(first, last, PLACES // 2)


def _on_places(lives: Lives, axis: str, columns: Sequence[str], places: Numbers) -> list[Numbers]:
    """For each column a row per test: the mean of its cycles from one place to the next; on a continuous axis the line
    between its points. NaN outside of what the test has."""
    if axis == "cycle":
        cells = _cells(lives, places)
        return [_means(lives, column, places, cells) for column in columns]
    return [_between(lives, axis, column, places) for column in columns]


def _between(lives: Lives, axis: str, column: str, places: Numbers) -> Numbers:
    table = np.full((len(lives.tests), len(places)), np.nan)
    for number in range(len(lives.tests)):
        x, y = lives.of(number, axis), lives.of(number, column)
        known = np.isfinite(x) & np.isfinite(y)
        if known.any():
            table[number] = np.interp(places, x[known], y[known], left=np.nan, right=np.nan)
    return table


def _cells(lives: Lives, places: Numbers) -> NDArray[np.int64]:
    """In which cell of a table, a row per test and a column per place, each cycle counts; -1 where it has no number."""
    x = lives.columns["cycle"]
    if not len(places):
        return np.full(len(x), -1)
    rows = np.repeat(np.arange(len(lives.tests)), np.diff(lives.begins))
    known = np.isfinite(x)
    step = round(places[1] - places[0]) if len(places) > 1 else 1
    return np.where(known, rows * len(places) + (np.where(known, x, 0.0) - places[0]).astype(np.int64) // step, -1)


def _means(lives: Lives, column: str, places: Numbers, cells: NDArray[np.int64]) -> Numbers:
    y = lives.columns[column]
    known = np.isfinite(y) & (cells >= 0)
    if not known.all():
        y, cells = y[known], cells[known]
    size = len(lives.tests) * len(places)
    sums, counts = np.bincount(cells, y, size), np.bincount(cells, minlength=size)
    table = np.full(size, np.nan)
    np.divide(sums, counts, out=table, where=counts > 0)
    return table.reshape(len(lives.tests), len(places))


def _named(tests: Sequence[str], table: Numbers, member: NDArray[np.int64], wanted: set[str]) -> Sequence[int]:
    """The tests that get a line of their own: all of a few, else those asked for and the oddest."""
    if len(tests) <= MOST_NAMED:
        return range(len(tests))
    asked = [number for number, test in enumerate(tests) if test in wanted][:MOST_NAMED]
    odd = [number for number in _odd(table, member) if number not in asked][:MOST_ODD]
    return [*asked, *odd[: MOST_NAMED - len(asked)]]


def _odd(table: Numbers, member: NDArray[np.int64]) -> list[int]:
    """The tests by how far they are from the median of their group, farthest first; where it is known the distance
    counts in widths of the middle half, so that a scattered group does not win."""
    distance = np.zeros(len(table))
    for group in np.unique(member):
        mine = table[member == group]
        values, count = percentiles(mine, (25.0, 50.0, 75.0))
        width = np.maximum(values[2] - values[0], 1e-6)
        far = np.where((count >= LEAST) & np.isfinite(mine), np.abs(mine - values[1]) / width, 0.0)
        distance[member == group] = far.sum(axis=1) / np.maximum(np.isfinite(mine).sum(axis=1), 1)
    return [int(number) for number in np.argsort(-distance, kind="stable") if distance[number] > 0]


def fade(lives: Lives, number: int, points: int) -> tuple[Numbers, Numbers]:
    """The cycles and states of health (%) of one test in few points: of its regular cycles, or where none is known, of
    all. Check-ups go slower and give more: between the others they would look like teeth."""
    cycle, health = lives.of(number, "cycle"), lives.of(number, "health")
    regular = np.where(lives.of(number, "regular") > 0, health, np.nan)
    return thinned(cycle, regular if np.isfinite(regular).any() else health, points)


def last_known(values: Numbers) -> float | None:
    """The newest value that is known."""
    if len(values) and isfinite(values[-1]):
        return float(values[-1])
    known: Any = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None
