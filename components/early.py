"""A page as plain HTML, for its first sight: the scripts of assets/ fill it before Dash has come that far.

Dash runs three hundred milliseconds of its own scripts and asks the server three times before it draws anything.
Where a page is nothing but empty elements that our scripts fill, it need not wait for that: it stands in the
document itself, is filled, and is moved into Dash's page when that is there (assets/early.js).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

WITHOUT_END = {"br", "hr", "img", "input"}
NAMES = {"className": "class", "htmlFor": "for"}
UNSEEN = {"Store", "Interval", "Location"}  # of dcc: nothing stands on the page for them


def markup(node: Any) -> str:
    """The HTML of a tree of Dash components: elements of ``html``, ``dcc.Link`` and text. Raises TypeError for what
    only Dash can draw."""
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(markup(one) for one in node)
    if isinstance(node, str | int | float):
        return escape(str(node))
    told = node.to_plotly_json()
    kind, props = told["type"], dict(told["props"])
    children = props.pop("children", None)
    if told["namespace"] == "dash_core_components" and kind in UNSEEN:
        return ""
    name = _element(told["namespace"], kind)
    opening = f"<{name}{''.join(_attributes(props))}>"
    return opening if name in WITHOUT_END else f"{opening}{markup(children)}</{name}>"


def _element(namespace: str, kind: str) -> str:
    if namespace == "dash_html_components":
        return str(kind).lower()
    if (namespace, kind) == ("dash_core_components", "Link"):
        return "a"
    raise TypeError(f"{namespace}.{kind} cannot be drawn before Dash: its page must not be shown early.")


def _attributes(props: Mapping[str, Any]) -> Iterator[str]:
    for name, value in props.items():
        if value is None or value is False or name in ("disable_n_clicks", "n_clicks"):
            continue
        if value is True:
            yield f" {NAMES.get(name, name)}"
        elif name == "style":
            yield f' style="{escape("; ".join(f"{key}: {text}" for key, text in value.items()))}"'
        else:
            yield f' {NAMES.get(name, name)}="{escape(str(value))}"'
