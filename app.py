"""The web app: puts stores, API, pages and the gate before them together; nothing else."""

from __future__ import annotations

import os
import sys
import tomllib
from functools import partial
from pathlib import Path

import dash
from dash import html
from flask import Flask, g, has_request_context

import api.routes
import api.security
import settings as lab_settings
from api.access import Access
from components.shell import shell
from cycling.topology import Topology
from data_access.lab import Lab, connect, install
from settings import Settings

PROJECT = Path(__file__).resolve().parent
INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        {%favicon%}
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>
"""


def create_app(lab: Lab, settings: Settings) -> dash.Dash:
    """The web app of a lab; ``.server`` is the Flask application."""
    server = Flask("cellwatch", root_path=str(PROJECT), static_folder=None)
    install(server, lab, settings.cache_url)
    app = dash.Dash(
        "cellwatch",
        server=server,  # type: ignore[arg-type]
        use_pages=True,
        pages_folder=str(PROJECT / "pages"),
        assets_folder=str(PROJECT / "assets"),
        assets_ignore="^00-plotly",  # 1.5 MB that only figures need: assets/plotly_lazy.js loads it with the first
        index_string=INDEX,
        title=f"{settings.topology.name} · Cellwatch",
        update_title=None,  # type: ignore[arg-type]
        serve_locally=True,
        suppress_callback_exceptions=True,  # else Dash lays out every page at the first request to check ids
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    access = Access(
        host=settings.host,
        public_url=settings.public_url,
        view_token=settings.view_token,
        operator_token=settings.operator_token,
        login_required=settings.login_required,
    )
    api.security.install(server, access, app.csp_hashes)
    api.routes.register(server, lab, version(), settings.public_url)
    app.layout = partial(_layout, settings.topology, version())
    return app


def _layout(topology: Topology, version: str) -> html.Div:
    """The frame of all pages for whoever asks; for a viewer when nobody asks, as when Dash looks for ids."""
    return shell(topology, version, (g.get("role") if has_request_context() else None) or "viewer")


def version() -> str:
    """The version of this project."""
    found: str = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    return found


def serve() -> Flask:
    """The application for a web server, from the environment; ends the process when that is faulty."""
    try:
        settings = lab_settings.load(os.environ)
    except lab_settings.SettingsError as error:
        sys.stderr.write("\n".join(error.faults) + "\n")
        raise SystemExit(2) from error
    lab = connect(
        redis_url=settings.redis_url,
        home=settings.home,
        archive_url=settings.archive_url,
        topology=settings.topology,
    )
    server: Flask = create_app(lab, settings).server
    return server
