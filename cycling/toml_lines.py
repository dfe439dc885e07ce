"""Where in a TOML file a setting stands: tomllib reads values but forgets their lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

HEADER = re.compile(r"\s*\[(\[)?\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"\s*(?P<key>\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*[=.]")
TRIPLE = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> Mapping[tuple[str, int, str], int]:
    """Line numbers from 1 under (table, its n-th occurrence from 0, key); the key of a header is ``""``."""
    lines: dict[tuple[str, int, str], int] = {}
    seen: Counter[str] = Counter()
    table, place = "", 0
    inside_text = False
    for number, line in enumerate(text.splitlines(), start=1):
        was_inside = inside_text
        if len(TRIPLE.findall(line)) % 2:
            inside_text = not inside_text
        if was_inside:
            continue
        header = HEADER.match(line)
        key = KEY.match(line)
        if header:
            table = ".".join(part.strip().strip("\"'") for part in header["name"].split("."))
            place = seen[table]
            seen[table] += 1
            lines[table, place, ""] = number
        elif key:
            lines.setdefault((table, place, key["key"].strip("\"'")), number)
    return lines
