"""GET /past: the wall as it was, at one moment or at several."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from api.answers import Refused, to_json
from api.arguments import number
from api.packed_answers import packed
from cycling.instant import Instant, NoInstant, instant_of, written
from data_access.as_it_was import frames_then, records_begin
from data_access.lab import lab
from data_access.newest_then import Steps

past = Blueprint("past", __name__)

MOST_ROWS = 20_000  # channels × frames of one answer: what takes a second or two
MOST_FRAMES = 60
SHORTEST_STEP, LONGEST_STEP = 0.1, 86_400.0  # seconds
TOLERANCE = 2.0  # s; the clock of who asks may be a little ahead


@past.get("/past")
def get_past() -> Response:
    if "from" in request.args:
        return _several()
    instant = _instant(request.args.get("at", ""))
    frames = frames_then(lab(), Steps(instant.at))
    if not frames:
        raise Refused(404, _nothing_by(instant.at))
    told = to_json({"at": instant.at, "note": instant.note})
    return _packed(b'%b,"frame":%b}' % (told[:-1].encode(), frames[0]))


def _several() -> Response:
    start, end, step = _seconds("from"), _seconds("to"), _seconds("step")
    if end < start:
        raise Refused(400, f"to={end:.15g} lies before from={start:.15g}: give the earlier time as from.")
    if not SHORTEST_STEP <= step <= LONGEST_STEP:
        raise Refused(400, f"step={step:g}: expected {SHORTEST_STEP:g} to {LONGEST_STEP:g} seconds.")
    _not_ahead(start, f"from={start:.15g}", time.time())
    wanted = int((min(end, time.time()) - start) / step) + 1
    room = max(1, MOST_ROWS // max(1, len(lab().live.states())))
    frames = frames_then(lab(), Steps(start, step, max(1, min(wanted, room, MOST_FRAMES))))
    return _packed(b'{"frames":[' + b",".join(frames) + b"]}")


def _instant(text: str) -> Instant:
    """The moment that is asked for: one that names no moment, or lies ahead, is refused."""
    zone, now = lab().topology.timezone, time.time()
    try:
        instant = instant_of(text, zone)
    except NoInstant as error:
        raise Refused(400, str(error)) from error
    _not_ahead(instant.at, f'at="{text[:80]}"', now)
    return instant


def _not_ahead(at: float, said: str, now: float) -> None:
    if at > now + TOLERANCE:
        zone = lab().topology.timezone
        raise Refused(400, f"{said} lies in the future: now it is {written(now, zone)}. Give a time that has been.")


def _nothing_by(at: float) -> str:
    zone, begin = lab().topology.timezone, records_begin(lab())
    if begin is None:
        return f"There is no reading of {written(at, zone)} or before: nothing has been archived yet."
    if begin > at:
        return f"There is no reading of {written(at, zone)} or before: the records begin at {written(begin, zone)}."
    return f"No channel had reported in the month before {written(at, zone)}."


def _seconds(name: str) -> float:
    value = number(name)
    if value is None:
        raise Refused(400, f"{name} is missing: from, to (unix seconds) and step (seconds) belong together.")
    return value


def _packed(body: bytes) -> Response:
    return packed(Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"}))
