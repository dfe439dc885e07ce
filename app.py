"""The web app: puts stores, API, pages and the gate before them together; nothing else."""

from __future__ import annotations

import os
import sys
import threading
import time
import tomllib
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import dash
from dash import html
from flask import Flask, g, has_request_context, request

import api.bundles
import api.callbacks
import api.packed_answers
import api.packed_files
import api.routes
import api.security
import settings as lab_settings
from api.access import Access
from api.first_frame import FirstFrames
from components.document import FirstFrame, document
from components.early import markup
from components.failure import instead
from components.shell import shell
from cycling.topology import Topology
from data_access.lab import Lab, StoreAway, connect, install
from settings import Settings

LATER = r"\.min\.js$"  # libraries that some pages need: assets/plotly_lazy.js and grid_lazy.js load them there
ONLY_IN_DEBUG = "^storybook"
PROJECT = Path(__file__).resolve().parent
ASSETS = PROJECT / "assets"


class Pages(dash.Dash):
    """Dash, with documents of our own."""

    frames: FirstFrames
    topology: Topology
    bundles: tuple[api.bundles.Bundle, api.bundles.Bundle]  # scripts, styles

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]
        """The document of the page that is asked for."""
        own, styles = self.bundles
        early = _early(self.server, self.topology)
        first = _first_frame(self.frames) if early and "at" not in request.args else None
        return document(parts, own=own.address, styles=styles.address, early=early, first=first)


def create_app(lab: Lab, settings: Settings) -> Pages:
    """The web app of a lab; ``.server`` is the Flask application."""
    server = Flask("cellwatch", root_path=str(PROJECT), static_folder=None)
    install(server, lab, settings.cache_url)
    app = Pages(
        "cellwatch",
        server=server,  # type: ignore[arg-type]
        use_pages=True,
        pages_folder=str(PROJECT / "pages"),
        assets_folder=str(ASSETS),
        assets_ignore=".",  # they go as two bundles
        title=f"{settings.topology.name} · Cellwatch",
        update_title=None,  # type: ignore[arg-type]
        serve_locally=True,
        suppress_callback_exceptions=True,  # else Dash lays out every page at the first request to check ids
        on_error=partial(_failed, server),
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    if not settings.debug:
        _forget_page("/storybook")
    access = Access(
        host=settings.host,
        public_url=settings.public_url,
        view_token=settings.view_token,
        operator_token=settings.operator_token,
        login_required=settings.login_required,
    )
    api.security.install(server, access, app.csp_hashes)
    api.routes.register(server, lab, version(), settings.public_url)
    api.callbacks.install(server, app.callback_map)
    api.packed_files.install(server)
    api.packed_answers.install(server)
    without = LATER if settings.debug else f"{LATER}|{ONLY_IN_DEBUG}"
    app.frames, app.topology = FirstFrames(lab), settings.topology
    app.bundles = (api.bundles.bundle(ASSETS, ".js", without), api.bundles.bundle(ASSETS, ".css", without))
    api.bundles.install(server, app.bundles)
    app.layout = partial(_layout, settings.topology, version())
    return app


def _layout(topology: Topology, version: str, content: Any = dash.page_container) -> html.Div:
    """The frame of all pages for whoever asks; for a viewer when nobody asks, as when Dash looks for ids."""
    role, name = (g.get("role"), g.get("name")) if has_request_context() else (None, None)
    return shell(topology, version, role or "viewer", name or "", content)


def _early(server: Flask, topology: Topology) -> str:
    """The page of the address as HTML, of those that say ``early`` of themselves."""
    for page in dash.page_registry.values():
        if page.get("early") and page["path"] == request.path:
            try:
                return markup(_layout(topology, version(), page["layout"](**request.args)))
            except StoreAway as away:  # Dash will ask again, and say it on the page
                server.logger.warning("A page could not be shown early: %s", away)
    return ""


def _first_frame(frames: FirstFrames) -> FirstFrame | None:
    """What the watcher has told, with which a page is drawn at once; None while that is not known."""
    found = frames.newest()
    return FirstFrame(id=found[0], body=found[1], now=round(time.time(), 3)) if found else None


def _forget_page(path: str) -> None:
    """Takes a page of the folder away again: its address leads nowhere, like any that is unknown."""
    for name in [name for name, page in dash.page_registry.items() if page["path"] == path]:
        del dash.page_registry[name]


def _failed(server: Flask, error: Exception) -> Any:
    """The edge of all callbacks: the log gets the trace, the page one sentence in the place of what failed."""
    if isinstance(error, StoreAway):
        server.logger.warning("A page could not be shown: %s", error)
        return instead(dash.ctx.outputs_list, f"{error} This page goes on by itself when it is reloaded.")
    server.logger.error("A page could not be shown", exc_info=error)
    return instead(dash.ctx.outputs_list, "Something went wrong here; the log of the web app says what. Try to reload.")


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
    app = create_app(lab, settings)
    threading.Thread(target=_pack_files, args=(app,), name="packing", daemon=True).start()
    server: Flask = app.server
    return server


def _pack_files(app: Pages) -> None:
    """Packs every file that a page may ask for, so that no visitor waits for it."""
    with app.server.test_request_context("/"):
        app.index()  # type: ignore[no-untyped-call]  # collects the files of the component packages
    suites = [
        Path(str(files(package))) / path
        for package, paths in app.registered_paths.items()
        if package != "plotly"  # ours stands in assets
        for path in paths
        if path.endswith((".js", ".css"))
    ]
    for one in app.bundles:
        api.packed_files.FILES.of(one.content)
    for path in [*ASSETS.glob("*.min.js"), *suites]:
        if path.is_file():
            api.packed_files.FILES.of(path.read_bytes())
