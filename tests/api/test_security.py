"""Who may come in: foreign hosts, foreign pages, tokens and cookies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.access import OPERATOR, VIEWER, Access, Person
from tests.api.conftest import row

VIEW, OPERATE = "v" * 32, "o" * 32
PUBLIC = "https://lab.example.org"
LOCKED = Access(public_url=PUBLIC, view_token=VIEW, operator_token=OPERATE, login_required=True)

Serve = Callable[[Access], Flask]


@pytest.fixture
def locked(serve: Serve) -> FlaskClient:
    return serve(LOCKED).test_client()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/wall", "/api/v1/channels", "/api/v1/nothing", "/healthz", "/sign-in", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_host_is_refused_on_every_route(client: FlaskClient, path: str, method: str) -> None:
    for host in ("evil.example.org", "evil.example.org:8050", "127.0.0.1.evil.org", "192.168.1.5", ""):
        answer = client.open(path, method=method, headers={"Host": host})
        assert answer.status_code == 421
        assert answer.json is not None
        assert "CELLWATCH_PUBLIC_URL" in answer.json["error"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8050", "localhost", "LOCALHOST:1", "[::1]:8050", "localhost."]
)
def test_the_machine_itself_is_no_stranger(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("bound", "host", "fits"),
    [
        ("127.0.0.1", "lab.example.org", True),
        ("127.0.0.1", "10.0.0.7", False),
        ("0.0.0.0", "10.0.0.7:8050", True),
        ("::", "[fd00::7]:8050", True),
        ("0.0.0.0", "evil.org", False),
        ("0.0.0.0", "lab.example.org:443", True),
        ("cell-pc", "cell-pc:8050", True),
        ("127.0.0.1", "a b", False),
        ("127.0.0.1", "localhost:99999999", False),
        ("127.0.0.1", "user@localhost", False),
    ],
)
def test_which_hosts_are_ours_depends_on_where_the_server_listens(bound: str, host: str, fits: bool) -> None:
    assert Access(host=bound, public_url=PUBLIC).answers_to(host) is fits


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "http://localhost:3000", "null", "http://127.0.0.1", ""]
)
def test_a_page_of_another_site_may_not_change_anything(client: FlaskClient, origin: str) -> None:
    headers = {"Host": "localhost:8050", "Origin": origin}
    for method, path in (
        ("POST", "/api/v1/readings"),
        ("PUT", "/api/v1/tests/t"),
        ("POST", "/_dash-update-component"),
        ("DELETE", "/anything"),
        ("POST", "/sign-in"),
    ):
        assert client.open(path, method=method, headers=headers).status_code == 403
    assert client.get("/api/v1/channels", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_the_request_comes_from_elsewhere_is_believed(client: FlaskClient, site: str) -> None:
    answer = client.post("/api/v1/readings", json={"readings": []}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403


def test_our_own_page_may_change_things(client: FlaskClient) -> None:
    headers = {"Host": "localhost:8050", "Origin": "http://localhost:8050", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/readings", json={"readings": []}, headers=headers).status_code == 202


def test_the_public_page_may_change_things_through_its_proxy(locked: FlaskClient) -> None:
    for host in ("lab.example.org", "127.0.0.1:8050"):
        headers = {"Host": host, "Origin": PUBLIC, **bearer(OPERATE)}
        assert locked.post("/api/v1/readings", json={"readings": []}, headers=headers).status_code == 202


@pytest.mark.parametrize("path", ["/wall", "/api/v1/channels", "/nothing", "/sign-in"])
def test_every_answer_carries_its_headers_and_never_opens_itself_to_other_sites(
    client: FlaskClient, locked: FlaskClient, path: str
) -> None:
    for someone in (client, locked):
        answer = someone.get(path, headers={"Origin": "https://evil.example.org"})
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_refusal_carries_the_headers_too(client: FlaskClient) -> None:
    assert "Content-Security-Policy" in client.get("/", headers={"Host": "evil.org"}).headers


def test_without_a_token_programs_are_told_and_people_are_sent_to_sign_in(locked: FlaskClient) -> None:
    for path in ("/api/v1/channels", "/_dash-layout", "/assets/x.js", "/metrics"):
        answer = locked.get(path)
        assert answer.status_code == 401
        assert "Sign in" in answer.json["error"]  # type: ignore[index]
    assert locked.post("/api/v1/readings", json={}).status_code == 401
    page = locked.get("/wall?cell=a&x=1")
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/wall%3Fcell%3Da%26x%3D1")


@pytest.mark.parametrize("token", ["", "x", VIEW[:-1], VIEW + "v", "ü" * 32])
def test_a_wrong_token_opens_nothing(locked: FlaskClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    assert locked.get("/api/v1/channels", headers=headers).status_code == 401
    assert locked.get("/sign-in", query_string={"token": token}).status_code == 401


def test_the_view_token_looks_and_the_operators_token_acts(locked: FlaskClient) -> None:
    assert locked.get("/api/v1/channels", headers=bearer(VIEW)).status_code == 200
    refused = locked.post("/api/v1/readings", json={"readings": [row()]}, headers=bearer(VIEW))
    assert refused.status_code == 403
    assert locked.put("/api/v1/tests/t", json={"cell": "A"}, headers=bearer(VIEW)).status_code == 403
    assert locked.post("/_dash-update-component", headers=bearer(VIEW)).status_code == 404  # passed the gate
    accepted = locked.post("/api/v1/readings", json={"readings": [row()]}, headers=bearer(OPERATE))
    assert accepted.status_code == 202
    assert locked.get("/api/v1/channels", headers={"Authorization": f"bearer {VIEW}"}).status_code == 200


def cookie_of(answer: Any) -> str:
    (cookie,) = answer.headers.getlist("Set-Cookie")
    return str(cookie)


def test_a_link_with_a_token_becomes_a_cookie_and_loses_the_token(locked: FlaskClient) -> None:
    answer = locked.get("/sign-in", query_string={"token": VIEW, "next": "/wall"}, base_url=PUBLIC)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/wall")
    cookie = cookie_of(answer)
    assert VIEW not in cookie
    for word in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"):
        assert word in cookie
    assert locked.get("/wall", base_url=PUBLIC).status_code == 200
    assert locked.post("/api/v1/readings", json={}, base_url=PUBLIC).status_code == 403


def test_a_person_signs_in_with_the_form(locked: FlaskClient) -> None:
    form = locked.get("/sign-in?next=/wall", base_url=PUBLIC)
    assert (form.status_code, form.mimetype) == (200, "text/html")
    assert 'value="/wall"' in form.text
    wrong = locked.post("/sign-in", data={"token": "x" * 40}, base_url=PUBLIC)
    assert wrong.status_code == 401
    assert "not known" in wrong.text
    right = locked.post("/sign-in", data={"token": OPERATE, "next": "/wall"}, base_url=PUBLIC)
    assert (right.status_code, right.headers["Location"]) == (303, "/wall")
    assert locked.post("/api/v1/readings", json={"readings": []}, base_url=PUBLIC).status_code == 202
    assert locked.get("/sign-in", base_url=PUBLIC).status_code == 303


@pytest.mark.parametrize(
    "after", ["https://evil.org", "//evil.org", "/\\evil.org", "javascript:x", "/sign-in", "/a\r\nb"]
)
def test_signing_in_never_leads_elsewhere(locked: FlaskClient, after: str) -> None:
    answer = locked.get("/sign-in", query_string={"token": VIEW, "next": after})
    assert answer.headers["Location"] == "/"


def test_the_form_does_not_run_what_the_link_brings(locked: FlaskClient) -> None:
    text = locked.get("/sign-in", query_string={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>" not in text


def test_a_forged_cookie_or_one_of_earlier_tokens_opens_nothing(locked: FlaskClient) -> None:
    earlier = Access(view_token="w" * 32, operator_token=OPERATE, login_required=True)
    for cookie in ("operator", LOCKED.cookie_for(Person(OPERATOR)) + "x", earlier.cookie_for(Person(OPERATOR))):
        locked.set_cookie("cellwatch", cookie)
        assert locked.get("/api/v1/channels").status_code == 401


def test_a_cookie_of_a_role_without_a_token_opens_nothing() -> None:
    access = Access(view_token=VIEW, login_required=True)
    assert access.person_of_cookie(access.cookie_for(Person(VIEWER, "Ada"))) == Person(VIEWER, "Ada")
    assert access.person_of_cookie(access.cookie_for(Person(OPERATOR, "Ada"))) is None


def test_a_link_from_elsewhere_is_reloaded_so_that_its_cookie_is_sent(locked: FlaskClient) -> None:
    answer = locked.get("/wall", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'http-equiv="refresh"' in answer.text
    assert locked.get("/wall", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_local_lab_asks_nobody_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/wall").status_code == 200
    assert client.get("/sign-in").headers["Location"] == "/"
