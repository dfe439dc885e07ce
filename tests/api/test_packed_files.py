"""Scripts and styles over the wire: packed for who takes it, known again by who has them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from api.packed_files import FILES, install

TEXT = "let answer = 42;\n" * 1000


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    (tmp_path / "wall.js").write_text(TEXT)
    (tmp_path / "small.js").write_text("1")
    server = Flask("files", static_folder=str(tmp_path), static_url_path="/assets")
    install(server)
    return server.test_client()


def get(client: FlaskClient, path: str, **headers: str) -> Response:
    return client.get(path, buffered=True, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_file_is_packed_for_who_takes_it_and_as_it_is_for_others(client: FlaskClient) -> None:
    packed, plain = get(client, "/assets/wall.js", Accept_Encoding="gzip, br"), get(client, "/assets/wall.js")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(TEXT) / 10
    assert gzip.decompress(packed.data).decode() == plain.text == TEXT
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_who_has_the_file_is_not_sent_it_again(client: FlaskClient) -> None:
    first = get(client, "/assets/wall.js", Accept_Encoding="gzip")
    again = get(client, "/assets/wall.js", Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_an_address_that_changes_with_the_file_is_kept_for_ever(client: FlaskClient) -> None:
    assert "immutable" in get(client, "/assets/wall.js?m=1.5").headers["Cache-Control"]
    assert "immutable" not in get(client, "/assets/wall.js").headers.get("Cache-Control", "")


def test_small_files_and_other_routes_are_left_alone(client: FlaskClient) -> None:
    assert "Content-Encoding" not in get(client, "/assets/small.js", Accept_Encoding="gzip").headers
    assert get(client, "/assets/none.js", Accept_Encoding="gzip").status_code == 404


def test_a_file_is_packed_once_and_anew_when_it_has_changed() -> None:
    one, other = TEXT.encode(), TEXT.encode() + b"1"
    assert FILES.of(one)[1] is FILES.of(one)[1]
    assert FILES.of(one) != FILES.of(other)
