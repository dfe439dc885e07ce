"""Signing in with a name, who is journalled, and how guessing is slowed down."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.access import Access
from api.callers import address_of
from data_access import attempts as rules
from data_access import embedded
from data_access.attempts import Attempts
from data_access.connection import client_of
from data_access.lab import Lab
from tests.api.conftest import row
from tests.api.test_security import LOCKED, OPERATE, PUBLIC, VIEW, bearer, cookie_of

Serve = Callable[[Access], Flask]
IN_THE_WINDOW = 10 * rules.WINDOW_SECONDS + 60.0


@pytest.fixture
def server(serve: Serve) -> Flask:
    return serve(LOCKED)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands inside one window of counting."""
    monkeypatch.setattr("api.sign_in.time.time", lambda: IN_THE_WINDOW)


def sign_in(client: FlaskClient, token: str, name: str = "", address: str = "10.0.0.1") -> TestResponse:
    headers = {"X-Forwarded-For": address}
    return client.post("/sign-in", data={"token": token, "name": name}, base_url=PUBLIC, headers=headers)


def stated_by(lab: Lab) -> str:
    return str(lab.journal.entries()[-1]["who"])


def test_the_name_given_at_sign_in_stands_in_the_journal_whatever_a_request_says(server: Flask, lab: Lab) -> None:
    client = server.test_client()
    assert sign_in(client, OPERATE, "  Ada   Müller ").status_code == 303
    said = {"cell": "A", "who": "Mallory"}
    headers = {"X-Cellwatch-User": "Mallory"}
    assert client.put("/api/v1/tests/t", json=said, headers=headers, base_url=PUBLIC).status_code == 200
    assert stated_by(lab) == "Ada Müller"


def test_who_signs_in_without_a_name_and_a_program_are_called_by_what_they_say_else_by_their_role(
    server: Flask, lab: Lab
) -> None:
    client = server.test_client()
    sign_in(client, OPERATE)
    client.put("/api/v1/tests/t", json={"cell": "A"}, base_url=PUBLIC)
    assert stated_by(lab) == "operator"
    server.test_client().put("/api/v1/tests/t", json={"cell": "B", "who": "robot"}, headers=bearer(OPERATE))
    assert stated_by(lab) == "robot"


@pytest.mark.parametrize(("name", "words"), [("x" * 81, "at most 80"), ("a\u202eb", "cannot be seen")])
def test_a_name_that_is_none_is_refused_in_words_and_signs_nobody_in(server: Flask, name: str, words: str) -> None:
    client = server.test_client()
    answer = sign_in(client, OPERATE, name)
    assert (answer.status_code, words in answer.text) == (400, True)
    assert "Set-Cookie" not in answer.headers


def test_a_name_is_words_and_never_markup(server: Flask) -> None:
    client = server.test_client()
    sign_in(client, OPERATE, '"><script>alert(1)</script>')
    text = client.get("/you", base_url=PUBLIC).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_whoever_signed_in_can_change_the_name_and_sign_out(server: Flask, lab: Lab) -> None:
    client = server.test_client()
    sign_in(client, OPERATE, "Ada")
    page = client.get("/you", base_url=PUBLIC, headers={"Referer": f"{PUBLIC}/alerts?show=history"})
    assert "You are: Ada" in page.text
    assert 'value="/alerts?show=history"' in page.text
    answer = client.post("/you", data={"name": "Grace", "next": "/alerts"}, base_url=PUBLIC)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/alerts")
    client.put("/api/v1/tests/t", json={"cell": "A"}, base_url=PUBLIC)
    assert stated_by(lab) == "Grace"
    assert client.post("/you", data={"name": "x" * 81}, base_url=PUBLIC).status_code == 400
    assert client.post("/sign-out", base_url=PUBLIC).headers["Location"] == "/sign-in"
    assert client.get("/api/v1/channels", base_url=PUBLIC).status_code == 401


def test_a_viewer_has_no_name_to_give_but_can_sign_out(server: Flask) -> None:
    client = server.test_client()
    sign_in(client, VIEW)
    assert 'action="/you"' not in client.get("/you", base_url=PUBLIC).text
    assert client.post("/you", data={"name": "x"}, base_url=PUBLIC).status_code == 403
    assert client.post("/sign-out", base_url=PUBLIC).status_code == 303


def test_in_a_local_lab_a_person_can_say_who_they_are(client: FlaskClient, lab: Lab) -> None:
    client.put("/api/v1/tests/t", json={"cell": "A"})
    assert stated_by(lab) == "local"
    answer = client.post("/you", data={"name": "Ada Müller"})
    cookie = cookie_of(answer)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    client.put("/api/v1/tests/t", json={"cell": "B"})
    assert stated_by(lab) == "Ada Müller"
    client.set_cookie("cellwatch-name", "%ff%fe")
    client.put("/api/v1/tests/t", json={"cell": "C"})
    assert stated_by(lab) == "local"


