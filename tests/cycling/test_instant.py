"""Moments in addresses: what is understood, which of two is taken, and what is said of the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycling.instant import NoInstant, instant_of, written

ZONE = "Europe/Zurich"


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-20T03:00", "2026-11-20T02:00+00:00"),
        ("2026-07-20T03:00", "2026-07-20T01:00+00:00"),
        ("2026-11-20 03:00:30", "2026-11-20T02:00:30+00:00"),
        ("2026-11-20", "2026-11-19T23:00+00:00"),
        ("2026-11-20T03:00Z", "2026-11-20T03:00+00:00"),
        ("2026-11-20T03:00+05:30", "2026-11-19T21:30+00:00"),
        ("2026-11-20T03:00 05:30", "2026-11-19T21:30+00:00"),  # what an address makes of the plus
        ("1795143600", "2026-11-20T03:00+00:00"),
        ("1795143600.5", "2026-11-20T03:00:00.5+00:00"),
    ],
)
def test_a_moment_is_understood(text: str, meant: str) -> None:
    assert instant_of(text, ZONE).at == seconds(meant)
    assert instant_of(text, ZONE).note == ""


def test_of_an_hour_that_came_twice_the_first_is_taken_and_it_is_said() -> None:
    found = instant_of("2026-10-25T02:30", ZONE)
    assert found.at == seconds("2026-10-25T02:30+02:00")
    assert "02:30 came twice" in found.note
    assert "+01:00" in found.note
    assert instant_of("2026-10-25T02:30+01:00", ZONE).at == found.at + 3600


def test_an_hour_that_never_was_is_the_one_that_came_instead() -> None:
    found = instant_of("2026-03-29T02:30", ZONE)
    assert found.at == seconds("2026-03-29T03:30+02:00")
    assert "there was no 02:30, and 03:30 is shown" in found.note


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026", "2026-13-01T00:00", "2026-11-20T25:00", "nan", "-5", "1e9", "1969-12-31"]
)
def test_what_names_no_moment_is_refused_with_what_was_given_and_what_is_expected(text: str) -> None:
    with pytest.raises(NoInstant) as refused:
        instant_of(text, ZONE, "from")
    assert f'from="{text}"' in str(refused.value)
    assert "2026-11-20T03:00" in str(refused.value)


def test_a_zone_that_the_machine_lacks_is_utc() -> None:
    assert instant_of("2026-11-20T03:00", "Mars/Olympus").at == seconds("2026-11-20T03:00+00:00")


@given(st.integers(1_000_000_000, 3_000_000_000))
def test_every_moment_of_the_labs_clock_comes_back(at: int) -> None:
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(ZONE))
    found = instant_of(local.replace(tzinfo=None).isoformat(), ZONE)
    assert found.at == at or (found.at == at - 3600 and "twice" in found.note)
    assert instant_of(local.isoformat(), ZONE).at == at


def test_a_moment_is_written_in_the_labs_time() -> None:
    assert written(1_795_143_600, ZONE) == "20 Nov 2026 04:00:00 (Europe/Zurich)"
