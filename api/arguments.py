"""Arguments of a URL and fields of a body, read with one clear sentence for each that does not fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from flask import g, request

from api.answers import Refused

MOST_WHO = 100


def number(name: str) -> float | None:
    """A finite number of the query, None when it is not there."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Refused(400, f'{name}="{text[:80]}": expected a number, such as unix seconds.')
    return value


def whole_number(name: str, default: int | None, *, least: int, most: int) -> Any:
    """A whole number of the query between two bounds."""
    text = request.args.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise Refused(400, f'{name}="{text[:80]}": expected a whole number from {least} to {most}.')
    return int(text)


def one_of(name: str, allowed: Collection[str], default: str) -> str:
    """A word of the query out of a few."""
    text = request.args.get(name, "").strip() or default
    if text not in allowed:
        raise Refused(400, f'{name}="{text[:80]}": expected one of {", ".join(allowed)}.')
    return text


def who(content: Mapping[str, Any]) -> str:
    """Who says it: the person who signed in, else a header, else the body, else whoever sits at this machine."""
    if g.get("signed_in_as"):
        return str(g.signed_in_as)
    header = request.headers.get("X-Cellwatch-User", "").encode("latin-1", "replace").decode("utf-8", "replace")
    said = header or content.get("who") or ""
    if not isinstance(said, str) or len(said) > MOST_WHO or not said.isprintable():
        raise Refused(400, f"who: expected a name of at most {MOST_WHO} characters.")
    return said.strip() or str(g.get("name", "local"))
