"""Signing in: a token once, in a form or in a link for a wall, and from then on a cookie."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.access import COOKIE_SECONDS, Access

PATH = "/sign-in"
COOKIE = "cellwatch"
MOST_FORM_BYTES = 10_000
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in · Cellwatch</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
main {{ max-width: 24rem; margin: 15vh auto; padding: 0 1rem }}
label, input, button {{ display: block; width: 100%; box-sizing: border-box; font: inherit }}
input, button {{ padding: .6rem; margin: .4rem 0 1rem }}
</style></head><body><main><h1>Cellwatch</h1>
{said}
<form method="post" action="/sign-in"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input name="next" type="hidden" value="{next}">
<button>Sign in</button></form></main></body></html>
"""
RELOAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Cellwatch</title>
<meta http-equiv="refresh" content="0"></head><body><p>One moment…</p></body></html>
"""


def sign_in_routes(access: Access) -> Blueprint:
    """The routes of /sign-in."""
    routes = Blueprint("sign_in", __name__)

    @routes.get(PATH)
    def form() -> AnyResponse:
        after = _own_path(request.args.get("next", "/"))
        if "token" in request.args:
            return _enter(access, request.args["token"], after)
        known = access.role_of_cookie(request.cookies.get(COOKIE, ""))
        return redirect(after, 303) if known or not access.login_required else _page(200, "", after)

    @routes.post(PATH)
    def enter() -> AnyResponse:
        request.max_content_length = MOST_FORM_BYTES
        return _enter(access, request.form.get("token", ""), _own_path(request.form.get("next", "/")))

    return routes


def reload_page() -> Response:
    """For whoever follows a link from elsewhere: a Strict cookie is not sent then, but is on this reload."""
    return Response(RELOAD, 401, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _enter(access: Access, token: str, after: str) -> AnyResponse:
    role = access.role_of_token(token.strip())
    if role is None:
        return _page(401, "This token is not known. Ask whoever runs this lab.", after)
    response = redirect(after, 303)  # and so the token leaves the address bar and the history
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        access.cookie_for(role),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=access.secure_cookie,
    )
    return response


def _page(status: int, said: str, after: str) -> Response:
    said = f'<p role="alert">{escape(said)}</p>' if said else ""
    page = PAGE.format(said=said, next=escape(after))
    return Response(page, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _own_path(path: str) -> str:
    """The path, if it stays on this server: browsers read // and /\\ as the beginning of another one."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\", PATH))
    return path if stays and path.isprintable() else "/"
