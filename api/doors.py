"""The few pages outside of the app: they need no script and nothing but themselves, and look like the rest."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

from flask import Response

THEME = Path(__file__).resolve().parents[1] / "assets" / "theme.css"
LIGHT = r'\[data-theme="light"\]'
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · Cellwatch</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{style}</style></head><body><main><h1>{title}</h1>
{said}{body}</main></body></html>
"""
RULES = """
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
h1 { font-size: 1.7rem; line-height: 1.2 }
label, input, button { display: block; width: 100%; font: inherit; color: inherit }
label { font-weight: 600 }
input, button { min-height: 44px; padding: .5rem .75rem; margin: .3rem 0 1.1rem; border-radius: 6px }
input { background: var(--panel); border: 1px solid var(--ink-faint) }
button { background: var(--raised); border: 1px solid var(--ink-faint); font-weight: 600; cursor: pointer }
.how { color: var(--ink-soft); margin-top: -.8rem }
[role="alert"] { border-left: 4px solid var(--p1); padding: .4rem .8rem; background: var(--panel) }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
"""


def page(title: str, body: str, said: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A page of its own. ``body`` is markup, ``said`` words: what went wrong."""
    alert = f'<p role="alert">{escape(said)}</p>\n' if said else ""
    told = {"Cache-Control": "no-store", **(headers or {})}
    text = PAGE.format(title=escape(title), style=_style(), said=alert, body=body)
    return Response(text, status, mimetype="text/html", headers=told)


@cache
def _style() -> str:
    """The colours of assets/theme.css, dark or light as the system says, and the rules of these pages."""
    css = THEME.read_text("utf-8")
    blocks = [re.search(rf"^:root{which} (\{{.*?^\}})", css, re.DOTALL | re.MULTILINE) for which in ("", LIGHT)]
    dark, light = (block[1] if block else "{}" for block in blocks)
    return f":root {dark}\n@media (prefers-color-scheme: light) {{ :root {light} }}{RULES}"
