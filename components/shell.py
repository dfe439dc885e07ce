"""What surrounds every page: the name of the lab, the way around, and whether what is shown is live."""

from __future__ import annotations

from typing import Any

import dash
from dash import dcc, html

from components.host import attributes, host
from cycling.topology import Topology

LINKS = (
    ("Now", "/"),
    ("Wall", "/wall"),
    ("Alerts", "/alerts"),
    ("Tests", "/tests"),
    ("Compare", "/compare"),
    ("Health", "/health"),
)


def shell(
    topology: Topology, version: str, role: str = "operator", name: str = "local", content: Any = dash.page_container
) -> html.Div:
    """The frame of all pages. assets/marks.js fills the status, the banner and what is read aloud, assets/time.js
    the choice of a time and the strip that says which is shown.

    ``role`` is who looks: for a "viewer" the scripts make no control that changes something. ``name`` is the person.
    ``content`` is what stands in it: the place in which Dash draws the page of the address.
    """
    return html.Div(
        [
            html.A("Skip to the page", href="#main", className="skip"),
            html.Header(
                [
                    _name(topology),
                    _links(),
                    host("time", "time"),
                    _light(),
                    _you(role, name),
                    _status(topology),
                ]
            ),
            host("then", "then"),
            html.Div(id="banner", hidden=True),
            html.Div(id="spoken", className="aside", role="status"),
            content,
        ],
        id="shell",
        **attributes(data_version=version, data_role=role, data_zone=topology.timezone),
    )


def time_factor_words(time_factor: float) -> str:
    """What a page says of a lab whose test time does not run at the pace of life, else nothing."""
    return "" if time_factor == 1 else f"Demo: test time runs {time_factor:g} × faster than life"


def _name(topology: Topology) -> dcc.Link:
    return dcc.Link(topology.name, href="/", className="lab-name")


def _links() -> html.Nav:
    return html.Nav([dcc.Link(name, href=path) for name, path in LINKS], **attributes(aria_label="Pages"))


def _status(topology: Topology) -> html.Div:
    factor = time_factor_words(topology.time_factor)
    spans = [("link", "connecting"), ("newest", ""), ("monitor", ""), ("factor", factor)]
    return html.Div([html.Span(text, id=f"status-{name}") for name, text in spans], className="status")


def _you(role: str, name: str) -> html.A:
    """Who acts from here, and the way to say so or to sign out."""
    words = "Looking only" if role == "viewer" else f"You are: {name}"
    return html.A(words, href="/you", id="you", title="Say your name, or sign out")


def _light() -> html.Button:
    return html.Button("Light", id="theme-toggle", type="button", title="Light or dark page")
