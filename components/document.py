"""The HTML document that every page begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What Dash loads on every page and no page here needs: its own table, and stand-ins for what old browsers lack, which
# cost 60 ms of every visit; the one of them that its components do need is assets/00-regenerator-runtime.js.
UNUSED = ("/deps/polyfill@", "/dash_table/")
DOCUMENT = """<!DOCTYPE html>
<html lang="en">
    <head>
        {metas}
        <title>{title}</title>
        {favicon}
        {css}
        <link rel="stylesheet" href="{styles}">
    </head>
    <body>
        {early}
        {app_entry}
        <footer>
            {config}
            {before}
            <script src="{own}"></script>
            {after}
        </footer>
    </body>
</html>
"""


@dataclass(frozen=True)
class FirstFrame:
    """What was known of the lab when the document was made."""

    id: str
    body: bytes  # JSON
    now: float  # unix time of the server

    def script(self) -> str:
        """The frame as data that scripts read (assets/live.js); nothing in it can end the element that holds it."""
        text = self.body.decode().replace("<", "\\u003c")
        opening = f'<script type="application/json" id="first-frame" data-id="{self.id}" data-now="{self.now}">'
        return f"{opening}{text}</script>"


def document(
    parts: Mapping[str, str], *, styles: str, own: str, early: str = "", first: FirstFrame | None = None
) -> str:
    """The document, from the parts that Dash has for it and the addresses of our styles and scripts.

    Our scripts come before Dash's. ``early`` is the page as HTML, which they fill meanwhile, at once with ``first``;
    Dash's are then kept in a template, from which ours take them when the page has been painted
    (assets/dash_later.js).
    """
    needed = [line for line in parts["scripts"].splitlines() if not any(name in line for name in UNUSED)]
    dash = "\n".join([*needed, parts["renderer"]])
    standing = f'<div id="early">{early}</div>' if early else ""
    before, after = (f'<template id="dash-later">{dash}</template>', "") if early else ("", dash)
    before += first.script() if first else ""
    return DOCUMENT.format(**parts, styles=styles, own=own, early=standing, before=before, after=after)
