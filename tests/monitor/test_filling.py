"""How long there is room, from what Redis used look by look."""

from __future__ import annotations

from monitor.filling import Filling


def seen(*looks: tuple[float, int], most: int = 2500) -> Filling:
    filling = Filling()
    for at, used in looks:
        filling = filling.seen(at, used, most)
    return filling


def test_the_room_left_is_told_at_the_rate_it_goes() -> None:
    filling = seen((0, 1000), (100, 1500))
    assert filling.room_second() == 200.0
    assert filling.share() == 0.6


def test_nothing_is_told_too_early_nor_when_nothing_grows_nor_without_a_limit() -> None:
    assert seen((0, 1000), (30, 1500)).room_second() is None
    assert seen((0, 1000), (100, 900)).room_second() is None
    assert seen((0, 1000), (100, 1500), most=0).room_second() is None
    assert seen((0, 1000), most=0).share() is None
    assert seen().room_second() is None


def test_a_full_one_has_no_room() -> None:
    assert seen((0, 1000), (100, 2600)).room_second() == 0.0


def test_only_the_last_half_hour_counts_and_few_looks_are_kept() -> None:
    filling = seen(*((float(second), 1000 * min(second, 3600)) for second in range(0, 7200, 2)), most=10_000_000)
    assert len(filling.looks) < 150
    assert filling.looks[0][0] >= 7198 - 1800
    assert filling.room_second() is None


def test_a_clock_that_steps_back_begins_anew() -> None:
    assert seen((5000, 1000), (5100, 2000), (1500, 2100)).looks == ((1500, 2100),)


def test_what_was_before_recording_stopped_does_not_count() -> None:
    quiet = seen(*((float(minute) * 60, 1000) for minute in range(10)))
    assert quiet.anew().seen(660, 1500, 2500).room_second() == 240.0
