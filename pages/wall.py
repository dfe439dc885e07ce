"""The wall: every channel in its place, and the few causes that need someone. assets/wall*.js draw it."""

from __future__ import annotations

import json

import dash
from dash import html

from components.host import host
from data_access.lab import lab

dash.register_page(__name__, path="/wall", title="Wall · Cellwatch", early=True)


def layout(**_query: str) -> html.Main:
    """What lab.toml says of walls goes with the page; the address may say it otherwise."""
    topology = lab().topology
    views = json.dumps([{"name": view.name, "seconds": view.seconds} for view in topology.views])
    return html.Main(host("wall", "wall", data_views=views, data_night=topology.wall_night or ""), id="main")
