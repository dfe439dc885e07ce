"""GET and POST /channels/{channel}/annotations: what people noted on the time axis of a channel."""

from __future__ import annotations

import math
import time
from typing import Any

from flask import Blueprint, Response

from api.answers import Refused, answer
from api.arguments import number, who
from api.bodies import json_object
from cycling.annotations import KIND, Annotation, of_entry
from data_access.lab import lab

notes = Blueprint("notes", __name__)

MOST_CHARACTERS = 1000
AHEAD_SECONDS = 86_400.0  # further ahead nothing can be noted, as no reading is taken


@notes.get("/channels/<channel>/annotations")
def get_annotations(channel: str) -> Response:
    start, end = number("from"), number("to")
    found = [
        note.to_json()
        for note in lab().journal.annotations(_known(channel))
        if (start is None or note.end >= start) and (end is None or note.start <= end)
    ]
    return answer({"annotations": found})


@notes.post("/channels/<channel>/annotations")
def annotate(channel: str) -> Response:
    content, now = json_object(), time.time()
    start = _moment(content, "from", now, now)
    end = _moment(content, "to", start, now)
    if end < start:
        raise Refused(400, f"to ({end:.0f}) is before from ({start:.0f}): expected the same time or a later one.")
    test = lab().tests.current(_known(channel))
    said = {"channel": channel, "test": test, "start": start, "end": end, "text": _words(content.get("text"))}
    name = who(content)
    entry = lab().journal.append(KIND, name, now, **said)
    note: Annotation = of_entry({**said, "id": entry, "who": name, "at": now})
    return answer(note.to_json())


def _known(channel: str) -> str:
    """A channel of lab.toml, or one that has sent readings; any other is refused."""
    if channel not in lab().topology.places and lab().tests.current(channel) is None:
        raise Refused(404, f'There is no channel "{channel[:80]}": lab.toml does not name it, and it sent no reading.')
    return channel


def _moment(content: dict[str, Any], name: str, default: float, now: float) -> float:
    value = content.get(name, default)
    value = default if value is None else value
    fits = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    if not fits or not 0 <= value <= now + AHEAD_SECONDS:
        raise Refused(400, f"{name}={str(value)[:80]}: expected UTC seconds since 1970, at most a day ahead.")
    return float(value)


def _words(text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
        raise Refused(400, f"text: expected what there is to note, 1 to {MOST_CHARACTERS} characters.")
    return text.strip().encode("utf-8", "replace").decode()
