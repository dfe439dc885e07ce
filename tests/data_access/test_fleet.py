"""The plan of a fleet: its files in parts for any number of processes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.fleet import Fleet, Stored, chunks

NOTHING = pa.schema([])


def of(*rows: int) -> Fleet:
    return Fleet(files=tuple(Stored(url=f"{place:03}", rows=many) for place, many in enumerate(rows)), schema=NOTHING)


def sizes(parts: list[Fleet]) -> list[int]:
    return [sum(file.rows for file in part.files) for part in parts]


@given(st.lists(st.integers(0, 10_000), max_size=60), st.integers(1, 8), st.integers(1, 10))
def test_every_file_is_in_one_part_and_no_part_has_too_many(rows: list[int], at_once: int, files: int) -> None:
    fleet = of(*rows)
    parts = chunks(fleet, 4000, files, at_once)
    assert sorted((file for part in parts for file in part.files), key=lambda file: file.url) == list(fleet.files)
    assert all(0 < len(part.files) <= files for part in parts)
    assert sizes(parts) == sorted(sizes(parts), reverse=True)
    assert parts == chunks(fleet, 4000, files, at_once)


@pytest.mark.parametrize(("days", "workers"), [(10, 2), (30, 2), (30, 4), (9, 3)])
def test_each_worker_gets_as_many_rows_as_the_others_to_a_file(days: int, workers: int) -> None:
    parts = sizes(chunks(of(*[1728] * days), 4000, 500, workers))
    assert len(parts) % workers == 0
    assert max(parts) - min(parts) <= 1728
    busy = [0] * workers
    for part in parts:  # whoever is free takes the next one
        busy[busy.index(min(busy))] += part
    assert max(busy) - min(busy) <= 1728


def test_a_large_file_does_not_wait_for_small_ones() -> None:
    assert sizes(chunks(of(10, 10, 10, 100, 10, 10), 75, 500, 2)) == [100, 50]
