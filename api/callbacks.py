"""The door before Dash's callbacks: a body that no page would send is refused with one sentence.

Dash takes its own bodies on trust, and answers anything else with an error of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, request

from api.answers import Refused

PATH = "/_dash-update-component"
EXPECTED = "expected what a page of this lab sends; reload the page"


def install(server: Flask, callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Look at every body before Dash does. ``callbacks``: what Dash knows of each by its output; it may grow."""

    @server.before_request
    def look() -> None:
        if request.path == PATH and request.method == "POST":
            _check(request.get_json(silent=True), callbacks)


def _check(body: Any, callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Refused for a body that fits no callback."""
    if not isinstance(body, dict):
        raise _refused("The body is no JSON object")
    output = body.get("output")
    if not isinstance(output, str) or output not in callbacks:
        raise _refused(f'output="{str(output)[:80]}": there is no such callback')
    for name in ("inputs", "state"):
        values, count = body.get(name, []), len(callbacks[output][name])
        if not isinstance(values, list) or len(values) != count or not all(map(_names_a_property, values)):
            raise _refused(f"{name} of {output[:80]} does not have the {count} values that belong there")
    if not _names_a_property(body.get("outputs", [])):
        raise _refused(f"outputs of {output[:80]} names no property")
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) for one in changed):
        raise _refused("changedPropIds is no list of names")


def _names_a_property(told: Any) -> bool:
    """Whether it says which property of which component it is, or is a list of such."""
    if isinstance(told, list):
        return all(map(_names_a_property, told))
    return isinstance(told, dict) and isinstance(told.get("id"), str | dict) and isinstance(told.get("property"), str)


def _refused(why: str) -> Refused:
    return Refused(400, f"{why}: {EXPECTED}.")
