"""Every route of the whole app, with every method, and every Dash callback: what a wall link and a stranger can do."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dash
import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

import app
from api.access import OPERATOR, VIEWER, Access, Person
from api.hub import FrameHub
from api.stream import HUB
from cycling.types import Alert, Severity
from data_access.lab import Lab, Published
from tests.api.conftest import row
from tests.api.test_app import settings
from tests.api.test_security import OPERATE, VIEW, bearer

PROJECT = Path(__file__).resolve().parents[2]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
READS = ("GET", "HEAD", "OPTIONS")
OWN_DOORS = ("/sign-in", "/sign-out")  # they change who one is, not the lab
CALLBACK = "/_dash-update-component"
WORDS = {"channel": "arbin-1-01", "test": "one", "alert_id": "a1", "cycle_count": "1", "chamber": "a"}
BODY = {"minutes": 5, "text": "seen", "reason": "seen", "cell": "A"}
NOT_SAID_BY_PEOPLE = ("/api/v1/readings",)  # measured values: they are kept whole, with their arrival
WRITES = {"append", "put", "state", "ingest", "post", "began", "give_back", "publish", "note", "write", "commit"}
ALERT = Alert(
    id="a1",
    kind="contact-lost",
    severity=Severity.P2,
    scope="channel:arbin-1-01",
    channels=("arbin-1-01",),
    test="one",
    opened_at=100.0,
    closed_at=None,
    message="Contact lost.",
)


@pytest.fixture
def dash_app(lab: Lab, redis_home: Path) -> Iterator[dash.Dash]:
    """The whole app of a lab with something in it, behind a login."""
    lab.live.publish(Published(now=time.time(), states=(), alerts=(ALERT,)))
    lab.tests.put("one", {"batch": "b"}, "test", 1.0, "api")
    made = app.create_app(lab, settings(redis_home, view_token=VIEW, operator_token=OPERATE))
    sent = made.server.test_client().post(
        "/api/v1/readings", json={"readings": [row(test="one")]}, headers=bearer(OPERATE)
    )
    assert sent.status_code == 202
    yield made
    hub: FrameHub = made.server.extensions[HUB]
    hub.close()
    dash.page_registry.clear()


@pytest.fixture
def routes(dash_app: dash.Dash) -> list[str]:
    """An address for every rule."""
    return sorted({address(rule) for rule in dash_app.server.url_map.iter_rules()} - {""})


def address(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: WORDS.get(found[1], "something"), rule.rule)


def signed_in(dash_app: dash.Dash, person: Person | None) -> FlaskClient:
    client = dash_app.server.test_client()
    if person:
        access = Access(view_token=VIEW, operator_token=OPERATE, login_required=True)
        client.set_cookie("cellwatch", access.cookie_for(person))
    return client


def everything(lab: Lab) -> str:
    """A digest of all that the lab keeps: every key of Redis but those of the cache, every file of the archive."""
    client, digest = lab.live.client, hashlib.sha256()
    for key in sorted(client.keys("*")):
        if not key.startswith((b"cellwatch:", b"sign-ins-")):
            digest.update(key + (client.dump(key) or b""))
    for path in sorted(Path(lab.archive.url).rglob("*")):
        digest.update(str(path).encode())
    return digest.hexdigest()


def test_a_wall_link_reads_everything_and_changes_nothing(dash_app: dash.Dash, routes: list[str], lab: Lab) -> None:
    client, before, odd = signed_in(dash_app, Person(VIEWER)), everything(lab), []
    assert len(routes) > 30
    for route in routes:
        for method in METHODS:
            answer = client.open(route, method=method, json=None if method in READS else BODY, buffered=False)
            if method in READS:
                unready = "readyz" in route and answer.status_code == 503  # no monitor runs here
                fits = unready or (answer.status_code < 500 and answer.status_code not in (401, 403))
            elif method == "POST" and route in (*OWN_DOORS, CALLBACK):
                fits = True
            else:
                fits = answer.status_code == 403
            answer.close()
            if not fits:
                odd.append((method, route, answer.status_code))
            client.set_cookie("cellwatch", viewer_cookie())  # signing out is one of the routes
    assert odd == []
    assert everything(lab) == before


def viewer_cookie() -> str:
    return Access(view_token=VIEW, operator_token=OPERATE, login_required=True).cookie_for(Person(VIEWER))


def test_a_stranger_gets_nowhere_but_to_the_door(dash_app: dash.Dash, routes: list[str], lab: Lab) -> None:
    client, before = signed_in(dash_app, None), everything(lab)
    for route in routes:
        for method in METHODS:
            if route == "/sign-in":
                continue
            answer = client.open(route, method=method, json=None if method in READS else BODY)
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/sign-in"), (method, route)
                assert method in ("GET", "HEAD"), (method, route)
            else:
                assert answer.status_code == 401, (method, route)
            assert b"arbin" not in answer.data
    assert everything(lab) == before


def inputs_of(name: str) -> list[Any]:
    """What a callback may be sent, good and bad."""
    known: dict[str, list[Any]] = {
        "channel-view.data": [{"channel": "arbin-1-01", "span": "1h"}, {"channel": "nobody", "span": "x"}],
        "channel-ask.data": [{"from": 0, "to": 100}, {"from": None, "to": None}],
        "quality-days.data": [7, 1],
        "_pages_location.pathname": ["/alerts", "/channels/nobody", "/no/such", "/batches/b"],
        "_pages_location.search": ["?tests=one&days=-1&from=x", ""],
    }
    return known.get(name, [None, 1, "one", {"channel": "arbin-1-01"}, []])


def callbacks(dash_app: dash.Dash) -> Mapping[str, Mapping[str, Any]]:
    dash_app.server.test_client().get("/_dash-dependencies")  # makes Dash take them in
    return {name: told for name, told in dash_app.callback_map.items() if "callback" in told}


def output_of(name: str) -> Any:
    """The outputs of a callback as a browser names them, from the name Dash gives it."""
    parts = [part for part in name.strip(".").split("...")]
    outputs = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in parts]
    return outputs if name.startswith("..") else outputs[0]


def call(client: FlaskClient, name: str, told: Mapping[str, Any], choice: int) -> int:
    def filled(asked: list[dict[str, str]]) -> list[dict[str, Any]]:
        chosen = [inputs_of(f"{one['id']}.{one['property']}") for one in asked]
        return [{**one, "value": values[choice % len(values)]} for one, values in zip(asked, chosen, strict=True)]

    asked = filled(told["inputs"])
    body = {
        "output": name,
        "outputs": output_of(name),
        "inputs": asked,
        "state": filled(told["state"]),
        "changedPropIds": [f"{one['id']}.{one['property']}" for one in asked],
    }
    return client.post(CALLBACK, json=body).status_code


def test_no_callback_changes_anything_whatever_it_is_sent(dash_app: dash.Dash, lab: Lab) -> None:
    client, before = signed_in(dash_app, Person(VIEWER)), everything(lab)
    known = callbacks(dash_app)
    assert len(known) >= 4
    for name, told in known.items():
        for choice in range(5):
            assert call(client, name, told, choice) in (200, 204), (name, choice)
    assert everything(lab) == before


def test_pages_call_nothing_that_writes() -> None:
    for path in (PROJECT / "pages").glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        stores = [ast.unparse(call) for call in calls if isinstance(call, ast.Attribute) and call.attr in WRITES]
        assert [call for call in stores if call.startswith("lab()")] == [], path.name


def test_whatever_people_change_is_journalled_with_their_name(dash_app: dash.Dash, routes: list[str], lab: Lab) -> None:
    client = signed_in(dash_app, Person(OPERATOR, "Ada"))
    adapter = dash_app.server.url_map.bind("localhost")
    changed = 0
    for route in routes:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if not route.startswith("/api/v1/") or route in NOT_SAID_BY_PEOPLE or not is_served(adapter, route, method):
                continue
            before = len(lab.journal.entries())
            answer = client.open(route, method=method, json={**BODY, "who": "Mallory"})
            assert answer.status_code < 300, (method, route, answer.text)
            told = lab.journal.entries()[before:]
            assert [entry["who"] for entry in told] == ["Ada"], (method, route, json.dumps(told))
            changed += 1
    assert changed >= 7


def is_served(adapter: Any, route: str, method: str) -> bool:
    return bool(adapter.test(route, method) and adapter.match(route, method)[0] != "absent.absent")


def test_a_crawl_that_could_not_see_a_change_would_be_none(dash_app: dash.Dash, lab: Lab) -> None:
    before = everything(lab)
    signed_in(dash_app, Person(OPERATOR)).put("/api/v1/tests/one", json={"cell": "B"})
    assert everything(lab) != before
