"""The supervisor's record of its children, for the health page: who runs, who died, how often.

It is a small file beside the stores and not in Redis, because Redis is one of the children.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "processes.json"


def write(home: Path, children: Mapping[str, Mapping[str, Any]]) -> None:
    """Keeps ``{name: {"pid", "started", "deaths": [{"at", "code", "signal"}], "restarts"}}``.

    The file is replaced in one step, so a reader never sees half of it.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(children, indent=1), "utf-8")
    fresh.replace(path)


def read(home: Path) -> dict[str, dict[str, Any]]:
    """What the supervisor last wrote; empty when none ever ran here."""
    try:
        told = (home / FILE).read_text("utf-8")
    except FileNotFoundError:
        return {}
    return dict(json.loads(told))


def alive(pid: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # there, but somebody else's
        return True
    return True
