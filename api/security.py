"""The gate before every route, static files and Dash's own included, and the headers after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import callbacks, names
from api.access import OPERATOR, VIEWER, Access, Person
from api.answers import refusal
from api.sign_in import COOKIE, OUT, PATH, reload_page, sign_in_routes

READS = ("GET", "HEAD", "OPTIONS")
MAY_BE_SENT = tuple(("POST", path) for path in (callbacks.PATH, PATH, OUT))  # by whoever may only look
FOREIGN_SITES = ("cross-site", "same-site")  # same-site: another port or a sister of this host
OF_NO_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"


def install(server: Flask, access: Access, script_hashes: Callable[[], Sequence[str]]) -> None:
    """Put the gate and the headers around everything the server answers.

    ``g.role`` is "operator" or "viewer" for every request that passes; whoever writes must look at it. ``g.name`` is
    who acts, when the request does not say, and ``g.signed_in_as`` the name of a person who has signed in with one.
    """

    @server.before_request
    def gate() -> AnyResponse | None:
        host = request.environ.get("HTTP_HOST", "")
        if not access.answers_to(host):
            return refusal(
                421,
                f'This lab does not answer to the host "{host[:100]}"; '
                "set CELLWATCH_PUBLIC_URL to the name under which it is reached.",
            )
        if request.method not in READS and _is_foreign(access, host):
            return refusal(403, "This request comes from a page of another site, which may not change anything.")
        person = _person(access)
        g.role = person.role if person else None
        g.name = (person.name or person.role) if person else None
        g.signed_in_as = person.name if person and access.login_required else ""
        if g.role is None and request.path != PATH:
            return _who_are_you()
        if g.role == VIEWER and request.method not in READS and (request.method, request.path) not in MAY_BE_SENT:
            return refusal(403, "You may look, but not act: this needs the operator's token.")
        return None

    @server.after_request
    def headers(response: Response) -> Response:
        policy = OF_NO_PAGE
        if response.mimetype == "text/html":
            policy = page_policy(script_hashes())
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    server.register_blueprint(sign_in_routes(access))


def page_policy(script_hashes: Sequence[str]) -> str:
    """The policy for pages: our own scripts, and Dash's inline ones by their hashes."""
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",  # Dash's components bring their styles inline
            "font-src 'self' data:",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        ]
    )


def _is_foreign(access: Access, host: str) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and not access.is_own(origin, host):
        return True
    return request.headers.get("Sec-Fetch-Site") in FOREIGN_SITES


def _person(access: Access) -> Person | None:
    if not access.login_required:
        return Person(OPERATOR, names.of_cookie(request.cookies.get(names.COOKIE, "")) or names.NOBODY)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        role = access.role_of_token(token.strip())
        return Person(role) if role else None
    return access.person_of_cookie(request.cookies.get(COOKIE, ""))


def _who_are_you() -> AnyResponse:
    """Anonymous: programs are told, people are sent to the sign-in page."""
    is_page = request.method in ("GET", "HEAD") and not request.path.startswith(
        ("/api/", "/_", "/assets/", "/metrics", "/healthz", "/readyz")
    )
    if not is_page:
        sentence = "Sign in first: send Authorization: Bearer with a token, or open /sign-in."
        return refusal(401, sentence, {"WWW-Authenticate": "Bearer"})
    if request.headers.get("Sec-Fetch-Site") in FOREIGN_SITES:
        return reload_page()
    return redirect(f"{PATH}?next={quote(request.full_path.rstrip('?'), safe='/')}", 303)
