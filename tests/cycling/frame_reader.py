"""Reads frames as a browser does, by what docs/api.md says of them and with none of the code that wrote them."""

from __future__ import annotations

import json
from typing import Any

from cycling.frames import SCALES, WORDS

FIELDS = (*SCALES, *WORDS)
DIGITS = [chr(code) for code in range(35, 127) if chr(code) != "\\"]


def codes(column: list[Any], count: int | None = None) -> list[int | None]:
    """The whole numbers of a column."""
    _meaning, lowest, width, text = column[:4]
    if width == 0:
        return [lowest] * (1 if count is None else count)
    found: list[int | None] = []
    for begin in range(0, len(text), width):
        code = 0
        for symbol in text[begin : begin + width]:
            code = code * 91 + DIGITS.index(symbol)
        found.append(lowest + code - 1 if code else None)
    return found


class Page:
    """What a page knows of the lab: channels by name, each with what was told of it; what was not is missing."""

    def __init__(self) -> None:
        self.channels: dict[str, dict[str, Any]] = {}
        self.alerts: dict[str, Any] = {}
        self.lab: dict[str, Any] = {}
        self.names: dict[str, list[str]] = {}

    def apply(self, body: bytes) -> Page:
        frame = json.loads(body)
        if frame["full"]:
            self.__init__()  # type: ignore[misc]
        for part in frame.get("parts", [frame]):
            self._apply(part)
        return self

    def _apply(self, frame: dict[str, Any]) -> None:
        names = self.names.setdefault(frame.get("part", ""), [])
        if "names" in frame:
            names[frame["names"]["from"] :] = frame["names"]["list"]
        rows = codes(frame["rows"]) if "rows" in frame else list(range(len(names)))
        for field, column in frame.get("columns", {}).items():
            places = codes(column[4]) if len(column) > 4 else rows
            for place, code in zip(places, codes(column, len(places)), strict=True):
                meaning = column[0]
                assert place is not None
                value = None if code is None else meaning[code] if isinstance(meaning, list) else code / meaning
                self.channels.setdefault(names[place], dict.fromkeys(FIELDS))[field] = value
        self.alerts |= {alert["id"]: alert for alert in frame.get("alerts", [])}
        self.lab |= frame.get("lab", {})
        for name, parts in frame.get("lab_parts", {}).items():
            news = {one["id"]: one for one in parts}
            self.lab[name] = [one | news.get(one["id"], {}) for one in self.lab[name]]
