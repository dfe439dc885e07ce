"""The scripts and the styles of assets/, each joined to one file: fifty files cost a browser more than their text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response

TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True)
class Bundle:
    """One file made of many. ``address`` changes with the content, so that a browser may keep it for ever."""

    path: str
    address: str
    content: bytes
    mimetype: str


def bundle(folder: Path, suffix: str, without: str) -> Bundle:
    """All files of a kind (.js or .css), in order of name, but for those whose name matches ``without``. Every script
    keeps its own scope, so it may stand behind any other."""
    files = sorted(path for path in folder.glob(f"*{suffix}") if not re.search(without, path.name))
    content = b"\n".join(path.read_bytes() for path in files)
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
    path = f"/assets/cellwatch{suffix}"
    return Bundle(path=path, address=f"{path}?m={digest}", content=content, mimetype=TYPES[suffix])


def install(server: Flask, bundles: Sequence[Bundle]) -> None:
    """Answers for every bundle at its path."""
    for one in bundles:
        server.add_url_rule(one.path, one.path, lambda one=one: Response(one.content, mimetype=one.mimetype))
