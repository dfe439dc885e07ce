"""Whether the house itself is well, and what to do where it is not."""

from __future__ import annotations

import time
from typing import Any

import dash
from dash import Input, Output, callback, html

from components import health as parts
from data_access import processes
from data_access.lab import StoreAway, lab

NEWEST_ROWS = 50
TABLES = ("readings", "cycles", "alerts", "tests", "journal")

dash.register_page(__name__, path="/health", title="Health · Cellwatch")


def layout(**_query: str) -> html.Main:
    return parts.health_page()


@callback(Output(parts.BODY, "children"), Input(parts.TICK, "n_intervals"))
def show_health(_tick: int | None) -> list[Any]:
    return parts.health_body(parts.Told(now=time.time(), children=_children(), **_live(), **_archive()))


def _live() -> dict[str, Any]:
    """What Redis knows; when it is away, only that."""
    live = lab().live
    health = live.ping()
    told = {"redis_ok": health.ok, "redis_detail": health.detail}
    if not health.ok:
        return told
    try:
        return told | {
            "redis_whole": health.whole,
            "used_memory": health.used_memory,
            "max_memory": health.max_memory,
            "beats": live.beats(),
            "quarantined": live.quarantined(NEWEST_ROWS),
            "quarantine_count": live.quarantine_count(),
        }
    except StoreAway as away:  # the node of a cluster that has what belongs to the whole lab
        return {"redis_ok": False, "redis_detail": str(away)}


def _archive() -> dict[str, Any]:
    try:
        return {"archive_versions": {name: lab().archive.version(name) for name in TABLES}}
    except StoreAway as away:  # this page is where people look for it
        return {"archive_fault": str(away)}


def _children() -> list[dict[str, Any]]:
    """The supervisor's children; one whose process is gone has no pid."""
    told = processes.read(lab().home).items()
    return [
        {**child, "name": name, "pid": child["pid"] if processes.alive(child["pid"] or 0) else None}
        for name, child in told
    ]