def test_guessing_is_slowed_down_and_a_right_token_comes_in_from_elsewhere(server: Flask, early: None) -> None:
    client = server.test_client()
    for _ in range(rules.MOST_OF_ONE):
        assert sign_in(client, "x" * 40).status_code == 401
    refused = sign_in(client, OPERATE)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(rules.WINDOW_SECONDS - 60)
    assert "Try again in 4 minutes." in refused.text
    link = client.get(f"/sign-in?token={VIEW}", base_url=PUBLIC, headers={"X-Forwarded-For": "9.9.9.9, 10.0.0.1"})
    assert link.status_code == 429  # what a client says before the proxy is not believed
    assert sign_in(server.test_client(), OPERATE, address="10.0.0.2").status_code == 303


def test_right_tokens_do_not_count(server: Flask, early: None) -> None:
    for _ in range(3 * rules.MOST_OF_ONE):
        assert sign_in(server.test_client(), VIEW).status_code == 303


def test_the_wait_ends_however_often_one_tries(lab: Lab) -> None:
    for n in range(100):
        lab.attempts.take("one", IN_THE_WINDOW + n)
    assert lab.attempts.take("one", IN_THE_WINDOW + 100) == rules.WINDOW_SECONDS - 160
    assert lab.attempts.take("one", IN_THE_WINDOW + rules.WINDOW_SECONDS) == 0


def test_many_addresses_together_are_slowed_down_too_but_a_new_one_may_still_try(lab: Lab) -> None:
    for n in range(rules.MANY):
        lab.attempts.take(f"10.1.{n // 256}.{n % 256}", IN_THE_WINDOW)
    waits = [lab.attempts.take("10.9.9.9", IN_THE_WINDOW) for _ in range(rules.MOST_OF_ONE_THEN + 1)]
    assert [wait > 0 for wait in waits] == [False] * rules.MOST_OF_ONE_THEN + [True]


def test_attempts_are_counted_for_all_workers_together_in_bounded_memory_that_is_forgotten(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "GROUPS", 16)
    other = Attempts(lab.live.client, lab.live.where)
    for n in range(rules.MOST_OF_ONE):
        (lab.attempts, other)[n % 2].take("one", IN_THE_WINDOW)
    assert other.take("one", IN_THE_WINDOW) > 0
    for n in range(3 * rules.GROUPS):
        lab.attempts.take(f"address {n}", IN_THE_WINDOW)
    (key,) = lab.live.client.keys("sign-ins-*")
    assert lab.live.client.hlen(key) <= rules.GROUPS + 1
    assert 0 < lab.live.client.ttl(key) <= 2 * rules.WINDOW_SECONDS


def test_without_redis_a_process_counts_for_itself(tmp_path: Path) -> None:
    away = Attempts(client_of(embedded.url(tmp_path / "nobody")), "nowhere")
    waits = [away.take("one", IN_THE_WINDOW) for _ in range(rules.MOST_OF_ONE + 1)]
    assert [wait > 0 for wait in waits] == [False] * rules.MOST_OF_ONE + [True]
    assert away.take("one", IN_THE_WINDOW + rules.WINDOW_SECONDS) == 0


@pytest.mark.parametrize(
    ("public", "forwarded", "address"),
    [
        (None, "10.0.0.1", "127.0.0.1"),
        (PUBLIC, "", "127.0.0.1"),
        (PUBLIC, "1.1.1.1, 10.0.0.1", "10.0.0.1"),
        (PUBLIC, "fd00:1:2:3:4::5", "fd00:1:2:3::/64"),
        (PUBLIC, "nonsense", "127.0.0.1"),
    ],
)
def test_what_a_proxy_says_is_believed_only_where_there_is_one(
    public: str | None, forwarded: str, address: str
) -> None:
    server = Flask("test")
    with server.test_request_context("/", headers={"X-Forwarded-For": forwarded}, environ_base=PEER):
        assert address_of(Access(public_url=public)) == address


PEER = {"REMOTE_ADDR": "127.0.0.1"}


def test_a_wall_stays_signed_in_for_months_and_over_restarts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = serve(LOCKED).test_client().get(f"/sign-in?token={VIEW}", base_url=PUBLIC)
    cookie = cookie_of(answer)
    assert f"Max-Age={400 * 86_400}" in cookie
    begun_anew = serve(LOCKED).test_client()
    begun_anew.set_cookie("cellwatch", cookie.split(";")[0].partition("=")[2], domain="lab.example.org")
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 300 * 86_400)
    assert begun_anew.get("/wall", base_url=PUBLIC).status_code == 200
    assert begun_anew.post("/api/v1/readings", json={"readings": [row()]}, base_url=PUBLIC).status_code == 403
