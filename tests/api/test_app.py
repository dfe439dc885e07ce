"""The whole web app: Dash behind the gate, with the pages of the project."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import app
from api.hub import FrameHub
from api.stream import HUB
from data_access import embedded
from data_access.lab import Lab
from data_access.watched import Published
from settings import Settings
from tests.api.conftest import TOPOLOGY

VIEW = "v" * 32


def settings(home: Path, **different: object) -> Settings:
    given: dict[str, object] = {
        "home": home,
        "host": "127.0.0.1",
        "port": 8050,
        "redis_url": None,
        "archive_url": str(home / "archive"),
        "cache_url": embedded.url(embedded.socket_path(home)),
        "public_url": None,
        "view_token": None,
        "operator_token": None,
        "lab_file": home / "lab.toml",
        "demo": False,
        "topology": TOPOLOGY,
        "detectors": {},
    }
    return Settings(**{**given, **different})  # type: ignore[arg-type]


@pytest.fixture
def client(lab: Lab, redis_home: Path, request: pytest.FixtureRequest) -> Iterator[FlaskClient]:
    made = app.create_app(lab, settings(redis_home, **getattr(request, "param", {})))
    yield made.server.test_client()
    hub: FrameHub = made.server.extensions[HUB]
    hub.close()


def test_the_page_is_english_has_its_name_and_runs_only_our_scripts(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
    assert "<title>Test lab · Cellwatch</title>" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    inline = re.findall(r"<script>(.+?)</script>", answer.text, flags=re.DOTALL)
    assert policy.count("'sha256-") >= len([script for script in inline if "Internet Explorer" not in script])
    assert "script-src 'self' 'sha256-" in policy
    assert "https://" not in re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)


def test_every_script_and_style_of_the_page_is_served_here(client: FlaskClient) -> None:
    page = client.get("/").text
    sources = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"', page)
    assert sources
    for source in sources:
        with client.get(source.replace("&amp;", "&")) as answer:
            assert answer.status_code == 200


def test_an_unknown_page_is_dashs_and_an_unknown_api_route_is_json(client: FlaskClient) -> None:
    assert client.get("/no/such/page").mimetype == "text/html"
    assert client.get("/api/v1/no/such/route").mimetype == "application/json"


def test_dash_offers_no_tools_to_machines_and_no_health_of_its_own(client: FlaskClient) -> None:
    for path in ("/mcp", "/_mcp"):
        assert client.post(path, json={}).status_code in (404, 405)


@pytest.mark.parametrize("path", ["/", "/wall", "/_dash-layout", "/_dash-dependencies", "/assets/theme.css"])
def test_dashs_own_routes_stand_behind_the_gate(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Host": "evil.org"}).status_code == 421


def test_a_foreign_page_cannot_run_callbacks(client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.org"}
    assert client.post("/_dash-update-component", json={}, headers=headers).status_code == 403


@pytest.mark.parametrize("client", [{"host": "0.0.0.0", "view_token": VIEW}], indirect=True, ids=["with a token"])
@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies", "/assets/theme.css", "/_favicon.ico"])
def test_with_a_token_configured_dash_shows_nothing_to_strangers(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get("/").headers["Location"] == "/sign-in?next=/"
    with client.get(path, headers={"Authorization": f"Bearer {VIEW}"}) as answer:
        assert answer.status_code == 200


def test_the_layout_is_small_enough_for_dash(client: FlaskClient) -> None:
    assert client.get("/_dash-layout").text.count('"namespace"') <= 150


def test_a_file_that_dash_does_not_have_is_not_our_fault(client: FlaskClient) -> None:
    assert client.get("/_dash-component-suites/dash/deps/x.js").status_code == 404


def test_the_documents_of_pages_are_packed_and_never_kept(client: FlaskClient) -> None:
    packed, plain = client.get("/wall", headers={"Accept-Encoding": "gzip"}), client.get("/wall")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data).decode()[:2000] == plain.text[:2000]
    assert packed.headers["Cache-Control"] == plain.headers["Cache-Control"] == "no-store"


def test_a_page_does_not_wait_for_a_redis_that_stands_still(client: FlaskClient, lab: Lab) -> None:
    lab.live.publish(Published(now=1.0, frame=b"{}", full_frame=b'{"full": true}'))
    lab.live.client.client_pause(5000)
    with ThreadPoolExecutor() as beside:
        asked = beside.submit(lab.live.client.ping)
        text = client.get("/wall").text
        assert not asked.done()  # it still stands still
        assert asked.result()
    assert 'id="early"' in text
    assert "first-frame" not in text
    assert "first-frame" in client.get("/wall").text


def test_a_page_brings_along_what_the_watcher_told(client: FlaskClient, lab: Lab) -> None:
    assert "first-frame" not in client.get("/wall").text  # nothing was told yet
    frame = b'{"full": true, "name": "</script>"}'
    found = lab.live.publish(Published(now=1.0, frame=b"{}", full_frame=frame))
    text = client.get("/wall").text
    told = re.search(f'id="first-frame" data-id="{found}" data-now="[0-9.]+">(.*?)</script>', text)
    assert told
    assert json.loads(told[1]) == json.loads(frame)
    assert "first-frame" not in client.get("/alerts").text  # Dash draws that page
    assert "first-frame" not in client.get("/wall?at=2026-01-01T00:00Z").text
