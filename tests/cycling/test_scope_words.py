"""Scopes as people say them: no word twice, and every name as the lab writes it."""

from __future__ import annotations

import pytest

from cycling.scope_words import place

SAID = {
    "lab": "lab",
    "channel:arbin-1-07": "arbin-1-07",
    "cycler:Maccor 2": "Maccor 2",
    "chamber:chamber-d": "chamber-d",
    "chamber:Chamber_3": "Chamber_3",
    "chamber:chamber": "chamber",
    "chamber:chamber3": "chamber3",
    "chamber:chamberlain": "chamber chamberlain",
    "chamber:d": "chamber d",
    "chamber:a:b": "chamber a:b",
    "chamber:c++": "chamber c++",
    "power_circuit:A": "power circuit A",
    "power_circuit:power-circuit-2": "power-circuit-2",
    "power_circuit:p": "power circuit p",
    "batch:batch-3": "batch-3",
    "logger:daq-1": "logger daq-1",
}


@pytest.mark.parametrize(("scope", "said"), SAID.items())
def test_no_word_is_said_twice_and_names_stay(scope: str, said: str) -> None:
    assert place(scope) == said
