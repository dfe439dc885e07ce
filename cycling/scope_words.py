"""A scope as people say it. A name that begins with its own kind says it once: "chamber-a", but "chamber 3"."""

from __future__ import annotations

import re

BY_NAME = ("channel", "cycler")  # their names say what they are


def place(scope: str) -> str:
    """ "channel:arbin-1-07" -> "arbin-1-07", "chamber:3" -> "chamber 3", "chamber:chamber-a" -> "chamber-a"."""
    kind, _, name = scope.partition(":")
    if not name:
        return kind.replace("_", " ")
    word = kind.replace("_", " ")
    said = re.match(rf"{word}(?![a-z])", re.sub("[_-]", " ", name), re.IGNORECASE)
    return name if said or kind in BY_NAME else f"{word} {name}"
