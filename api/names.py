"""The name a person gives: shown beside what they say and do, and kept in a cookie."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

from api.answers import Refused

MOST_CHARACTERS = 80
NOBODY = "local"  # who sits at the machine and has not said their name
COOKIE = "cellwatch-name"  # of a lab without login


def checked_name(text: str) -> str:
    """The name as it is kept, "" when none is given; raises Refused for what is none."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if len(name) > MOST_CHARACTERS:
        raise Refused(400, f"Your name has {len(name)} characters; expected at most {MOST_CHARACTERS}.")
    if not name.isprintable():
        raise Refused(400, "Your name has characters that cannot be seen; please type it again.")
    return name


def to_cookie(name: str) -> str:
    """The name as a cookie's value can hold it."""
    return quote(name, safe="")


def of_cookie(value: str) -> str:
    """The name in a cookie; whatever is no name counts as none."""
    try:
        return checked_name(unquote(value, errors="strict"))
    except (Refused, UnicodeDecodeError):
        return ""
