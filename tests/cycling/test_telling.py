"""The text and the JSON of a notice."""

from __future__ import annotations

from typing import Any

import pytest

from cycling.telling import MOST_CHARACTERS, message
from cycling.types import Notice, Severity


def notice(**facts: Any) -> Notice:
    usual: dict[str, Any] = {
        "id": "n",
        "sent_at": 2.0,
        "alert": "a",
        "severity": Severity.P2,
        "reason": "opened",
        "text": "Something is wrong.",
        "channel_count": 1,
        "kind": "power-outage",
        "scope": "lab",
        "channels": ("c-1-01",),
        "opened_at": 1.0,
    }
    return Notice(**{**usual, **facts})


def channels(count: int) -> dict[str, Any]:
    return {"channels": tuple(f"c-1-{n:03}" for n in range(count)), "channel_count": count}


def test_many_channels_are_the_worst_five_by_name_and_a_number() -> None:
    told = message(notice(**channels(500)), "Lab", "https://lab.example.org/")
    assert told.text == (
        "Something is wrong.\nChannels: c-1-000, c-1-001, c-1-002, c-1-003, c-1-004 and 495 more.\n"
        "https://lab.example.org/alerts?kind=power-outage"
    )
    assert (told.facts["channel_count"], len(told.facts["channels"])) == (500, 500)
    assert told.title == "P2 power-outage · Lab"


def test_a_long_text_is_cut_and_the_link_stays() -> None:
    told = message(notice(text="é" * 5000, **channels(9)), "Lab", "https://lab.example.org")
    assert len(told.text) == MOST_CHARACTERS
    assert told.text.endswith("kind=power-outage")


def test_control_characters_of_hostile_names_do_not_get_out() -> None:
    assert message(notice(text="a\x1b[2Jb\u202ec"), "Lab", "http://h").text.splitlines()[0] == "a [2Jb c"


@pytest.mark.parametrize(
    ("facts", "link"),
    [
        ({}, "/channels/c-1-01"),
        ({"reason": "resolved"}, "/channels/c-1-01"),
        (channels(2), "/alerts?kind=power-outage"),
        ({**channels(2), "reason": "resolved"}, "/alerts?show=history&kind=power-outage"),
        ({"channels": (), "channel_count": 0}, "/alerts?kind=power-outage"),
        ({"kind": "", "reason": "digest"}, "/alerts?show=history"),
        ({"kind": ""}, "/alerts"),
    ],
)
def test_the_link_leads_to_the_right_page(facts: dict[str, Any], link: str) -> None:
    told = message(notice(**facts), "Lab", "https://lab.example.org")
    assert told.facts["link"] == f"https://lab.example.org{link}"


def test_programs_get_every_alert_that_it_tells_of() -> None:
    assert message(notice(), "Lab", "http://h").facts["alerts"] == ["a"]
    assert message(notice(alerts=("a", "b")), "Lab", "http://h").facts["alerts"] == ["a", "b"]
