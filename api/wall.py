"""What only a wall asks for: lines of the chambers, and the code that opens it on a phone."""

from __future__ import annotations

import io
import ipaddress
import math
import time
from typing import Any
from urllib.parse import urlsplit

import segno
from flask import Blueprint, Response, current_app, request

from api.answers import Refused, answer
from api.arguments import number, whole_number
from data_access.caching import cached
from data_access.climate import chamber_lines
from data_access.lab import lab

wall = Blueprint("wall", __name__)

PUBLIC_URL = "cellwatch-public-url"
HOUR = 3600.0
MOST_HOURS = 48
MINUTE_OF_CACHE = 60
LONGEST_PATH = 1000


@wall.get("/chambers/history")
def get_chamber_history() -> Response:
    """Every chamber's temperature and setpoint, minute by minute; worked out once a minute for all walls."""
    hours = whole_number("hours", 6, least=1, most=MOST_HOURS)
    asked = number("to")
    if asked is not None and not 0 <= asked <= time.time() + HOUR:
        raise Refused(400, f"to={asked:g}: expected unix seconds, not in the future.")
    end = 60.0 * math.floor((time.time() if asked is None else asked) / 60.0) - 1.0  # whole minutes only

    def read() -> list[dict[str, Any]]:
        return chamber_lines(lab().history, lab().topology, lab().live.states(), end + 1 - hours * HOUR, end)

    return answer({"chambers": cached("chambers", hours, end, compute=read, seconds=MINUTE_OF_CACHE)})


@wall.get("/code.svg")
def get_code() -> Response:
    """The address of a page of this lab as a QR code; nothing (204) where no phone could follow it."""
    path = request.args.get("path", "")
    fits = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    if not fits or len(path) > LONGEST_PATH:
        raise Refused(
            400, f'path="{path[:80]}": expected a path of this lab such as /wall, at most {LONGEST_PATH} characters.'
        )
    origin = _origin()
    if origin is None:
        return Response(status=204)
    drawn = io.BytesIO()
    code = segno.make_qr(origin + path)
    code.save(drawn, kind="svg", xmldecl=False, omitsize=True, border=2, dark="#000", light="#fff", nl=False)
    return Response(drawn.getvalue(), mimetype="image/svg+xml", headers={"Cache-Control": "private, max-age=3600"})


def _origin() -> str | None:
    """Where others reach this lab: as configured, else as the page itself was reached, unless that is loopback."""
    public: str | None = current_app.extensions.get(PUBLIC_URL)
    if public:
        return public.rstrip("/")
    name = (urlsplit(request.host_url).hostname or "").lower()
    return None if name in ("", "localhost") or _is_loopback(name) else request.host_url.rstrip("/")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
