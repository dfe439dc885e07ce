"""Row arithmetic for folds: every function gives the same answer however the rows were cut into batches.

Rows of one channel stand together and in order. What a channel carried over from the batch before is handed
in as ``carry``, one value per run of rows; what must be carried on is read off the last row of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Runs:
    """Rows in runs that belong together: one channel, one test. ``starts`` are the first rows of the runs."""

    length: int
    starts: Ints

    @cached_property
    def ends(self) -> Ints:
        """The last row of each run."""
        return np.append(self.starts[1:], self.length) - 1

    @cached_property
    def sizes(self) -> Ints:
        return np.diff(np.append(self.starts, self.length))

    @cached_property
    def single(self) -> bool:
        """Whether no run has a second row, as live: then every function is one step from what was carried."""
        return len(self.starts) == self.length

    @cached_property
    def of_row(self) -> Ints:
        """Which run each row belongs to."""
        return np.repeat(np.arange(len(self.starts)), self.sizes)

    @cached_property
    def start_of_row(self) -> Ints:
        return np.repeat(self.starts, self.sizes)

    @cached_property
    def rows(self) -> Ints:
        return np.arange(self.length)

    def previous(self, values: npt.NDArray[Any], carry: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The value one row earlier in the run; ``carry`` (per run) for its first row."""
        if self.single:
            return carry.astype(values.dtype)
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.starts] = carry
        return shifted

    def last_where(self, flag: Bools, values: npt.NDArray[Any], carry: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The value at the newest row, this one included, where ``flag`` holds; else ``carry``."""
        if self.single:
            return np.where(flag, values, carry)
        if not flag.any():  # the usual, of what is rare; asking costs a tenth of looking for the newest
            return carry[self.of_row].astype(np.result_type(values, carry), copy=False)
        newest = np.maximum.accumulate(np.where(flag, self.rows, -1))
        inside = newest >= self.start_of_row
        return np.where(inside, values[np.where(inside, newest, 0)], carry[self.of_row])

    def count(self, flag: Bools, carry: Floats) -> Floats:
        """How many rows in a row, this one included, ``flag`` has held."""
        if self.single:
            return np.where(flag, carry + 1, 0.0)
        if not flag.any():
            return np.zeros(self.length)
        broken = np.maximum.accumulate(np.where(flag, -1, self.rows))
        inside = broken >= self.start_of_row
        since_start = self.rows - self.start_of_row + 1 + carry[self.of_row]
        return np.where(flag, np.where(inside, self.rows - broken, since_start), 0.0)

    def tally(self, flag: Bools, counted: Bools, carry: Floats) -> Floats:
        """How many ``counted`` rows there were, this one included, since ``flag`` began to hold."""
        if self.single:
            return np.where(flag, carry + counted, 0.0)
        total = np.cumsum(flag & counted)  # whole numbers: exact however the rows are cut
        broken = np.maximum.accumulate(np.where(flag, -1, self.rows))
        inside = broken >= self.start_of_row
        before_run: Ints = (total - (flag & counted))[self.start_of_row]
        base = np.where(inside, total[np.where(inside, broken, 0)], before_run - carry[self.of_row])
        return np.where(flag, total - base, 0.0)

    def running_sum(self, values: Floats, carry: Floats) -> Floats:
        """Sums added strictly row by row, so that no cut into batches changes a bit of the result."""
        if self.single:
            return carry + values
        out = np.empty_like(values)
        if len(self.starts) * 4 > self.length:  # few rows per run: all first rows at once, then all second …
            total = carry.astype(float)
            for place in range(int(self.sizes.max(initial=0))):
                runs = np.flatnonzero(self.sizes > place)
                total[runs] = total[runs] + values[self.starts[runs] + place]
                out[self.starts[runs] + place] = total[runs]
            return out
        added = np.empty(self.length + 1)
        for run, (start, end) in enumerate(zip(self.starts.tolist(), (self.ends + 1).tolist(), strict=True)):
            part = added[: end - start + 1]
            part[0], part[1:] = carry[run], values[start:end]
            out[start:end] = np.add.accumulate(part, out=part)[1:]
        return out

    def running_max(self, values: Floats, carry: Floats) -> Floats:
        """The largest value so far in the run; NaN counts as nothing."""
        filled = np.where(np.isnan(values), -np.inf, values)
        if self.single:
            return np.maximum(carry, filled)
        out = np.empty_like(filled)
        if len(self.starts) * 4 > self.length:
            top = carry.astype(float)
            for place in range(int(self.sizes.max(initial=0))):
                runs = np.flatnonzero(self.sizes > place)
                top[runs] = np.maximum(top[runs], filled[self.starts[runs] + place])
                out[self.starts[runs] + place] = top[runs]
            return out
        for run, (start, end) in enumerate(zip(self.starts, self.ends + 1, strict=True)):
            out[start:end] = np.maximum(np.maximum.accumulate(filled[start:end]), carry[run])
        return out


def runs_of(*keys: npt.NDArray[Any]) -> Runs:
    """Runs of rows in which every key stays the same."""
    length = len(keys[0])
    changed = np.zeros(length, dtype=bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return Runs(length, np.flatnonzero(changed))
