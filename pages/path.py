"""What stands in the path of an address, whatever its query says.

Dash gives a layout the names of the path and those of the query together, and of two that are the same the query's:
``/channels/a?channel=b`` would show b.
"""

from __future__ import annotations

from urllib.parse import unquote

import dash

ADDRESS = "_pages_location.pathname"  # the input of Dash's own callback that asks for a page


def in_path(folder: str, given: str) -> str:
    """What stands after ``folder`` in the address that is asked for; ``given`` where no browser asks."""
    try:
        asked = dash.ctx.inputs.get(ADDRESS)
    except dash.exceptions.MissingCallbackContextException:
        asked = None
    path = dash.strip_relative_path(asked) if isinstance(asked, str) else None
    found = given if path is None else path.removeprefix(f"{folder}/")
    return unquote(found)  # Dash hands over the path as the browser wrote it
