"""Empty elements that a script of assets/ fills: one Dash component, however much is drawn in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from components.figures.theme import CONFIG

# key, name, and where it helps unit, digits, link (channel | batch | test | alert), kind (time | age); the row of an
# alert has its id, kind and severity besides
Column = Mapping[str, Any]


def attributes(**named: str | None) -> dict[str, Any]:
    """HTML attributes with a dash, from names with an underscore; one that is None is left out."""
    return {name.replace("_", "-"): value for name, value in named.items() if value is not None}


def host(name: str, classes: str = "", **data: str) -> html.Div:
    """An empty element under this id, with its data-… attributes. It never gets Dash children."""
    return html.Div(id=name, className=classes, **attributes(**data))


def table(caption: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], name: str) -> html.Div:
    """A sortable table that assets/tables.js draws. Missing values are None."""
    body = json.dumps({"caption": caption, "columns": columns, "rows": rows}, allow_nan=False)
    return html.Div(id=name, **attributes(data_table=body))


def graph(name: str, size: str = "middle", figure: Mapping[str, Any] | None = None) -> html.Div:
    """A graph in its frame. ``size`` keeps the room free while it is drawn: middle or tall. A figure that says its
    height gets it at once, so that it is not drawn twice."""
    height = ((figure or {}).get("layout") or {}).get("meta", {}).get("height")
    style = {} if height is None else {"height": f"{height}px"}
    drawn = dcc.Graph(id=name, config=CONFIG, figure=figure or {"data": [], "layout": {}}, style=style)
    return html.Div(drawn, className=f"graph {size}")


def page(*children: Any) -> html.Main:
    """What every page stands in."""
    return html.Main(list(children), className="page", id="main")
