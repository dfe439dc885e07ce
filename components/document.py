"""The HTML document that every page begins with."""

from __future__ import annotations

from collections.abc import Mapping

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
            <script src="{own}"></script>
            {config}
            {scripts}
            {renderer}
        </footer>
    </body>
</html>
"""


def document(parts: Mapping[str, str], *, styles: str, own: str, early: str = "") -> str:
    """The document, from the parts that Dash has for it and the addresses of our styles and scripts.

    Our scripts come before Dash's. ``early`` is the page as HTML, which they fill meanwhile.
    """
    needed = [line for line in parts["scripts"].splitlines() if not any(name in line for name in UNUSED)]
    standing = f'<div id="early">{early}</div>' if early else ""
    return DOCUMENT.format(**{**parts, "scripts": "\n".join(needed)}, styles=styles, own=own, early=standing)
