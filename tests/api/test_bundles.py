"""The scripts and styles of assets/ as one file each."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from api.bundles import bundle, install


def made(folder: Path) -> Path:
    for name in ("b.js", "a.js", "00-library.min.js", "look.css"):
        (folder / name).write_text(f"/* {name} */")
    return folder


def test_a_bundle_has_every_file_of_its_kind_in_order_of_name_but_for_those_left_out(tmp_path: Path) -> None:
    found = bundle(made(tmp_path), ".js", r"\.min\.js$")
    assert found.content == b"/* a.js */\n/* b.js */"
    assert found.mimetype == "text/javascript"


def test_its_address_changes_with_its_content(tmp_path: Path) -> None:
    before = bundle(made(tmp_path), ".js", r"\.min\.js$")
    assert bundle(tmp_path, ".js", r"\.min\.js$").address == before.address
    (tmp_path / "b.js").write_text("/* other */")
    assert bundle(tmp_path, ".js", r"\.min\.js$").address != before.address


def test_it_is_served_at_its_address(tmp_path: Path) -> None:
    server = Flask("bundles")
    both = [bundle(made(tmp_path), suffix, r"\.min\.js$") for suffix in (".js", ".css")]
    install(server, both)
    for one in both:
        answer = server.test_client().get(one.address)
        assert (answer.data, answer.mimetype) == (one.content, one.mimetype)
