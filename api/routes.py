"""The HTTP API: every route of /api/v1 and the health routes, and how they say that something is wrong."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from api.alerts import alerts
from api.answers import Refused, refusal
from api.attention import attention
from api.channels import channels
from api.downloads import downloads
from api.fades import fades
from api.health import health
from api.hub import FrameHub
from api.notes import notes
from api.past import past
from api.readings import readings
from api.stream import HUB, VERSION, stream
from api.tests import tests
from api.wall import PUBLIC_URL, wall
from data_access.lab import Lab, StoreAway

API = "/api/v1"
SUITES = "/_dash-component-suites/"  # files that Dash serves; one it does not have is an exception to it
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ABSENT = Blueprint("absent", __name__)


def register(server: Flask, lab: Lab, version: str, public_url: str | None = None) -> None:
    """Add the API to a web server. ``public_url`` is where others reach it, when that is known."""
    server.extensions[HUB] = FrameHub(lab)
    server.extensions[VERSION] = version
    server.extensions[PUBLIC_URL] = public_url
    for blueprint in (readings, channels, notes, alerts, attention, downloads, tests, fades, stream, wall, past):
        server.register_blueprint(blueprint, url_prefix=API)
    server.register_blueprint(health)
    server.register_blueprint(health, url_prefix=API, name="health_of_api")
    server.register_blueprint(ABSENT)
    server.register_error_handler(Refused, _refused)
    server.register_error_handler(StoreAway, _away)
    server.register_error_handler(HTTPException, _wrong)
    server.register_error_handler(Exception, _broken)


@ABSENT.route("/api", defaults={"rest": ""}, methods=METHODS)
@ABSENT.route("/api/<path:rest>", methods=METHODS)
def absent(rest: str) -> Response:
    """Whatever the API does not have: Dash would answer every unknown path with its page."""
    for method in METHODS:
        if method != request.method and _exists(method):
            return refusal(405, f"{request.method} is not possible here; {method} is.", {"Allow": method})
    return refusal(404, f"There is no {request.method} {request.path[:200]}.")


def _exists(method: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, _ = adapter.match(method=method) if adapter else ("", {})
    except HTTPException:
        return False
    return endpoint not in ("", "absent.absent")


def _refused(error: Refused) -> Response:
    return refusal(error.status, error.sentence, error.headers)


def _away(error: StoreAway) -> Response:
    return refusal(503, str(error), {"Retry-After": "2"})


def _wrong(error: HTTPException) -> AnyResponse | HTTPException:
    """Flask's own refusals, as JSON where programs ask."""
    if not _is_for_programs():
        return error
    if error.response is not None:  # a redirect, to put a path right
        return error.get_response()
    code = error.code or 500
    sentence = "There is no such path." if isinstance(error, NotFound) else error.description
    return refusal(code, sentence or error.name)


def _broken(error: Exception) -> Response:
    """The edge: what nobody foresaw is logged with its trace, and the client learns that it is our fault."""
    if request.path.startswith(SUITES):
        return refusal(404, "There is no such file.")
    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return refusal(500, "Something went wrong here; the log of the web app says what.")


def _is_for_programs() -> bool:
    return request.path.startswith(("/api", "/healthz", "/readyz", "/metrics"))
