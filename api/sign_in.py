"""Signing in: a token once, in a form or in a link for a wall, and from then on a cookie; and who one is."""

from __future__ import annotations

import math
import time
from html import escape
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api import doors, names
from api.access import COOKIE_SECONDS, VIEWER, Access, Person
from api.answers import Refused
from api.callers import address_of
from data_access.lab import lab

PATH, OUT, YOU = "/sign-in", "/sign-out", "/you"
COOKIE = "cellwatch"
MOST_FORM_BYTES = 10_000
FORM = """<form method="post" action="/sign-in"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" maxlength="{most}" value="{name}" aria-describedby="name-how">
<p class="how" id="name-how">It stands beside whatever you acknowledge or change. Who only looks needs none.</p>
<input name="next" type="hidden" value="{next}">
<button>Sign in</button></form>"""
RENAME = """<form method="post" action="/you"><label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" maxlength="{most}" value="{name}" aria-describedby="name-how">
<p class="how" id="name-how">It stands beside whatever you acknowledge or change.</p>
<input name="next" type="hidden" value="{next}"><button>Save</button></form>
"""
SIGN_OUT = '<form method="post" action="/sign-out"><button>Sign out</button></form>\n'
LOOKING = (
    "<p>You may look at everything here and change nothing. To act, sign out and in with the operator's token.</p>\n"
)
RELOAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Cellwatch</title>
<meta http-equiv="refresh" content="0"></head><body><p>One moment…</p></body></html>
"""


def sign_in_routes(access: Access) -> Blueprint:
    """The routes of /sign-in, /sign-out and /you."""
    routes = Blueprint("sign_in", __name__)

    @routes.get(PATH)
    def form() -> AnyResponse:
        after = _own_path(request.args.get("next", "/"))
        if "token" in request.args:
            return _enter(access, request.args["token"], request.args.get("name", ""), after)
        known = access.person_of_cookie(request.cookies.get(COOKIE, ""))
        return redirect(after, 303) if known or not access.login_required else _form("", after)

    @routes.post(PATH)
    def enter() -> AnyResponse:
        request.max_content_length = MOST_FORM_BYTES
        said = request.form
        return _enter(access, said.get("token", ""), said.get("name", ""), _own_path(said.get("next", "/")))

    @routes.post(OUT)
    def leave() -> AnyResponse:
        response = redirect(PATH if access.login_required else "/", 303)
        for cookie in (COOKIE, names.COOKIE):
            response.delete_cookie(cookie, httponly=True, samesite="Strict", secure=access.secure_cookie)
        return response

    @routes.get(YOU)
    def you() -> Response:
        came_from = urlsplit(request.referrer or "")
        return _you(access, g.name, _own_path(f"{came_from.path}?{came_from.query}".rstrip("?") or "/"))

    @routes.post(YOU)
    def rename() -> AnyResponse:
        request.max_content_length = MOST_FORM_BYTES
        after = _own_path(request.form.get("next", "/"))
        try:
            name = names.checked_name(request.form.get("name", ""))
        except Refused as refused:
            return _you(access, g.name, after, refused.sentence, refused.status)
        response = redirect(after, 303)
        _remember(response, access, g.role, name)
        return response

    return routes


def reload_page() -> Response:
    """For whoever follows a link from elsewhere: a Strict cookie is not sent then, but is on this reload."""
    return Response(RELOAD, 401, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _enter(access: Access, token: str, name: str, after: str) -> AnyResponse:
    who, now = address_of(access), time.time()
    wait = math.ceil(lab().attempts.take(who, now))
    if wait:
        said = f"Too many wrong tokens came from your address. Try again in {_minutes(wait)}."
        return _form(said, after, name, 429, {"Retry-After": str(wait)})
    role = access.role_of_token(token.strip())
    if role is None:
        return _form("This token is not known. Ask whoever runs this lab.", after, name, 401)
    lab().attempts.give_back(who, now)
    try:
        name = names.checked_name(name)
    except Refused as refused:
        return _form(refused.sentence, after, name, refused.status)
    response = redirect(after, 303)  # and so the token leaves the address bar and the history
    response.headers["Cache-Control"] = "no-store"
    _remember(response, access, role, name)
    return response


def _remember(response: AnyResponse, access: Access, role: str, name: str) -> None:
    """Puts into the browser who it is: signed where people sign in, else the name alone."""
    cookie, value = names.COOKIE, names.to_cookie(name)
    if access.login_required:
        cookie, value = COOKIE, access.cookie_for(Person(role, name))
    safe = access.secure_cookie
    response.set_cookie(cookie, value, max_age=COOKIE_SECONDS, httponly=True, samesite="Strict", secure=safe)


def _minutes(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def _form(said: str, after: str, name: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Response:
    filled = FORM.format(next=escape(after), name=escape(name[: names.MOST_CHARACTERS]), most=names.MOST_CHARACTERS)
    return doors.page("Sign in", filled, said, status, headers)


def _you(access: Access, name: str, after: str, said: str = "", status: int = 200) -> Response:
    """Who one is: a form to say it for whoever may act, and the way out."""
    form = RENAME.format(next=escape(after), name=escape(name), most=names.MOST_CHARACTERS)
    parts = [
        LOOKING if g.role == VIEWER else form,
        SIGN_OUT if access.login_required else "",
        f'<p><a href="{escape(after)}">Back</a></p>',
    ]
    return doors.page(f"You are: {name}", "".join(parts), said, status)


def _own_path(path: str) -> str:
    """The path, if it stays on this server: browsers read // and /\\ as the beginning of another one."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\", PATH, OUT, YOU))
    return path if stays and path.isprintable() else "/"
